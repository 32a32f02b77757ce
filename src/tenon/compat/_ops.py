"""Tenon's functions as graphs and eager code alike call them, and Python's operators on symbolic tensors."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from tenon.compat._calls import graph_aware, recorded, values_of
from tenon.compat._graph import get_default_graph
from tenon.compat._mode import THREAD, building
from tenon.compat._operation import GraphTensor
from tenon.core import NAMES
from tenon.core.tensors import Tensor, as_dtype, convert_to_tensor


@cache
def op(path: str) -> Callable[..., Any]:
    """Return the public function of a path below ``tf``, which adds an operation where a graph is built.

    Example:
        >>> op("math.add")(1, 2).numpy()
        np.int32(3)
    """
    return _aware(NAMES[path])


@cache
def _aware(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return one function for all paths of one, under the first of them."""
    return graph_aware(next(path for path, value in NAMES.items() if value is function), function)


def tensor_of(value: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Return a value as a tensor: a symbolic one where a graph is built.

    Raises:
        ValueError: it is a tensor of another dtype, or of another graph.
        TypeError: it does not fit ``dtype``.
    """
    if hasattr(value, "graph_read") and building():
        value = value.graph_read()
    if not isinstance(value, GraphTensor):
        return op("convert_to_tensor")(value, dtype, name=name or "Const") if building() else _at_once(value, dtype)
    if not building():
        return _at_once(value, dtype)
    if value.graph is not get_default_graph():
        raise ValueError(f"{value!r} must be from the same graph as the operation that takes it.")
    if dtype is not None and value.dtype != as_dtype(dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {as_dtype(dtype).name} for Tensor with dtype {value.dtype.name}: "
            f"{value!r}. Use tf.cast."
        )
    return value


def _at_once(value: Any, dtype: Any) -> Tensor:
    return convert_to_tensor(values_of(value) if THREAD.environments else value, dtype)


def get_item(tensor: Any, key: Any) -> Any:
    """Return the part of a symbolic tensor that an index expression means."""
    if not building() and THREAD.environments:
        tensor, key = values_of((tensor, key))
        return tensor[key]
    return recorded("strided_slice", None, lambda given, items: given[items], (tensor, key), {}, stage=False)


def _binary(path: str, kind: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def forward(self: Any, other: Any) -> Any:
        return _operated(kind, path, self, other)

    def reflected(self: Any, other: Any) -> Any:
        return _operated(kind, path, other, self)

    return forward, reflected


def _operated(kind: str, path: str, *values: Any) -> Any:
    if not building():
        return op(path)(*values)
    return recorded(kind, None, NAMES[path], values, {}, stage=False)


def _power(self: Any, other: Any) -> Any:
    square = isinstance(other, int | float) and not isinstance(other, bool) and other == 2
    return _operated("Square", "math.square", self) if square else _operated("pow", "math.pow", self, other)


def _logical(of_bool: str, of_integers: str, kind: str) -> Callable[..., Any]:
    def operator(self: Any, other: Any) -> Any:
        is_bool = (self if hasattr(self, "dtype") else other).dtype.is_bool
        return _operated(kind, of_bool if is_bool else of_integers, self, other)

    return operator


_BINARY: Final = {
    "add": ("math.add", "add"),
    "sub": ("math.subtract", "sub"),
    "mul": ("math.multiply", "mul"),
    "truediv": ("math.truediv", "truediv"),
    "floordiv": ("math.floordiv", "floordiv"),
    "mod": ("math.floormod", "mod"),
    "matmul": ("linalg.matmul", "matmul"),
}
_COMPARISONS: Final = {
    "lt": ("math.less", "Less"),
    "le": ("math.less_equal", "LessEqual"),
    "gt": ("math.greater", "Greater"),
    "ge": ("math.greater_equal", "GreaterEqual"),
}


def install_operators(kind: type) -> None:
    """Give a class of symbolic values Python's operators."""
    for name, (path, type_) in {**_BINARY, **_COMPARISONS}.items():
        forward, reflected = _binary(path, type_)
        setattr(kind, f"__{name}__", forward)
        if name in _BINARY:
            setattr(kind, f"__r{name}__", reflected)
    methods: dict[str, Callable[..., Any]] = {
        "__pow__": _power,
        "__rpow__": lambda self, other: _operated("pow", "math.pow", other, self),
        "__and__": _logical("math.logical_and", "bitwise.bitwise_and", "LogicalAnd"),
        "__or__": _logical("math.logical_or", "bitwise.bitwise_or", "LogicalOr"),
        "__xor__": _logical("math.logical_xor", "bitwise.bitwise_xor", "LogicalXor"),
        "__neg__": lambda self: _operated("Neg", "math.negative", self),
        "__abs__": lambda self: _operated("Abs", "math.abs", self),
        "__invert__": lambda self: _operated("LogicalNot", "math.logical_not", self),
        "__getitem__": get_item,
    }
    for name, method in methods.items():
        setattr(kind, name, method)


install_operators(GraphTensor)
