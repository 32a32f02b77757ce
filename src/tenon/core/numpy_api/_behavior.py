"""NumPy's behaviour of tensors: promotion of dtypes by operators, methods, and index expressions with arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import NAMES, export
from tenon.core.numpy_api._dtypes import PREFERENCE, array_like, cast, dtype_of
from tenon.core.numpy_api._functions import PATH
from tenon.core.numpy_api._more import known
from tenon.core.operations import get_item, install_binary, install_operator, on_host
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, as_tensor, convert_to_tensor, is_tensor_like

_OPERATORS: Final[Mapping[str, str]] = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
}
_COMPARISONS: Final[Mapping[str, str]] = {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
_METHODS: Final = (
    "clip",
    "sum",
    "mean",
    "min",
    "max",
    "prod",
    "std",
    "var",
    "any",
    "all",
    "argmax",
    "argmin",
    "cumsum",
    "dot",
)


def _numeric(function: Callable[..., Any], plain: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """Return NumPy's function for numbers; strings keep TensorFlow's."""

    def call(x: Any, y: Any) -> Any:
        strings = any([isinstance(v, str | bytes) or (is_tensor_like(v) and v.dtype == "string") for v in (x, y)])
        return plain(x, y) if strings or _dispatches(x) or _dispatches(y) else function(x, y)

    return call


def _dispatches(value: Any) -> bool:
    return hasattr(type(value), "__tf_dispatch__")


def _method(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method; NumPy's own functions call it with an ``out``, and then give what they give for arrays."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if "out" in kwargs and not self.is_symbolic:
            return getattr(self.numpy(), name)(*args, **kwargs)
        return function(self, *args, **{key: value for key, value in kwargs.items() if value is not None})

    return method


def _reshaped(tensor: Any, *newshape: Any, order: str = "C") -> Any:
    sizes = newshape[0] if len(newshape) == 1 else newshape
    return NAMES[PATH + "reshape"](tensor, sizes, order)


def _transposed(tensor: Any, *axes: Any) -> Any:
    order = axes[0] if len(axes) == 1 else axes or None
    return NAMES[PATH + "transpose"](tensor, order)


def _astype(tensor: Any, dtype: Any) -> Tensor:
    return as_tensor(cast(array_like(tensor), dtype_of(dtype)))


def part(tensor: Any, key: Any) -> Tensor:
    """Return what an index expression with arrays, lists and masks means by NumPy's rules.

    Raises:
        InvalidArgumentError: an index that is known is out of bounds.
    """
    keys = (
        tuple([list(item) if isinstance(item, tuple) else item for item in key]) if isinstance(key, tuple) else (key,)
    )
    if not any([_is_array(item) for item in keys]):
        return get_item(convert_to_tensor(tensor), key)
    arrays: list[np.ndarray] = []
    form: list[Any] = []
    for item in keys:
        if not _is_array(item):
            form.append(("slice", item.start, item.stop, item.step) if isinstance(item, slice) else _plain(item))
            continue
        values = array_like(item)
        places = np.nonzero(known(values, "an index expression")) if values.dtype == bool else [values]
        form.extend(["array"] * len(places))
        arrays.extend(places)
    _check_places(arrays, form, tensor.shape.as_list())
    return as_tensor(run(kernel(_indexed, form=tuple(form)), [array_like(tensor), *arrays]))


def _check_places(arrays: Sequence[Any], form: Sequence[Any], shape: Sequence[int | None]) -> None:
    """XLA would take the last element instead of one that is not there."""
    rest = len(shape) - sum([item is not None and item is not Ellipsis for item in form])
    axes: list[int] = []
    axis = 0
    for item in form:
        if item == "array":
            axes.append(axis)
        axis += rest if item is Ellipsis else item is not None
    for places, axis in zip(arrays, axes, strict=True):
        size, found = shape[axis], on_host(places)
        if size is not None and found is not None and ((found < -size) | (found >= size)).any():
            raise InvalidArgumentError(
                f"index {found.tolist()} is out of bounds for axis {axis} with size {size} [Op:GatherV2]"
            )


def _plain(item: Any) -> Any:
    return item if item is None or item is Ellipsis else int(item)


def _is_array(item: Any) -> bool:
    if isinstance(item, list):
        return True
    return (is_tensor_like(item) or isinstance(item, np.ndarray)) and (item.ndim > 0 or item.dtype == bool)


def _indexed(array: Any, *places: Any, form: tuple[Any, ...]) -> Any:
    rest = iter(places)
    key = [slice(*item[1:]) if isinstance(item, tuple) else next(rest) if item == "array" else item for item in form]
    return array[tuple(key)]


@export(PATH + "experimental_enable_numpy_behavior")
def experimental_enable_numpy_behavior(prefer_float32: bool = False, dtype_conversion_mode: str = "legacy") -> None:
    """Let the operators of tensors promote dtypes, and tensors have NumPy's methods and index expressions.

    It cannot be switched off in a process, as TensorFlow's.

    Args:
        prefer_float32: whether Python's numbers with a point are float32 instead of float64.
        dtype_conversion_mode: ``"legacy"``; the other modes of TensorFlow are not there.

    Raises:
        ValueError: another mode is asked for.
    """
    if dtype_conversion_mode != "legacy":
        raise ValueError(f"dtype_conversion_mode: must be 'legacy'; received {dtype_conversion_mode!r}.")
    PREFERENCE.float32 = prefer_float32
    for operator, name in _OPERATORS.items():
        install_binary(operator, _numeric(NAMES[PATH + name], _OWN[operator]))
    for operator, name in _COMPARISONS.items():
        install_binary(operator, _numeric(NAMES[PATH + name], _OWN[operator]), reflected=False)
    for name in _METHODS:
        install_operator(name, _method(name, NAMES[PATH + name]))
    for name, method in _OWN_METHODS.items():
        install_operator(name, method)


_OWN: Final[Mapping[str, Callable[..., Any]]] = {
    name: NAMES[path]
    for name, path in {
        "add": "math.add",
        "sub": "math.subtract",
        "mul": "math.multiply",
        "truediv": "math.truediv",
        "floordiv": "math.floordiv",
        "mod": "math.floormod",
        "pow": "math.pow",
        "matmul": "linalg.matmul",
        "and": "math.logical_and",
        "or": "math.logical_or",
        "xor": "math.logical_xor",
        "lt": "math.less",
        "le": "math.less_equal",
        "gt": "math.greater",
        "ge": "math.greater_equal",
    }.items()
}
_OWN_METHODS: Final[Mapping[str, Any]] = {
    "astype": _astype,
    "reshape": _reshaped,
    "transpose": _transposed,
    "ravel": lambda tensor: NAMES[PATH + "ravel"](tensor),
    "T": property(lambda tensor: NAMES[PATH + "transpose"](tensor)),
    "size": property(lambda tensor: int(np.prod(tensor.shape.as_list()))),
    "__getitem__": part,
}
