"""The programs of one signature by their shapes: some for good, some while there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from tenon.serving.engines._engine import Program, Shapes

MAX_PROGRAMS_ON_DEMAND = 128
"""Programs kept for shapes that first came with a request (open dimensions besides the batch)."""

P = TypeVar("P", bound=Program)


class ProgramTable(Generic[P]):
    """Programs by shapes; the least recently used of those made on demand make room for new ones.

    Args:
        make: makes the program for some shapes; slow.
        on_demand: programs kept besides those kept for good.
    """

    def __init__(self, make: Callable[[Shapes], P], on_demand: int = MAX_PROGRAMS_ON_DEMAND) -> None:
        self._make, self._max_on_demand = make, on_demand
        self._pinned: dict[Shapes, P] = {}
        self._on_demand: OrderedDict[Shapes, P] = OrderedDict()
        self._lock = Lock()

    def pin(self, shapes: Shapes) -> P:
        """Return the program for ``shapes``, making it if need be, and keep it for good."""
        program = self._pinned.get(shapes)
        if program is None:
            program = self._pinned[shapes] = self.find(shapes) or self._make(shapes)
        return program

    def find(self, shapes: Shapes) -> P | None:
        """Return the program for ``shapes`` if there is one."""
        program = self._pinned.get(shapes)
        if program is None and self._on_demand:
            with self._lock:
                program = self._on_demand.get(shapes)
                if program is not None:
                    self._on_demand.move_to_end(shapes)
        return program

    def find_or_make(self, shapes: Shapes) -> P:
        """Return the program for ``shapes``; a new one is kept while there is room."""
        program = self.find(shapes)
        if program is None:
            program = self._make(shapes)
            with self._lock:
                self._on_demand[shapes] = program
                while len(self._on_demand) > self._max_on_demand:
                    self._on_demand.popitem(last=False)
        return program

    def clear(self) -> None:
        """Forget every program."""
        with self._lock:
            self._pinned.clear()
            self._on_demand.clear()
