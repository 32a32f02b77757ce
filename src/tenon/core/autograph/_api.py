"""What others call."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar, overload

from tenon.base import InvalidArgumentError
from tenon.core.autograph._conversions import LOGGER, required_conversion
from tenon.core.autograph._libraries import is_library
from tenon.core.autograph._operators import ACTIVE, Operators, call, operators_for
from tenon.core.autograph._staging import Staging
from tenon.core.autograph._tracebacks import hide_conversion
from tenon.core.autograph._transpiler import converted_text

F = TypeVar("F", bound=Callable[..., Any])


def convert(function: F, staging: Staging, recursive: bool = True) -> F:
    """Return ``function`` with its control flow staged where it depends on tensors.

    The conversion happens when the result is called for the first time, once for all functions that share a body; each
    keeps its closure and defaults. What cannot be converted runs as it is, with one ``AutoGraphWarning``.

    Args:
        function: a function, method, ``functools.partial`` or callable object.
        staging: what staging means.
        recursive: whether the functions that it calls are converted too, libraries excepted.
    """
    converted: F = _converted(function, operators_for(staging, recursive))
    return converted


def convert_if_active(function: F) -> F:
    """Return ``function`` converted as the converted code is that runs now, itself if none does.

    For operations that take functions, such as ``tf.map_fn``: they are libraries, which call what they get as it is.

    Example:
        >>> convert_if_active(len) is len
        True
    """
    operators = ACTIVE.get()
    return function if operators is None else _converted(function, operators)


@overload
def do_not_convert(func: F) -> F: ...


@overload
def do_not_convert(func: None = None) -> Callable[[F], F]: ...


def do_not_convert(func: Any = None) -> Any:
    """Return ``func`` marked to run as it is, with all that it calls: ``tf.autograph.experimental.do_not_convert``.

    Example:
        >>> @do_not_convert
        ... def host_side(path):
        ...     return path if path else "."
        >>> host_side("")
        '.'
    """
    if func is None:
        return do_not_convert

    @functools.wraps(func)
    def run_unconverted(*args: Any, **kwargs: Any) -> Any:
        token = ACTIVE.set(None)
        try:
            return func(*args, **kwargs)
        finally:
            ACTIVE.reset(token)

    return run_unconverted


def to_graph(function: Callable[..., Any], staging: Staging, recursive: bool = True) -> FunctionType:
    """Return the converted function itself: ``tf.autograph.to_graph``. A method becomes a function of ``self``.

    Args:
        function: a function or method.
        staging: what staging means.
        recursive: whether the functions that it calls are converted too, libraries excepted.

    Raises:
        InvalidArgumentError: it is no Python function.
        NotFoundError: its source cannot be found.
        UnimplementedError: it contains something that cannot be converted.
    """
    plain = _plain_function(function)
    return required_conversion(plain).instantiate(plain, operators_for(staging, recursive).ag__)


def to_code(function: Callable[..., Any]) -> str:
    """Return the converted function as Python: ``tf.autograph.to_code``; raises what ``to_graph`` raises.

    Example:
        >>> def relu(x):
        ...     return x if x > 0 else 0
        >>> "ag__.if_exp(x > 0, lambda: x, lambda: 0, 'x > 0')" in to_code(relu)
        True
    """
    return converted_text(_plain_function(function))


def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """Say what the logger ``tenon.autograph`` records: ``tf.autograph.set_verbosity``.

    Args:
        level: 0 for nothing; from 1 on the functions that are converted, and tracebacks keep Tenon's frames; from 3 on
            the converted code.
        alsologtostdout: show the records on standard output.
    """
    LOGGER.setLevel(logging.WARNING if level < 1 else logging.INFO if level < 3 else logging.DEBUG)
    for handler in [handler for handler in LOGGER.handlers if isinstance(handler, _StdoutHandler)]:
        LOGGER.removeHandler(handler)
    if alsologtostdout:
        LOGGER.addHandler(_StdoutHandler())


class _StdoutHandler(logging.Handler):
    """Writes records to what is standard output now."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stdout.write(f"{self.format(record)}\n")


def _converted(function: Any, operators: Operators) -> Any:
    @functools.wraps(function)
    def run_converted(*args: Any, **kwargs: Any) -> Any:
        token = ACTIVE.set(operators)
        try:
            return call(operators, function, args, kwargs)
        except Exception as error:
            if not LOGGER.isEnabledFor(logging.INFO):
                hide_conversion(error, operators.modules)
            raise
        finally:
            ACTIVE.reset(token)

    return run_converted


def _plain_function(function: Any) -> FunctionType:
    """Return the user's function that is inside a method and inside what Tenon's decorators made of it."""
    plain = getattr(function, "__func__", function)
    while hasattr(plain, "__wrapped__") and is_library(getattr(plain, "__globals__", {}).get("__name__", "tenon")):
        plain = plain.__wrapped__
    if not isinstance(plain, FunctionType):
        raise InvalidArgumentError(
            f"only Python functions and methods can be converted; received {function!r}; pass the function it calls"
        )
    return plain
