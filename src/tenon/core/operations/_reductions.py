"""Reductions: sums, means and extremes over axes."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special
import numpy as np

from tenon.core.operations._table import operation
from tenon.core.operations._types import FLOATS, INEXACT, NUMBERS, NUMERIC, REALS

_SIGNATURE = "input_tensor: T, axis=None, keepdims=False"
_MATRIX = "[[1.0, 2.0], [3.0, 5.0]], 0"


def _sum(x: Any, axis: Any, keepdims: bool) -> Any:
    return jnp.sum(x, axis=axis, keepdims=bool(keepdims), dtype=x.dtype)


def _prod(x: Any, axis: Any, keepdims: bool) -> Any:
    return jnp.prod(x, axis=axis, keepdims=bool(keepdims), dtype=x.dtype)


def _mean(x: Any, axis: Any, keepdims: bool) -> Any:
    """Integers are summed in 64 bits and divided rounding towards zero, as TensorFlow does."""
    if x.dtype.kind not in "iu":
        return jnp.mean(x, axis=axis, keepdims=bool(keepdims))
    total = _sum(x.astype(jnp.int64 if x.dtype.kind == "i" else jnp.uint64), axis, keepdims)
    return jax.lax.div(total, jnp.full_like(total, x.size // max(total.size, 1))).astype(x.dtype)


def _variance(x: Any, axis: Any, keepdims: bool) -> Any:
    return jnp.var(x, axis=axis, keepdims=bool(keepdims))


def _std(x: Any, axis: Any, keepdims: bool) -> Any:
    return jnp.sqrt(_variance(x, axis, keepdims))


def _max(x: Any, axis: Any, keepdims: bool) -> Any:
    return jnp.max(x, axis=axis, keepdims=bool(keepdims), initial=_lowest(x.dtype) if x.size == 0 else None)


def _min(x: Any, axis: Any, keepdims: bool) -> Any:
    return jnp.min(x, axis=axis, keepdims=bool(keepdims), initial=_highest(x.dtype) if x.size == 0 else None)


def _lowest(dtype: Any) -> Any:
    return jnp.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def _highest(dtype: Any) -> Any:
    return jnp.iinfo(dtype).max if dtype.kind in "iu" else np.inf


def _logsumexp(x: Any, axis: Any, keepdims: bool) -> Any:
    return jax.scipy.special.logsumexp(x, axis=axis, keepdims=bool(keepdims))


def _euclidean_norm(x: Any, axis: Any, keepdims: bool) -> Any:
    total = _sum(jnp.real(x * jnp.conj(x)), axis, keepdims)
    if x.dtype.kind in "iu":
        return jnp.sqrt(total.astype(jnp.float64)).astype(x.dtype)
    return jnp.sqrt(total).astype(x.dtype)


def _any(x: Any, axis: Any, keepdims: bool) -> Any:
    return jnp.any(x, axis=axis, keepdims=bool(keepdims))


def _all(x: Any, axis: Any, keepdims: bool) -> Any:
    return jnp.all(x, axis=axis, keepdims=bool(keepdims))


def _count_nonzero(x: Any, axis: Any, keepdims: Any, dtype: Any) -> Any:
    return jnp.sum(x != 0, axis=axis, keepdims=bool(keepdims), dtype=dtype)


def _count_nonempty(x: np.ndarray, axis: Any, keepdims: Any, dtype: Any) -> Any:
    return np.sum(np.not_equal(x, b""), axis=axis, keepdims=bool(keepdims), dtype=dtype)


def _zero_fraction(x: Any) -> Any:
    return jnp.mean((x == 0).astype(jnp.float32))


def _reduction(names: str, function: Any, summary: str, types: Any) -> Any:
    return operation(names, _SIGNATURE, function, summary, _MATRIX, types=types)


def _logical(names: str, function: Any, summary: str) -> Any:
    signature, example = "input_tensor: bool, axis=None, keepdims=False", "[[True, False], [True, True]], 0"
    return operation(names, signature, function, summary, example, differentiable=False)


reduce_sum = _reduction("math.reduce_sum reduce_sum", _sum, "Returns the sum over the axes.", NUMBERS)
reduce_prod = _reduction("math.reduce_prod reduce_prod", _prod, "Returns the product over the axes.", NUMBERS)
reduce_mean = _reduction("math.reduce_mean reduce_mean", _mean, "Returns the mean over the axes.", NUMBERS)
reduce_max = _reduction("math.reduce_max reduce_max", _max, "Returns the largest over the axes.", REALS)
reduce_min = _reduction("math.reduce_min reduce_min", _min, "Returns the smallest over the axes.", REALS)
reduce_variance = _reduction(
    "math.reduce_variance", _variance, "Returns the variance over the axes, of the whole population.", INEXACT
)
reduce_std = _reduction(
    "math.reduce_std", _std, "Returns the standard deviation over the axes, of the whole population.", INEXACT
)
reduce_logsumexp = _reduction(
    "math.reduce_logsumexp reduce_logsumexp", _logsumexp, "Returns log(sum(exp(x))) over the axes.", FLOATS
)
reduce_euclidean_norm = _reduction(
    "math.reduce_euclidean_norm", _euclidean_norm, "Returns the root of the sum of squares over the axes.", NUMBERS
)
reduce_any = _logical("math.reduce_any reduce_any", _any, "Returns whether one is true, over the axes.")
reduce_all = _logical("math.reduce_all reduce_all", _all, "Returns whether all are true, over the axes.")
count_nonzero = operation(
    "math.count_nonzero",
    "input: T, axis=None, keepdims=None, dtype: dtype = tf.int64",
    _count_nonzero,
    "Returns how many elements are not zero (true, not empty) over the axes.",
    "[[1.0, 0.0], [1.0, 2.0]], 1",
    types=NUMERIC,
    differentiable=False,
    strings=_count_nonempty,
)
zero_fraction = operation(
    "math.zero_fraction nn.zero_fraction",
    "value: T",
    _zero_fraction,
    "Returns which part of the elements is zero.",
    "[0.0, 1.0, 0.0, 2.0]",
    types=NUMERIC,
    differentiable=False,
)
