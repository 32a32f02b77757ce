"""``ag__``: what converted code calls."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, partial
from types import BuiltinFunctionType, FunctionType, MethodType, SimpleNamespace
from typing import Any, Final

from tenon.core.autograph._conditionals import if_exp, if_stmt
from tenon.core.autograph._conversions import conversion_of
from tenon.core.autograph._iteration import enumerate_, zip_
from tenon.core.autograph._logical import and_, assert_stmt, compare, not_, or_
from tenon.core.autograph._loops import for_stmt, while_stmt
from tenon.core.autograph._staging import Staging
from tenon.core.autograph._syntax import FRAME_BUILTINS
from tenon.core.autograph._tracebacks import defining_modules
from tenon.core.autograph._variables import Undefined, handled, ld, ldu, ret, undefined_result

_STAGED: Final[Mapping[str, Callable[..., Any]]] = {
    "if_stmt": if_stmt,
    "if_exp": if_exp,
    "while_stmt": while_stmt,
    "for_stmt": for_stmt,
    "and_": and_,
    "or_": or_,
    "not_": not_,
    "compare": compare,
    "assert_stmt": assert_stmt,
}
"""The operators that need to know what staging means, which is their first argument."""

_PLAIN: Final[Mapping[str, Any]] = {
    "Undefined": Undefined,
    "UndefinedReturnValue": undefined_result,
    "handled": handled,
    "ld": ld,
    "ldu": ldu,
    "ret": ret,
} | {name: getattr(builtins, name) for name in FRAME_BUILTINS}
"""What is the same for all."""

_ITERATORS: Final[Mapping[Any, Callable[..., Any]]] = {enumerate: enumerate_, zip: zip_}


@dataclass(frozen=True, eq=False)
class Operators:
    """The operators for one way of staging.

    Attributes:
        staging: what they are made for.
        recursive: whether functions that converted code calls are converted too.
        ag__: the operators by the names that converted code uses.
        modules: those that stage, whose frames no traceback needs.
    """

    staging: Staging
    recursive: bool
    ag__: SimpleNamespace
    modules: frozenset[str]


ACTIVE: ContextVar[Operators | None] = ContextVar("tenon_autograph_active", default=None)
"""Whose converted code is running; None outside converted code, and in ``do_not_convert``."""


@cache
def operators_for(staging: Staging, recursive: bool) -> Operators:
    """Return the operators for a way of staging."""
    bound = {name: partial(operator, staging) for name, operator in _STAGED.items()}
    operators = Operators(staging, recursive, SimpleNamespace(**_PLAIN, **bound), defining_modules(staging))
    operators.ag__.converted_call = partial(call, operators) if recursive else partial(_call_plainly, staging)
    return operators


def call(operators: Operators, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> Any:
    """Call the converted twin of a function, method, partial or callable object; itself if it has none."""
    kind = type(function)
    if kind is partial:
        return call(operators, function.func, function.args + args, function.keywords | (kwargs or {}))
    if kind is BuiltinFunctionType or isinstance(function, type):
        return _call_plainly(operators.staging, function, args, kwargs)
    plain = kind is FunctionType or kind is MethodType
    method = function if plain else getattr(function, "__call__", None)  # noqa: B004  # the bound method, not if it is
    target, own = (method.__func__, (method.__self__,)) if type(method) is MethodType else (function, ())
    twin = _twin(operators, target)
    return function(*args, **(kwargs or {})) if twin is None else twin(*own, *args, **(kwargs or {}))


def _twin(operators: Operators, target: Any) -> FunctionType | None:
    conversion = conversion_of(target) if isinstance(target, FunctionType) else None
    return None if conversion is None else conversion.instantiate(target, operators.ag__)


def _call_plainly(staging: Staging, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> Any:
    """Call a function as it is; a builtin that meets something staged, through what stands in for it."""
    kwargs = kwargs or {}
    if type(function) is BuiltinFunctionType or type(function) is type:
        if function in _ITERATORS:
            return _ITERATORS[function](staging, *args, **kwargs)
        if function in staging.overloads and any(map(staging.is_staged, (*args, *kwargs.values()))):
            return staging.overloads[function](*args, **kwargs)
    return function(*args, **kwargs)
