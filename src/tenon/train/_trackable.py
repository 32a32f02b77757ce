"""What can stand in a checkpoint: how the objects of each type are looked into, written and restored.

Types are registered in one table. An object whose class has ``_trackable_children`` or ``_serialize_to_tensors`` (the
protocol of TensorFlow's own objects) needs no registration:

- ``_trackable_children()`` returns the objects inside, by name;
- ``_serialize_to_tensors()`` returns its values, tensors or arrays by name, and
  ``_restore_from_tensors(tensors)`` gets them back.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np

from tenon.core.tensors import as_tensor

Names = Mapping[str, Any]

_ADAPTERS: Final = {"keras": "tenon.keras"}
"""Packages whose types are registered by a part of Tenon above this floor, imported by name only when such an object
arrives; that keeps this folder free of Keras."""


def _nothing(_: Any) -> Names:
    """Return nothing."""
    return {}


def _no_name(_: Any) -> str:
    """Return no name."""
    return ""


def _take_nothing(value: Any, tensors: Mapping[str, np.ndarray]) -> None:
    """Take no values, as there are none."""
    assert not tensors, f"{type(value).__name__} has no values, but is given {sorted(tensors)}"


@dataclass(frozen=True)
class TrackableType:
    """How checkpoints see the objects of one type.

    Args:
        children: returns what an object holds, by name; values that are not trackable are ignored.
        tensors: returns an object's own values, tensors or arrays by name.
        restore: gives an object its values back: NumPy arrays under the names of ``tensors``.
        full_name: returns an object's name in checkpoints that go by names, or ``""``.
        find: returns what an object holds under a name, or ``None``; left out, it is looked up in ``children``.
        tells: whether ``tenon.core.variables.attribute_was_set`` is called when an object gets a new child.
    """

    children: Callable[[Any], Names] = _nothing
    tensors: Callable[[Any], Names] = _nothing
    restore: Callable[[Any, Mapping[str, np.ndarray]], None] = _take_nothing
    full_name: Callable[[Any], str] = _no_name
    find: Callable[[Any, str], Any] | None = None
    tells: bool = False

    @property
    def has_tensors(self) -> bool:
        """Whether the objects have values of their own."""
        return self.tensors is not _nothing

    def child(self, value: Any, name: str) -> Any:
        """Return what an object holds under a name; ``None`` where there is nothing that is trackable."""
        found = self.children(value).get(name) if self.find is None else self.find(value, name)
        return found if is_trackable(found) else None


_TYPES: Final[dict[type, TrackableType]] = {}


def register_trackable(cls: type, trackable: TrackableType) -> None:
    """Let checkpoints hold the objects of a class and of its subclasses.

    Args:
        cls: the class.
        trackable: how its objects are looked into, written and restored.

    Example:
        >>> class Counter:
        ...     count = 3
        >>> register_trackable(Counter, TrackableType(tensors=lambda counter: {"count": counter.count}))
        >>> is_trackable(Counter())
        True
    """
    _TYPES[cls] = trackable
    type_of.cache_clear()


@lru_cache(maxsize=1 << 12)
def type_of(cls: Any) -> TrackableType | None:
    """Return how checkpoints see the objects of a class; ``None`` where they cannot hold them."""
    for base in cls.__mro__:
        adapter = _ADAPTERS.get(base.__module__.partition(".")[0])
        if adapter is not None:
            importlib.import_module(adapter)
    found = next((_TYPES[base] for base in cls.__mro__ if base in _TYPES), None)
    if hasattr(cls, "_trackable_children"):
        found = replace(found or TrackableType(), children=_children_by_protocol, find=None, tells=False)
    if hasattr(cls, "_serialize_to_tensors"):
        found = replace(found or TrackableType(), tensors=_tensors_by_protocol, restore=_restore_by_protocol)
    return found


def _children_by_protocol(value: Any) -> Names:
    children: Names = value._trackable_children()
    return children


def _tensors_by_protocol(value: Any) -> Names:
    tensors: Names = value._serialize_to_tensors()
    return tensors


def _restore_by_protocol(value: Any, tensors: Mapping[str, np.ndarray]) -> None:
    value._restore_from_tensors({name: as_tensor(array) for name, array in tensors.items()})


def is_trackable(value: Any) -> bool:
    """Tell whether a checkpoint can hold a value: tuples only if something in them can stand in a checkpoint.

    Example:
        >>> is_trackable([]), is_trackable(()), is_trackable(1)
        (True, False, False)
    """
    if isinstance(value, tuple):
        return any(map(is_trackable, value))
    cls: Any = type(value)
    return type_of(cls) is not None


def known_type(value: Any) -> TrackableType:
    """Return how checkpoints see a value that they can hold."""
    cls: Any = type(value)
    found = type_of(cls)
    assert found is not None, f"{value!r} is not trackable"
    return found


def children_of(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a trackable value holds that is trackable, by name."""
    for name, child in known_type(value).children(value).items():
        if is_trackable(child):
            yield name, child
