"""Variables that have no value yet."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final


class Undefined:
    """Stands where a variable is that may not be read yet.

    Control flow that became functions hands its variables around, those without a value too; so their attributes and
    items are handed around as well, and nothing is there.
    """

    __slots__ = ("name",)

    name: str

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "name", name)

    def __repr__(self) -> str:
        return f"<{self.name} has no value>"

    def __setattr__(self, name: str, value: Any) -> None:
        """Forget an attribute of nothing."""

    def __getitem__(self, key: Any) -> Any:
        raise KeyError(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Forget an item of nothing."""


RESULT: Final = "return value"
"""What stands for the result of a function that has not returned yet is called; no variable can be called so."""


def undefined_result() -> Undefined:
    """Return what stands where the value is that a function has not returned yet."""
    return Undefined(RESULT)


def is_undefined_result(value: Any) -> bool:
    """Tell whether ``value`` stands for the result of a function that has not returned yet."""
    return isinstance(value, Undefined) and value.name == RESULT


def ld(value: Any) -> Any:
    """Read a variable: return ``value``.

    Raises:
        UnboundLocalError: the variable has no value, as Python says it.
    """
    if isinstance(value, Undefined):
        raise UnboundLocalError(f"cannot access local variable '{value.name}' where it is not associated with a value")
    return value


def ret(value: Any) -> Any:
    """Return what a function returns."""
    return None if is_undefined_result(value) else value


def handled() -> BaseException | None:
    """Return the exception that the calling ``except`` handles."""
    return sys.exc_info()[1]


def ldu(read: Callable[[], Any], name: str) -> Any:
    """Return what ``read()`` finds at an attribute or item, ``Undefined`` if nothing is there."""
    try:
        return read()
    except (AttributeError, LookupError, NameError):
        return Undefined(name)
