"""Where variables live for the moment: at top level in themselves, inside a traced function in that function's state.

A function that is being traced enters a ``StateScope``; every variable that is read or assigned inside, Tenon's and
Keras's alike, goes through it, so that its value becomes an argument and its last assignment a result.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from tenon.core.recording import active_recorders, new_identity
from tenon.core.variables._observers import observers, variable_is_used


class StateScope(Protocol):
    """Holds the values of variables while a function is traced."""

    def read(self, variable: Any, array: Any) -> Any:
        """Return the value of a variable as the function sees it.

        Args:
            variable: the variable, of Tenon or Keras; its identity counts.
            array: the array that it holds outside; ``None`` where it has no value yet.
        """

    def write(self, variable: Any, array: Any) -> None:
        """Remember a new value of a variable for the rest of the function."""

    def initial_value(self, compute: Callable[[], Any]) -> Any:
        """Return what ``compute`` returns where a variable's initial value can be computed."""

    def create(self, variable: Any, array: Any) -> None:
        """Learn that a variable was created.

        Args:
            variable: the variable.
            array: its initial value, if it is known only when the function runs; else ``None``.
        """

    def own(self, variable: Any) -> None:
        """Keep a variable that nobody else holds, such as how far random numbers have come, as long as the function."""


class _Scopes(threading.local):
    def __init__(self) -> None:
        self.stack: list[StateScope] = []


_scopes = _Scopes()


def current_scope() -> StateScope | None:
    """Return the innermost scope of this thread; ``None`` at top level.

    Example:
        >>> current_scope() is None
        True
    """
    return _scopes.stack[-1] if _scopes.stack else None


@contextmanager
def state_scope(scope: StateScope | None) -> Iterator[None]:
    """Let variables live in ``scope`` inside the block; ``None`` for in themselves (``tf.init_scope``)."""
    before = _scopes.stack
    _scopes.stack = [] if scope is None else [*before, scope]
    try:
        yield
    finally:
        _scopes.stack = before


def read_array(variable: Any, array: Any, trainable: bool) -> Any:
    """Return a variable's value where it lives now, and tell the tapes that it was read.

    Args:
        variable: the variable, of Tenon or Keras.
        array: the array that it holds outside of functions.
        trainable: whether tapes watch the variable by themselves.
    """
    value = scoped_array(variable, array)
    tell_tapes(variable, value, trainable)
    return value


def scoped_array(variable: Any, array: Any) -> Any:
    """Return a variable's value where it lives now, and tell nobody; arguments as in ``read_array``.

    Args:
        variable: the variable.
        array: the array that it holds outside of functions.
    """
    stack = _scopes.stack
    return stack[-1].read(variable, array) if stack else array


def tell_tapes(variable: Any, array: Any, trainable: bool) -> None:
    """Tell the tapes that ``array`` was read as the value of ``variable``; ``trainable`` as in ``read_array``."""
    for recorder in active_recorders():
        recorder.variable_read(variable, array, trainable)


def written_array(variable: Any, array: Any) -> Any | None:
    """Give a variable a new value where it lives now.

    Returns:
        The array that the variable itself has to hold; ``None`` where a scope holds it. It is an array of its own: no
        derivative flows through an assignment, as in TensorFlow.
    """
    array = new_identity(array)
    stack = _scopes.stack
    if not stack:
        return array
    stack[-1].write(variable, array)
    return None


def held_array(variable: Any) -> Any:
    """Return the array that a variable holds outside of functions, ``None`` where it has no value yet.

    Tenon's variables and Keras's keep it under one name.

    Example:
        >>> from types import SimpleNamespace
        >>> held_array(SimpleNamespace(_raw_value=1))
        1
    """
    if observers:
        variable_is_used(variable)
    return variable.__dict__.get("_raw_value")


def hold_array(variable: Any, array: Any) -> None:
    """Let a variable hold an array outside of functions, without any check."""
    variable.__dict__["_raw_value"] = array


def assign_array(variable: Any, array: Any) -> None:
    """Give a variable a new value where it lives now, without any check.

    Args:
        variable: the variable.
        array: the value.
    """
    kept = written_array(variable, array)
    if kept is not None:
        hold_array(variable, kept)
