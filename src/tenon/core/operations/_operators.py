"""Python's operators on tensors and variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import jax

from tenon.base import InvalidArgumentError
from tenon.core.operations._arithmetic import (
    add,
    floordiv,
    floormod,
    multiply,
    negative,
    pow_,
    square,
    subtract,
    truediv,
)
from tenon.core.operations._comparison import (
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    equal,
    greater,
    greater_equal,
    invert,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
)
from tenon.core.operations._unary import abs_
from tenon.core.tensors import Tensor, array_of, constant, install_method
from tenon.core.variables import Variable

Binary = Callable[[Any, Any], Any]


def install_operator(name: str, method: Callable[..., Any]) -> None:
    """Give tensors and variables ``method`` under a ``name`` such as ``"__add__"``.

    Example:
        >>> install_operator("__pos__", lambda value: value)
        >>> del Tensor.__pos__, Variable.__pos__
    """
    install_method(name, method)
    setattr(Variable, name, method)


def install_binary(name: str, function: Binary, reflected: bool = True) -> None:
    """Give tensors and variables the operator ``name``, and the one for when they stand on the right.

    Values on the right that are no tensors may know the operation themselves: where ``function`` refuses them, their
    own reflected operator is asked, as everywhere in Python.
    """

    def forward(self: Any, other: Any) -> Any:
        try:
            return function(self, other)
        except (TypeError, ValueError) as error:
            return _asked_of_other(f"__r{name}__", self, other, error)

    install_operator(f"__{name}__", forward)
    if reflected:
        install_operator(f"__r{name}__", lambda self, other: function(other, self))


def _asked_of_other(name: str, self: Any, other: Any, error: Exception) -> Any:
    own = getattr(type(other), name, None)
    known = isinstance(other, Tensor | Variable | jax.Array | bool | int | float | complex | str)
    if own is None or known or isinstance(error, InvalidArgumentError):
        raise error
    result = own(other, self)
    if result is NotImplemented:
        raise error
    return result


def _power(x: Any, y: Any) -> Any:
    return square(x) if type(y) in (int, float) and y == 2 else pow_(x, y)


def _by_dtype(of_bool: Binary, of_integers: Binary) -> Binary:
    def function(x: Any, y: Any) -> Any:
        tensor = x if hasattr(x, "dtype") and isinstance(x, Tensor | Variable) else y
        return of_bool(x, y) if tensor.dtype.is_bool else of_integers(x, y)

    return function


def _invert(x: Any) -> Any:
    return logical_not(x) if x.dtype.is_bool else invert(x)


def _equals(function: Binary, otherwise: bool) -> Binary:
    def compare(self: Any, other: Any) -> Any:
        if other is None:
            return otherwise
        try:
            return function(self, other)
        except InvalidArgumentError:
            if _broadcast(self, other):
                raise
            return constant(otherwise)

    return compare


def _broadcast(x: Any, y: Any) -> bool:
    sizes = zip(reversed(array_of(x).shape), reversed(array_of(y).shape), strict=False)
    return all([a == b or 1 in (a, b) for a, b in sizes])


_BINARY: Final[Mapping[str, Binary]] = {
    "add": add,
    "sub": subtract,
    "mul": multiply,
    "truediv": truediv,
    "floordiv": floordiv,
    "mod": floormod,
    "pow": _power,
    "and": _by_dtype(logical_and, bitwise_and),
    "or": _by_dtype(logical_or, bitwise_or),
    "xor": _by_dtype(logical_xor, bitwise_xor),
}
_COMPARISONS: Final[Mapping[str, Binary]] = {"lt": less, "le": less_equal, "gt": greater, "ge": greater_equal}
_METHODS: Final[Mapping[str, Callable[..., Any]]] = {
    "__neg__": lambda x: negative(x),
    "__abs__": lambda x: abs_(x),
    "__invert__": _invert,
    "__eq__": _equals(equal, False),
    "__ne__": _equals(not_equal, True),
}

for _name, _function in _BINARY.items():
    install_binary(_name, _function)
for _name, _function in _COMPARISONS.items():
    install_binary(_name, _function, reflected=False)
for _name, _method in _METHODS.items():
    install_operator(_name, _method)
