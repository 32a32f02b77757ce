"""Maxima and minima of some dimensions, NaN wherever there is one.

XLA:CPU (jaxlib 0.10.2) gives those of 4096 numbers and more to YNNPACK, which drops NaN: all of them in float32 and
float64, where what stood before it in its lane may be dropped with it, and in 16 bits those that its order of bits puts
last. Its sums keep NaN, so one sum of everything tells whether slower extremes are needed. That the sum of both
infinities is NaN too costs time only. Other ways are slower: without YNNPACK rows take up to 10 times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from math import inf, prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._materialized import materialized
from tenon.xla.lowering._rule import are_numbers

MIN_ELEMENTS = 4096
"""Elements of the operand from which YNNPACK is asked."""

DTYPES = ("bfloat16", "float16", "float32", "float64")

FOLDED_DTYPES = ("float32", "float64")
"""Those whose maxima of two arrays the processor has an instruction for."""

PARTS = 8
"""Of a dimension, laid on each other where that saves the sum a pass over memory."""

MIN_COLUMNS = 16
"""Numbers beside each other in a part: a vector of the processor."""


@dataclass(frozen=True)
class Kind:
    """Maxima or minima.

    Args:
        between: two arrays; keeps NaN.
        preferred: compares two numbers.
        least: what every number is preferred to.
    """

    between: Callable[[Any, Any], jax.Array]
    preferred: Callable[[Any, Any], jax.Array]
    least: float


def _maximum(one: Any, other: Any) -> jax.Array:
    return lax.max(one, other)


def _minimum(one: Any, other: Any) -> jax.Array:
    return lax.min(one, other)


LARGEST = Kind(_maximum, lax.ge, -inf)
SMALLEST = Kind(_minimum, lax.le, inf)


def may_lose_nan(operand: jax.core.ShapedArray, axes: Sequence[int]) -> bool:
    """Tell whether XLA's extremes of an operand over ``axes`` may drop NaN.

    Args:
        operand: what is reduced; of symbols as sizes nothing is known.
        axes: that are reduced.
    """
    return len(axes) > 0 and operand.dtype.name in DTYPES and not _is_small(operand.shape)


def _is_small(shape: Sequence[Any]) -> bool:
    return are_numbers(shape) and prod(shape) < MIN_ELEMENTS


def kept_extremes(given: jax.Array, axes: Sequence[int], kind: Kind) -> jax.Array:
    """Return the extremes over some dimensions, NaN where there is one.

    Args:
        given: what is reduced.
        axes: that are reduced.
        kind: of the extremes.
    """
    folded = _folded(given, axes, kind)
    if _is_small(folded.shape):
        return _extremes(folded, axes, kind)
    found: jax.Array = lax.cond(
        jnp.isnan(lax.reduce_sum(_wide(folded), tuple(range(folded.ndim)))),
        partial(_careful_extremes, axes=axes, kind=kind),
        partial(_extremes, axes=axes, kind=kind),
        folded,
    )
    return found


def _folded(given: jax.Array, axes: Sequence[int], kind: Kind) -> jax.Array:
    """Return extremes of a few parts of one dimension, if there is one whose parts are long runs of memory."""
    foldable = [axis for axis in axes if _is_foldable(given, axes, axis)]
    if not foldable:
        return given
    axis = max(foldable, key=lambda axis: given.shape[axis])
    length = given.shape[axis]
    size = -(-length // PARTS)
    starts = [min(start, length - size) for start in range(0, length, size)]
    return materialized(reduce(kind.between, (lax.slice_in_dim(given, at, at + size, axis=axis) for at in starts)))


def _is_foldable(given: jax.Array, axes: Sequence[int], axis: int) -> bool:
    last = given.ndim - 1
    return (
        given.dtype.name in FOLDED_DTYPES
        and last not in axes
        and are_numbers((given.shape[axis], given.shape[last]))
        and given.shape[axis] > 1
        and given.shape[last] >= MIN_COLUMNS
    )


def _extremes(given: jax.Array, axes: Sequence[int], kind: Kind) -> jax.Array:
    """Reduce as XLA does: by a function of our own, which no rule changes further."""
    found: jax.Array = lax.reduce(given, given.dtype.type(kind.least), kind.between, axes)
    return found


def _careful_extremes(given: jax.Array, axes: Sequence[int], kind: Kind) -> jax.Array:
    """Reduce by a function that XLA does not know, and therefore compiles."""
    wide = _wide(given)
    found: jax.Array = lax.reduce(wide, wide.dtype.type(kind.least), partial(_preferred, kind=kind), axes)
    return found.astype(given.dtype)


def _preferred(one: jax.Array, other: jax.Array, kind: Kind) -> jax.Array:
    return jnp.where(kind.preferred(one, other) | jnp.isnan(one), one, other)


def _wide(given: jax.Array) -> jax.Array:
    """Return numbers of at least 32 bits: XLA:CPU is slow with fewer."""
    return given.astype(jnp.promote_types(given.dtype, jnp.float32))
