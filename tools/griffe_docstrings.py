"""Translate our docstrings for Griffe: it knows the section ``Example:`` as ``Examples:`` only, and no ``::``."""

from __future__ import annotations

from typing import Any

import griffe


class DocstringsExtension(griffe.Extension):
    """Rename the section, and end a paragraph before an indented block with one colon."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change one object's docstring before it is parsed; called by Griffe for every object that it loads."""
        if obj.docstring is not None:
            text = obj.docstring.value
            obj.docstring.value = text.replace("\nExample:\n", "\nExamples:\n").replace("::\n\n", ":\n\n")
