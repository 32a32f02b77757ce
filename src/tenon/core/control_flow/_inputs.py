"""What several traced functions read, each thing once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tenon.core.tracing import Access, source_array
from tenon.core.variables import assign_array


class Inputs:
    """Numbers for the sources of traced functions, so that functions which read the same share one input."""

    def __init__(self) -> None:
        self._sources: list[Any] = []
        self._places: dict[int, int] = {}

    def place(self, source: Any) -> int:
        """Return the number of a source; a new one at its first time."""
        key = id(source.variable if isinstance(source, Access) else source)
        found = self._places.setdefault(key, len(self._sources))
        if found == len(self._sources):
            self._sources.append(source)
        return found

    def arrays(self) -> list[Any]:
        """Return the values of all sources, as they are now and here."""
        return [source_array(source) for source in self._sources]

    @staticmethod
    def assign(variables: Iterable[Any], arrays: Sequence[Any]) -> None:
        """Give variables new values, as they live here."""
        for variable, array in zip(variables, arrays, strict=True):
            assign_array(variable, array)
