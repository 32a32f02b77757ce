"""Each function is converted once, or found to be one that is left as it is."""

from __future__ import annotations

import dis
import inspect
import logging
import threading
import warnings
import weakref
from functools import partial
from types import CodeType, FunctionType
from typing import Any, Final

from tenon.base import NotFoundError, UnimplementedError
from tenon.core.autograph._libraries import is_library
from tenon.core.autograph._transpiler import Conversion, converted_text, transpile

LOGGER: Final = logging.getLogger("tenon.autograph")
LOGGER.setLevel(logging.WARNING)  # set_verbosity alone says more, whatever a program's own logging records
_LEFT_ALONE: Final = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR

_lock = threading.RLock()
_known: dict[int, tuple[weakref.ref[CodeType], Conversion | None]] = {}
"""By the identity of the code object, because equal code may stand in two files; gone when the code is."""


class AutoGraphWarning(UserWarning):
    """A function runs as it is, so that its control flow cannot depend on tensors."""


def conversion_of(function: FunctionType) -> Conversion | None:
    """Return the conversion of a function, None if it is left as it is.

    Left are libraries, generators, coroutines and what is converted already; and, with one ``AutoGraphWarning``,
    functions whose source is not found or cannot be converted. Safe to call from any thread.
    """
    known = _known.get(id(function.__code__))
    return _decide(function) if known is None else known[1]


def required_conversion(function: FunctionType) -> Conversion:
    """Return the conversion of a function, of a library too; raises what ``transpile`` raises."""
    with _lock:
        known = _known.get(id(function.__code__))
        return _convert(function) if known is None or known[1] is None else known[1]


def _decide(function: FunctionType) -> Conversion | None:
    code = function.__code__
    with _lock:
        if id(code) in _known:  # another thread was faster
            return _known[id(code)][1]
        if code.co_flags & _LEFT_ALONE or is_library(function.__globals__.get("__name__", "")):
            return _remember(code, None)
        try:
            return _remember(code, _convert(function))
        except (NotFoundError, UnimplementedError) as error:
            _warn(function, error)
            return _remember(code, None)


def _convert(function: FunctionType) -> Conversion:
    conversion = transpile(function)
    for code in conversion.codes():
        _remember(code, None)
    LOGGER.info("converted %s", function.__qualname__)
    if LOGGER.isEnabledFor(logging.DEBUG):
        LOGGER.debug("%s is now:\n%s", function.__qualname__, converted_text(function))
    return conversion


def _remember(code: CodeType, conversion: Conversion | None) -> Conversion | None:
    _known[id(code)] = (weakref.ref(code, partial(_forget, id(code), _known)), conversion)
    return conversion


def _forget(key: int, known: dict[int, Any], _: weakref.ref[CodeType]) -> None:
    """Forget a code object that is gone; ``known`` is passed, as globals may be gone too when the process ends."""
    known.pop(key, None)


def _warn(function: FunctionType, error: NotFoundError | UnimplementedError) -> None:
    code = function.__code__
    branches = any(instruction.is_jump_target for instruction in dis.get_instructions(code))
    if isinstance(error, NotFoundError) and not branches:
        return  # nothing in it would have been staged
    message = (
        f"AutoGraph leaves {function.__qualname__!r} as it is, so that `if`, `while`, `for`, `and`, `or` and `not` in"
        f" it are not staged and will not work on tensors while a tf.function is traced: {error}. Decorate it with"
        " @tf.autograph.experimental.do_not_convert if it should stay as it is."
    )
    warnings.warn_explicit(message, AutoGraphWarning, code.co_filename, code.co_firstlineno)
