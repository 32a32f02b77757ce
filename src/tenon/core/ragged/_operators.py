"""Python's operators on ragged tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tenon.base import InvalidArgumentError
from tenon.core.operations import (
    abs_,
    add,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    equal,
    floordiv,
    floormod,
    greater,
    greater_equal,
    invert,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    multiply,
    negative,
    not_equal,
    pow_,
    subtract,
    truediv,
)
from tenon.core.ragged._elementwise import broadcast
from tenon.core.ragged._tensor import RaggedTensor

Binary = Callable[[Any, Any], Any]


def _by_dtype(of_bool: Binary, of_integers: Binary) -> Binary:
    def function(x: Any, y: Any) -> Any:
        ragged = x if isinstance(x, RaggedTensor) else y
        return of_bool(x, y) if ragged.dtype.is_bool else of_integers(x, y)

    return function


def _compared(function: Binary, otherwise: bool) -> Binary:
    """Return a comparison with anything: what has other rows is not equal."""

    def compare(x: Any, y: Any) -> Any:
        try:
            return otherwise if y is None else broadcast(function, [x, y])
        except InvalidArgumentError:
            return otherwise

    return compare


_BINARY: Final[Mapping[str, Binary]] = {
    "add": add,
    "sub": subtract,
    "mul": multiply,
    "truediv": truediv,
    "floordiv": floordiv,
    "mod": floormod,
    "pow": pow_,
    "and": _by_dtype(logical_and, bitwise_and),
    "or": _by_dtype(logical_or, bitwise_or),
    "xor": _by_dtype(logical_xor, bitwise_xor),
}
_COMPARISONS: Final[Mapping[str, Binary]] = {"lt": less, "le": less_equal, "gt": greater, "ge": greater_equal}
_METHODS: Final[Mapping[str, Callable[..., Any]]] = {
    "__neg__": lambda x: negative(x),
    "__abs__": lambda x: abs_(x),
    "__invert__": lambda x: logical_not(x) if x.dtype.is_bool else invert(x),
    "__eq__": _compared(equal, False),
    "__ne__": _compared(not_equal, True),
}


def _forward(function: Binary) -> Binary:
    return lambda self, other: broadcast(function, [self, other])


def _reflected(function: Binary) -> Binary:
    return lambda self, other: broadcast(function, [other, self])


for _name, _function in {**_BINARY, **_COMPARISONS}.items():
    setattr(RaggedTensor, f"__{_name}__", _forward(_function))
for _name, _function in _BINARY.items():
    setattr(RaggedTensor, f"__r{_name}__", _reflected(_function))
for _name, _method in _METHODS.items():
    setattr(RaggedTensor, _name, _method)
