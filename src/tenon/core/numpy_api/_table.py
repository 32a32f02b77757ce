"""The functions of ``tf.experimental.numpy``: one row each."""

from __future__ import annotations

from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tenon.core._names import NAMES
from tenon.core.numpy_api._functions import function

_FLOAT_UNARY: Final = (
    *("arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "ceil", "cos", "cosh", "deg2rad", "exp"),
    *("exp2", "expm1", "fabs", "floor", "log", "log10", "log1p", "log2", "rad2deg", "sin", "sinc", "sinh", "sqrt"),
    *("tan", "tanh"),
)
_UNARY: Final = (
    *("abs", "absolute", "bitwise_not", "conj", "conjugate", "iscomplex", "isfinite", "isinf", "isnan", "isneginf"),
    *("isposinf", "isreal", "logical_not", "negative", "positive", "reciprocal", "signbit", "square"),
)
_BINARY: Final = (
    *("add", "bitwise_and", "bitwise_or", "bitwise_xor", "equal", "floor_divide", "gcd", "greater", "greater_equal"),
    *("lcm", "less", "less_equal", "maximum", "minimum", "mod", "multiply", "not_equal", "power", "remainder"),
    *("subtract", "heaviside", "divmod", "logical_and", "logical_or", "logical_xor", "float_power"),
)
_FLOAT_BINARY: Final = ("arctan2", "divide", "true_divide", "hypot", "logaddexp", "logaddexp2", "nextafter")
_REDUCTIONS: Final = {
    "all": "a, /, axis=None, keepdims=None",
    "any": "a, /, axis=None, keepdims=None",
    "amax": "a, /, axis=None, out=None, keepdims=None",
    "amin": "a, /, axis=None, out=None, keepdims=None",
    "max": "a, /, axis=None, keepdims=None",
    "min": "a, /, axis=None, keepdims=None",
    "sum": "a, /, axis=None, dtype=None, keepdims=None",
    "prod": "a, /, axis=None, dtype=None, keepdims=None",
    "nansum": "a, /, axis=None, dtype=None, keepdims=False",
    "nanprod": "a, /, axis=None, dtype=None, keepdims=False",
    "argmax": "a, /, axis=None",
    "argmin": "a, /, axis=None",
    "count_nonzero": "a, /, axis=None",
    "ptp": "a, /, axis=None, keepdims=None",
    "cumsum": "a, /, axis=None, dtype=None",
    "cumprod": "a, /, axis=None, dtype=None",
}
_FLOAT_REDUCTIONS: Final = {
    "mean": "a, /, axis=None, dtype=None, out=None, keepdims=None",
    "var": "a, /, axis=None, dtype=None, out=None, ddof=0, keepdims=None",
    "std": "a, /, axis=None, keepdims=None",
    "nanmean": "a, /, axis=None, dtype=None, keepdims=None",
}
_SHAPES: Final = {
    "broadcast_arrays": "*args",
    "broadcast_to": "array, /, shape",
    "compress": "condition, a, /, axis=None",
    "copy": "a, /",
    "cross": "a, b, /, axisa=-1, axisb=-1, axisc=-1, axis=None",
    "diag": "v, /, k=0",
    "diagflat": "v, /, k=0",
    "diagonal": "a, /, offset=0, axis1=0, axis2=1",
    "diff": "a, /, n=1, axis=-1",
    "expand_dims": "a, /, axis",
    "flip": "m, /, axis=None",
    "fliplr": "m, /",
    "flipud": "m, /",
    "identity": "n, dtype=float",
    "moveaxis": "a, /, source, destination",
    "pad": "array, /, pad_width, mode='constant', **kwargs",
    "ravel": "a, /",
    "roll": "a, /, shift, axis=None",
    "rot90": "m, /, k=1, axes=(0, 1)",
    "squeeze": "a, /, axis=None",
    "swapaxes": "a, /, axis1, axis2",
    "take_along_axis": "arr, indices, /, axis",
    "tile": "a, /, reps",
    "trace": "a, /, offset=0, axis1=0, axis2=1, dtype=None",
    "transpose": "a, /, axes=None",
    "tril": "m, /, k=0",
    "triu": "m, /, k=0",
    "vander": "x, /, N=None, increasing=False",
    "dsplit": "ary, /, indices_or_sections",
    "hsplit": "ary, /, indices_or_sections",
    "vsplit": "ary, /, indices_or_sections",
    "split": "ary, /, indices_or_sections, axis=0",
}
_TOGETHER: Final = {
    "append": "arr, values, /, axis=None",
    "concatenate": "arys_list, /, axis=0",
    "dot": "a, b, /",
    "dstack": "tup_list, /",
    "hstack": "tup_list, /",
    "inner": "a, b, /",
    "kron": "a, b, /",
    "matmul": "x1, x2, /",
    "outer": "a, b, /",
    "polyval": "p, x, /",
    "stack": "arrays_list, /, axis=0",
    "tensordot": "a, b, /, axes=2",
    "vdot": "a, b, /",
    "vstack": "tup_list, /",
    "array_equal": "a1, a2, /",
    "isclose": "a, b, /, rtol=1e-05, atol=1e-08, equal_nan=False",
    "allclose": "a, b, /, rtol=1e-05, atol=1e-08, equal_nan=False",
}
_FILLED: Final = {
    "empty": "shape, dtype=float",
    "eye": "N, M=None, k=0, dtype=float",
    "geomspace": "start, stop, /, num=50, endpoint=True, dtype=None, axis=0",
    "logspace": "start, stop, /, num=50, endpoint=True, base=10.0, dtype=None, axis=0",
    "ones": "shape, dtype=float",
    "tri": "N, M=None, k=0, dtype=float",
    "zeros": "shape, dtype=float",
    "ones_like": "a, /, dtype=None",
    "zeros_like": "a, /, dtype=None",
    "empty_like": "a, /, dtype=None",
}

for _names, _signature, _dtypes in (
    (_FLOAT_UNARY, "x, /", "floating"),
    (_UNARY, "x, /", "as they are"),
    (_BINARY, "x1, x2, /", "one dtype"),
    (_FLOAT_BINARY, "x1, x2, /", "floating"),
):
    for _name in _names:
        function(_name, _signature, None, _dtypes)
for _rows, _dtypes in (
    (_REDUCTIONS, "as they are"),
    (_FLOAT_REDUCTIONS, "floating"),
    (_SHAPES, "as they are"),
    (_TOGETHER, "one dtype"),
    (_FILLED, "as they are"),
):
    for _name, _signature in _rows.items():
        function(_name, _signature, None, _dtypes)


def _linspace(start: Any, stop: Any, dtype: Any = None, **static: Any) -> Any:
    found = jnp.linspace(start, stop, **static)
    return found if dtype is None else jax.tree.map(lambda array: array.astype(dtype), found)


def _average(a: Any, weights: Any = None, axis: Any = None, returned: bool = False) -> Any:
    return jnp.average(a, axis, weights, returned)


def _clip(a: Any, low: Any, high: Any) -> Any:
    return jnp.minimum(jnp.maximum(a, low), high)


def _take(a: Any, indices: Any, axis: Any = None, mode: str = "clip") -> Any:
    return jnp.take(a, indices, axis=axis, mode=mode)


def _full(fill_value: Any, shape: Any, dtype: Any = None) -> Any:
    return jnp.full(shape, fill_value, dtype)


def _reshape(a: Any, newshape: Any, order: str = "C") -> Any:
    return jnp.reshape(a, newshape, order)


def _around(a: Any, decimals: int = 0) -> Any:
    return jnp.round(a, decimals)


def _repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    return jnp.repeat(a, np.asarray(repeats), axis)


def _rows_of_at_least(dimensions: int) -> Any:
    def compute(*arrays: Any) -> Any:
        return getattr(jnp, f"atleast_{dimensions}d")(*arrays)

    return compute


def _sort(a: Any, axis: int = -1, **_: Any) -> Any:
    return jnp.sort(a, axis)


def _argsort(a: Any, axis: int = -1, **_: Any) -> Any:
    return jnp.argsort(a, axis)


function("angle", "z, /, deg=False")
function("imag", "val, /")
function("real", "val, /")
function("sign", "x, /, out=None, where=None, **kwargs")
function("sort", "a, /, axis=-1, kind='quicksort', order=None", _sort)
function("argsort", "a, /, axis=-1, kind='quicksort', order=None", _argsort)
function("linspace", "start, stop, /, num=50, endpoint=True, retstep=False, dtype=float, axis=0", _linspace, "floating")
average_of = function("_average", "a, weights=None, /, axis=None, returned=False", _average, "floating")
del NAMES["experimental.numpy._average"]
function("clip", "a, a_min, a_max, /", _clip, "one dtype")
function("take", "a, indices, /, axis=None, out=None, mode='clip'", _take)
function("reshape", "a, /, newshape, order='C'", _reshape)
function("around", "a, /, decimals=0", _around)
function("round", "a, /, decimals=0", _around)
function("repeat", "a, /, repeats, axis=None", _repeat)
function("atleast_1d", "*arys", _rows_of_at_least(1))
function("atleast_2d", "*arys", _rows_of_at_least(2))
function("atleast_3d", "*arys", _rows_of_at_least(3))
function("fix", "x, /", jnp.trunc, "floating")
_choose = function("_where", "condition, x, y, /", lambda c, x, y: jnp.where(c.astype(bool), x, y))
del NAMES["experimental.numpy._where"]
filled = function("_full", "fill_value, /, shape, dtype=None", _full)
del NAMES["experimental.numpy._full"]
choose = _choose
