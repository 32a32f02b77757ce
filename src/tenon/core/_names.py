"""TensorFlow's public names and what stands behind each: filled by the folders of ``core``, read by the front door."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")

NAMES: Final[dict[str, Any]] = {}
"""Every public object of ``core`` by its path below ``tf``, such as ``"math.add"``."""


def export(*paths: str) -> Callable[[T], T]:
    """Return a decorator that makes an object public under TensorFlow's ``paths``, the canonical one first.

    Example:
        >>> export("example.answer")(42)
        42
        >>> NAMES.pop("example.answer")
        42
    """

    def register(value: T) -> T:
        for path in paths:
            assert path not in NAMES or NAMES[path] is value, f"{path} is exported twice"
            NAMES[path] = value
        return value

    return register
