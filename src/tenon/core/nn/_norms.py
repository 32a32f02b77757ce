"""Normalization: moments of values, and values made to have wanted ones."""

from __future__ import annotations

from math import prod
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core.operations import FLOATS, operation

_NARROW = ("float16", "bfloat16")


def _axes(axes: Any) -> Any:
    return axes if axes is None else tuple(axes) if isinstance(axes, list | tuple) else (axes,)


def _moments(x: Any, axes: Any, shift: Any, keepdims: bool) -> tuple[Any, Any]:
    del shift  # TensorFlow 2 ignores it too
    wide = x.astype(jnp.float32) if x.dtype.name in _NARROW else x
    mean = jnp.mean(wide, _axes(axes), keepdims=True)
    variance = jnp.mean(jnp.square(wide - lax.stop_gradient(mean)), _axes(axes), keepdims=True)
    found = (mean, variance) if keepdims else (jnp.squeeze(mean, _axes(axes)), jnp.squeeze(variance, _axes(axes)))
    return tuple([moment.astype(x.dtype) for moment in found])  # type: ignore[return-value]  # two of them


def _weighted_moments(x: Any, frequency_weights: Any, axes: Any, keepdims: bool) -> tuple[Any, Any]:
    weights = jnp.broadcast_to(
        frequency_weights.astype(x.dtype), jnp.broadcast_shapes(x.shape, frequency_weights.shape)
    )
    total = jnp.sum(weights, _axes(axes), keepdims=True)
    mean = jnp.sum(weights * x, _axes(axes), keepdims=True) / total
    variance = jnp.sum(weights * jnp.square(x - lax.stop_gradient(mean)), _axes(axes), keepdims=True) / total
    return (mean, variance) if keepdims else (jnp.squeeze(mean, _axes(axes)), jnp.squeeze(variance, _axes(axes)))


def _sufficient_statistics(x: Any, shift: Any, axes: Any, keepdims: bool) -> tuple[Any, ...]:
    reduced = _axes(axes)
    count = jnp.asarray(prod([x.shape[axis] for axis in reduced])).astype(x.dtype)
    centred = x if shift is None else x - shift
    mean_ss = jnp.sum(centred, reduced, keepdims=bool(keepdims))
    variance_ss = jnp.sum(jnp.square(centred), reduced, keepdims=bool(keepdims))
    return (count, mean_ss, variance_ss) if shift is None else (count, mean_ss, variance_ss, shift)


def _with_shift(*statistics: Any) -> tuple[Any, ...]:
    return tuple(statistics) if len(statistics) == 4 else (*statistics, None)


def _normalize_moments(counts: Any, mean_ss: Any, variance_ss: Any, shift: Any) -> tuple[Any, Any]:
    shifted = mean_ss / counts
    mean = shifted if shift is None else shifted + shift
    return mean, variance_ss / counts - jnp.square(shifted)


def _batch_normalization(x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float) -> Any:
    factor = lax.rsqrt(variance + variance_epsilon)
    factor = factor if scale is None else factor * scale
    added = -mean * factor if offset is None else offset - mean * factor
    return x * factor.astype(x.dtype) + added.astype(x.dtype)


def _global_normalization(
    x: Any, mean: Any, variance: Any, beta: Any, gamma: Any, variance_epsilon: float, scale_after_normalization: bool
) -> Any:
    scale = gamma if scale_after_normalization else None
    return _batch_normalization(x, mean, variance, beta, scale, variance_epsilon)


def _local_response_normalization(values: Any, depth_radius: int, bias: float, alpha: float, beta: float) -> Any:
    if values.ndim != 4:
        raise InvalidArgumentError(f"input: must have 4 dimensions; received {list(values.shape)}.")
    window, pads = (1, 1, 1, 2 * depth_radius + 1), ((0, 0),) * 3 + ((depth_radius, depth_radius),)
    squares = lax.reduce_window(jnp.square(values), np.zeros((), values.dtype), lax.add, window, (1,) * 4, pads)
    return values / (bias + alpha * squares) ** beta


moments = operation(
    "nn.moments",
    "x: T, axes, shift=None, keepdims=False",
    _moments,
    "Returns mean and variance over the axes; 16-bit floats are summed in 32 bits.",
    "[[1.0, 2.0], [3.0, 5.0]], [0]",
    types=FLOATS,
    result=lambda mean, variance: (mean, variance),
)
weighted_moments = operation(
    "nn.weighted_moments",
    "x: T, axes, frequency_weights: any, keepdims=False",
    _weighted_moments,
    "Returns mean and variance over the axes, where each value counts as often as its weight says.",
    "[[1.0, 2.0], [3.0, 5.0]], [0], [[1.0], [3.0]]",
    types=FLOATS,
    result=lambda mean, variance: (mean, variance),
)
sufficient_statistics = operation(
    "nn.sufficient_statistics",
    "x: T, axes, shift: T = None, keepdims=False",
    _sufficient_statistics,
    "Returns count, sum and sum of squares over the axes, of the values less the shift, and the shift or None.",
    "[[1.0, 2.0], [3.0, 5.0]], [0]",
    types=FLOATS,
    result=_with_shift,
)
normalize_moments = operation(
    "nn.normalize_moments",
    "counts: T, mean_ss: T, variance_ss: T, shift: T = None",
    _normalize_moments,
    "Returns mean and variance of sufficient statistics.",
    "2.0, [4.0, 7.0], [10.0, 29.0], None",
    types=FLOATS,
    result=lambda mean, variance: (mean, variance),
)
batch_normalization = operation(
    "nn.batch_normalization",
    "x: T, mean: U, variance: U, offset: U = None, scale: U = None, variance_epsilon=None",
    _batch_normalization,
    "Returns (x - mean) / sqrt(variance + variance_epsilon) * scale + offset.",
    "[[1.0, 2.0], [3.0, 5.0]], [2.0, 3.5], [1.0, 2.25], [0.5, 0.0], [1.0, 2.0], 0.001",
    types=FLOATS,
)
batch_norm_with_global_normalization = operation(
    "nn.batch_norm_with_global_normalization",
    "input: T, mean: T, variance: T, beta: T, gamma: T, variance_epsilon, scale_after_normalization",
    _global_normalization,
    "Returns batch_normalization, scaled by gamma only if scale_after_normalization.",
    "[[[[1.0, 2.0]]]], [2.0, 3.5], [1.0, 2.25], [0.5, 0.0], [1.0, 2.0], 0.001, True",
    types=FLOATS,
)
local_response_normalization = operation(
    "nn.local_response_normalization nn.lrn",
    "input: T, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5",
    _local_response_normalization,
    "Returns input / (bias + alpha * sum of squares of the channels within depth_radius) ** beta.",
    "[[[[1.0, 2.0, 3.0]]]], 1",
    types=FLOATS,
)
