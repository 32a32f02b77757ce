"""Reductions of segments: rows with the same number are reduced together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations._table import operation
from tenon.core.operations._types import INEXACT, NUMBERS, REALS
from tenon.core.recording import kernel, run

Reduce = Callable[[Any, Any, int], Any]


def _sum(data: Any, ids: Any, count: int) -> Any:
    return jax.ops.segment_sum(data, ids, count)


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def _prod(data: Any, ids: Any, count: int) -> Any:
    return jax.ops.segment_prod(data, ids, count)


@_prod.defjvp
def _prod_jvp(count: int, values: Any, tangents: Any) -> Any:
    """Each row's derivative is the product of the others: with one zero in the segment, only that row has one."""
    data, ids = values
    zero = data == 0
    others = _prod(jnp.where(zero, 1, data), ids, count)[ids]
    zeros = _sum(zero.astype(jnp.int32), ids, count)[ids]
    alone = jnp.where(zero & (zeros == 1), others, 0)
    factor = jnp.where(zeros == 0, others / jnp.where(zero, 1, data), alone)
    return _prod(data, ids, count), _sum(factor * tangents[0], ids, count)


def _max(data: Any, ids: Any, count: int) -> Any:
    return jnp.full((count, *data.shape[1:]), _lowest(data.dtype), data.dtype).at[ids].max(data)


def _min(data: Any, ids: Any, count: int) -> Any:
    return jnp.full((count, *data.shape[1:]), _highest(data.dtype), data.dtype).at[ids].min(data)


def _lowest(dtype: Any) -> Any:
    return jnp.iinfo(dtype).min if dtype.kind in "iu" else jnp.finfo(dtype).min


def _highest(dtype: Any) -> Any:
    return jnp.iinfo(dtype).max if dtype.kind in "iu" else jnp.finfo(dtype).max


def _sizes(data: Any, ids: Any, count: int) -> Any:
    """Return how many rows each segment has, at least 1, in a shape that divides what was reduced."""
    counted = jnp.zeros(count, jnp.int32).at[ids].add(1)
    return jnp.maximum(counted, 1).reshape(count, *[1] * (data.ndim - 1))


def _mean(data: Any, ids: Any, count: int) -> Any:
    total, sizes = _sum(data, ids, count), _sizes(data, ids, count).astype(data.dtype)
    return jax.lax.div(total, jnp.broadcast_to(sizes, total.shape)) if data.dtype.kind in "iu" else total / sizes


def _float_mean(data: Any, ids: Any, count: int) -> Any:
    wide = data if data.dtype.name in INEXACT else data.astype(jnp.float64)
    return _mean(wide, ids, count)


def _sqrt_n(data: Any, ids: Any, count: int) -> Any:
    wide = data if data.dtype.name in INEXACT else data.astype(jnp.float64)
    return _sum(wide, ids, count) / jnp.sqrt(_sizes(wide, ids, count).astype(wide.dtype))


def _zero_where_empty(reduce: Reduce) -> Reduce:
    def reduced(data: Any, ids: Any, count: int) -> Any:
        full = jnp.zeros(count, bool).at[ids].set(True).reshape(count, *[1] * (data.ndim - 1))
        return jnp.where(full, reduce(data, ids, count), jnp.zeros((), data.dtype))

    return reduced


def _sorted_segments(reduce: Reduce) -> Callable[[Any, Any], Any]:
    """Return the operation whose segments' numbers are sorted: the last one says how many there are."""

    def segments(data: Any, segment_ids: Any) -> Any:
        if isinstance(segment_ids, jax.core.Tracer):
            raise InvalidArgumentError(
                "segment_ids: the number of segments is their last value, which must be known when a function is "
                "traced, because XLA compiles for fixed shapes; use the tf.math.unsorted_segment_* of the same name, "
                "with num_segments."
            )
        return run(kernel(reduce, count=_checked_count(data, np.asarray(segment_ids))), [data, segment_ids])

    return segments


def _checked_count(data: Any, ids: np.ndarray) -> int:
    if ids.ndim != 1 or not data.ndim or len(ids) != data.shape[0]:
        raise InvalidArgumentError(
            f"segment_ids should be the same size as dimension 0 of input; received shapes {list(ids.shape)} and "
            f"{list(data.shape)}."
        )
    if not len(ids):
        return 0
    if np.any(np.diff(ids) < 0):
        raise InvalidArgumentError(
            f"segment ids are not increasing; received {ids.tolist()}. Sort them, or use tf.math.unsorted_segment_*."
        )
    if ids[0] < 0:
        raise InvalidArgumentError(f"segment_ids: must not be negative; received {ids.tolist()}.")
    return int(ids[-1]) + 1


def _unsorted_segments(reduce: Reduce) -> Callable[..., Any]:
    """Return the operation that is told the number of segments; negative numbers belong to none."""

    def segments(data: Any, segment_ids: Any, num_segments: int) -> Any:
        inner = data.shape[segment_ids.ndim :]
        if data.shape[: segment_ids.ndim] != segment_ids.shape:
            raise ValueError(
                f"data.shape = {list(data.shape)} does not start with segment_ids.shape = {list(segment_ids.shape)}"
            )
        flat = segment_ids.reshape(-1)
        ids = jnp.where(flat < 0, num_segments, flat)
        return reduce(data.reshape(flat.shape[0], *inner), ids, num_segments)

    return segments


_EXAMPLE = "[[1.0, 2.0], [5.0, 4.0], [3.0, 6.0]], [0, 0, 2]"


def _sorted(name: str, reduce: Reduce, what: str, types: Any = NUMBERS) -> Any:
    summary = f"Returns the {what} of each segment; the numbers of the segments are sorted."
    signature = "data: T, segment_ids: index"
    return operation(
        f"math.segment_{name}", signature, _sorted_segments(reduce), summary, _EXAMPLE, types=types, composed=True
    )


def _unsorted(name: str, reduce: Reduce, what: str, types: Any = NUMBERS) -> Any:
    summary = f"Returns the {what} of each segment; rows with a negative number belong to none."
    signature = "data: T, segment_ids: index, num_segments"
    example = "[[1.0, 2.0], [5.0, 4.0], [3.0, 6.0], [0.5, 1.0]], [1, -1, 0, 1], 2"
    return operation(
        f"math.unsorted_segment_{name}", signature, _unsorted_segments(reduce), summary, example, types=types
    )


segment_sum = _sorted("sum", _sum, "sum")
segment_prod = _sorted("prod", _prod, "product")
segment_mean = _sorted("mean", _mean, "mean")
segment_max = _sorted("max", _zero_where_empty(_max), "maximum", REALS)
segment_min = _sorted("min", _zero_where_empty(_min), "minimum", REALS)

unsorted_segment_sum = _unsorted("sum", _sum, "sum")
unsorted_segment_prod = _unsorted("prod", _prod, "product")
unsorted_segment_mean = _unsorted("mean", _float_mean, "mean")
unsorted_segment_sqrt_n = _unsorted("sqrt_n", _sqrt_n, "sum, divided by the root of the number of rows,")
unsorted_segment_max = _unsorted("max", _max, "maximum", REALS)
unsorted_segment_min = _unsorted("min", _min, "minimum", REALS)
