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
from tenon.core.autograph._scopes import autograph_artifact, function_scope, handled
from tenon.core.autograph._staging import Staging
from tenon.core.autograph._syntax import FRAME_BUILTINS
from tenon.core.autograph._tracebacks import defining_modules
from tenon.core.autograph._variables import Undefined, UndefinedReturnValue, ld, ldu

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
    "FunctionScope": function_scope,
    "STD": None,
    "Undefined": Undefined,
    "UndefinedReturnValue": UndefinedReturnValue,
    "autograph_artifact": autograph_artifact,
    "handled": handled,
    "ld": ld,
    "ldu": ldu,
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
    operators.ag__.converted_call = partial(_call, operators) if recursive else partial(_call_plainly, staging)
    return operators


def converted_call(operators: Operators, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call the converted twin of a function, method, partial or callable object; itself if it has none."""
    return _call(operators, function, args, kwargs)


def _call(
    operators: Operators,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    scope: object = None,  # noqa: ARG001  # malt passes it
) -> Any:
    kind = type(function)
    target = function
    own: tuple[Any, ...] = ()
    if kind is MethodType:
        target, own = function.__func__, (function.__self__,)
    elif kind is partial:
        return _call(operators, function.func, function.args + args, function.keywords | (kwargs or {}))
    elif kind is not FunctionType:
        if kind is BuiltinFunctionType or isinstance(function, type):
            return _call_plainly(operators.staging, function, args, kwargs)
        target, own = getattr(kind, "__call__", None), (function,)  # noqa: B004  # the method itself
    conversion = conversion_of(target) if type(target) is FunctionType else None
    if conversion is None:
        return function(*args, **(kwargs or {}))
    return conversion.instantiate(target, operators.ag__)(*own, *args, **(kwargs or {}))


def _call_plainly(
    staging: Staging,
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    scope: object = None,  # noqa: ARG001  # malt passes it
) -> Any:
    """Call a function as it is; a builtin that meets something staged, through what stands in for it."""
    kwargs = kwargs or {}
    if type(function) is BuiltinFunctionType or isinstance(function, type):
        if function in _ITERATORS:
            return _ITERATORS[function](staging, *args, **kwargs)
        if function in staging.overloads and any(map(staging.is_staged, (*args, *kwargs.values()))):
            return staging.overloads[function](*args, **kwargs)
    return function(*args, **kwargs)
