"""Let the documentation read the section ``Example:`` of our docstrings, which Griffe knows as ``Examples:`` only."""

from __future__ import annotations

from typing import Any

import griffe


class ExamplesExtension(griffe.Extension):
    """Rename the section before the docstring is parsed."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change one object's docstring; called by Griffe for every object that it loads."""
        if obj.docstring is not None:
            obj.docstring.value = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")
