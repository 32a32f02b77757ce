"""Where code runs: at once, or in a function that is being traced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import jax

from tenon.core import _jax_internals as internals
from tenon.core._names import export
from tenon.core.recording import executing_eagerly_on_arrays
from tenon.core.tensors import Tensor
from tenon.core.variables import name_scope, state_scope


@export("init_scope")
@contextmanager
def init_scope() -> Iterator[None]:
    """Leave the function that is being traced: code inside runs at once, ``tf.init_scope``.

    Variables are read and assigned outside of the function, no tape records, and no name scope is open.

    Example:
        >>> with init_scope():
        ...     executing_eagerly()
        True
    """
    with internals.trace_as_current(internals.EVAL_TRACE), state_scope(None), name_scope(None):
        yield


@export("executing_eagerly")
def executing_eagerly() -> bool:
    """Tell whether code runs at once, ``tf.executing_eagerly``: false while a function is traced.

    Example:
        >>> executing_eagerly()
        True
    """
    return executing_eagerly_on_arrays()


class _Depth(threading.local):
    def __init__(self) -> None:
        self.functions = 0


_depth: Final = _Depth()


@contextmanager
def one_function_deeper() -> Iterator[None]:
    """Count the block as part of a function that is being traced."""
    _depth.functions += 1
    try:
        yield
    finally:
        _depth.functions -= 1


@export("inside_function")
def inside_function() -> bool:
    """Tell whether a ``tf.function`` is being traced, ``tf.inside_function``; in an ``init_scope`` of it, it is.

    Example:
        >>> inside_function()
        False
    """
    return _depth.functions > 0 or not executing_eagerly_on_arrays()


@export("is_symbolic_tensor")
def is_symbolic_tensor(tensor: Any) -> bool:
    """Tell whether a tensor has no value because a function is being traced, ``tf.is_symbolic_tensor``.

    Example:
        >>> is_symbolic_tensor(Tensor(jax.numpy.ones(1)))
        False
    """
    return isinstance(tensor.value if isinstance(tensor, Tensor) else tensor, jax.core.Tracer)
