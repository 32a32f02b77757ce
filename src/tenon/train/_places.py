"""Where an object is: in an object that can be watched, and by which names below it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tenon.train._trackable import known_type

Reference = Callable[[], Any]


def reference(value: Any, at_end: Callable[[], Any] | None = None) -> Reference:
    """Return a function that returns ``value``, or ``None`` when it is gone.

    It does not keep the value alive, except where Python has no weak references to values of its class.

    Args:
        value: any object.
        at_end: called when the value is gone.
    """
    try:
        return weakref.ref(value, None if at_end is None else lambda _: at_end())
    except TypeError:
        return lambda: value


@dataclass(frozen=True)
class Place:
    """Where an object is. A list has no place of its own: it is ``layers`` in its module, and may be replaced there.

    Attributes:
        holder: returns the nearest object that is no list, tuple or dict.
        path: the names on the way from there.
    """

    holder: Reference
    path: tuple[str, ...] = ()

    def value(self) -> Any:
        """Return what is there; ``None`` where there is nothing."""
        value = self.holder()
        for name in self.path:
            if value is None:
                return None
            value = known_type(value).child(value, name)
        return value


def place_of(value: Any, parent: Place, name: str) -> Place:
    """Return the place of an object that ``parent`` has under a name."""
    if isinstance(value, list | tuple | dict):
        return Place(parent.holder, (*parent.path, name))
    return Place(reference(value))
