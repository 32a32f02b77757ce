"""Calls from a compiled program to Python on the host, in the order of the program.

At top level a call is a call. In a traced function it becomes part of the program; XLA keeps the order of such calls.
What Python raises there ends the run, and the caller of the program gets that very exception.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import jax
import numpy as np
from jax.experimental import io_callback

from tenon.core.recording import Kernel, executing_eagerly_on_arrays, stage, unrecorded

Host = Callable[..., Any]


class HostError(Exception):
    """Ends a program because Python code on the host raised something: which, ``told`` knows by the number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"tenon host failure {number}.")


_numbers: Final = itertools.count()
_failures: Final[dict[int, BaseException]] = {}
_NUMBER: Final = re.compile(r"tenon host failure (\d+)\.")


class _Quiet(logging.Filter):
    """Keeps JAX from logging what the caller of the program is told anyway."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], HostError))


for _name in ("jax._src.callback", "jax._src.debugging"):
    logging.getLogger(_name).addFilter(_Quiet())


def _guarded(host: Host) -> Host:
    def call(*arrays: Any) -> Any:
        try:
            return host(*[np.asarray(array) for array in arrays])
        except BaseException as error:
            number = next(_numbers)
            _failures[number] = error
            raise HostError(number) from None

    return call


def told(error: Exception) -> BaseException:
    """Return what the host code raised that made a program fail; ``error`` itself if that was something else.

    Example:
        >>> told(ValueError("other"))
        ValueError('other')
    """
    found = _NUMBER.search(str(error))
    return error if found is None else _failures.pop(int(found.group(1)), error)


def tell(host: Host, arrays: Sequence[Any]) -> None:
    """Call ``host`` with NumPy arrays for what it does, in program order; nothing is differentiated.

    Example:
        >>> tell(print, [np.int32(1)])
        1
    """
    if executing_eagerly_on_arrays():
        host(*[np.asarray(array) for array in arrays])
        return
    guarded = _guarded(host)

    def program(*values: Any) -> tuple[()]:
        jax.debug.callback(guarded, *values, ordered=True)
        return ()

    with unrecorded():
        stage(Kernel(program, "tell"), arrays)


def ask(host: Host, arrays: Sequence[Any], results: Sequence[jax.ShapeDtypeStruct]) -> list[Any]:
    """Call ``host`` with NumPy arrays for what it returns, in program order; no gradient flows.

    Args:
        host: takes arrays; returns a list of arrays of the shapes and dtypes of ``results``.
        arrays: its arguments.
        results: what it returns.

    Example:
        >>> ask(lambda x: [x + 1], [np.int32(1)], [jax.ShapeDtypeStruct((), np.int32)])
        [array(2, dtype=int32)]
    """
    if executing_eagerly_on_arrays():
        return [np.asarray(array) for array in host(*[np.asarray(array) for array in arrays])]
    with unrecorded():
        return list(stage(Kernel(asked(host, results, differentiable=False), "ask"), arrays))


def asked(
    host: Host, results: Sequence[jax.ShapeDtypeStruct], differentiable: bool = True
) -> Callable[..., Sequence[Any]]:
    """Return the call as a function of JAX, which knows no derivative of it.

    Args:
        host: takes arrays; returns a list of arrays of the shapes and dtypes of ``results``.
        results: what it returns.
        differentiable: whether JAX refuses to differentiate it; else it takes it for a constant.
    """
    guarded = _guarded(host)

    def program(*values: Any) -> Sequence[Any]:
        given = values if differentiable else jax.lax.stop_gradient(values)
        found: Sequence[Any] = io_callback(guarded, list(results), *given, ordered=True)
        return found

    return program
