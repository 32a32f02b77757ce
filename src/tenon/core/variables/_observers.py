"""Observers: who is told that an object got an attribute, or that a variable is about to be used.

A checkpoint that was restored before an object existed waits for it as an observer. While nobody observes, an
attribute and a use cost one look at an empty list.
"""

from __future__ import annotations

from typing import Any, Final, Protocol


class Observer(Protocol):
    """Follows how objects that hold variables grow."""

    def attribute_set(self, owner: Any, name: str) -> None:
        """Learn that ``owner`` (a module, a Keras layer, ...) has a new value under an attribute."""

    def variable_used(self, variable: Any) -> None:
        """Learn that a variable is about to be read or assigned."""


observers: Final[list[Observer]] = []
"""Who is told; empty nearly always."""


def attribute_was_set(owner: Any, name: str) -> None:
    """Tell the observers that ``owner`` has a new value under the attribute ``name``.

    Example:
        >>> attribute_was_set(object(), "kernel")
    """
    for observer in tuple(observers):
        observer.attribute_set(owner, name)


def variable_is_used(variable: Any) -> None:
    """Tell the observers that a variable is about to be read or assigned.

    Example:
        >>> variable_is_used(object())
    """
    for observer in tuple(observers):
        observer.variable_used(variable)
