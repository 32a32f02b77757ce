"""Where the largest or smallest of a row stands: first in which part of the row, then where in that part.

XLA:CPU compares pairs of value and place one after the other; extremes without places fill its vectors. Milliseconds
of the processor, plain and by this rule, over the last dimension: 32x64x8000 72 and 10, 4096x1000 18 and 3.7
(8.0 with a NaN), 4096x64 1.1 and 0.25, 32x1000 0.21 and 0.06; TensorFlow needs 10.7 for 32x128x8000.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import isqrt
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import LoweringRule, are_numbers

MIN_LENGTH = 64
"""Elements of a row below which pairs are as fast."""

DTYPES = ("bfloat16", "float16", "float32", "float64")

MIN_PARTS = 4
"""Both parts of a row and elements of a part; fewer leave too much to the pairs."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    (operand,) = operands
    (axis,) = parameters["axes"]
    return (
        axis == operand.ndim - 1
        and are_numbers(operand.shape[-1:])
        and operand.shape[-1] >= MIN_LENGTH
        and operand.dtype.name in DTYPES
        and _parts(operand.shape[-1]) >= MIN_PARTS
    )


def _parts(length: int) -> int:
    """Return the largest divisor up to the square root."""
    return next(parts for parts in range(isqrt(length), 0, -1) if length % parts == 0)


@dataclass(frozen=True)
class _Kind:
    """Of the two primitives, one.

    Args:
        place: finds a place by pairs, in what is left of a row.
        extreme: reduces some dimensions to their extremes, and keeps NaN (``tenon.xla.lowering.extremes`` sees to it).
    """

    place: Callable[[jax.Array, int, Any], jax.Array]
    extreme: Callable[[jax.Array, Sequence[int]], jax.Array]


def _compute(given: jax.Array, *, kind: _Kind, index_dtype: Any, **_: Any) -> jax.Array:
    length, last = given.shape[-1], given.ndim - 1
    parts = _parts(length)
    rows = given.reshape(*given.shape[:-1], parts, length // parts)
    part = kind.place(kind.extreme(rows, (last + 1,)), last, index_dtype)
    within = jnp.take_along_axis(rows, part[..., None, None], last, mode="clip").squeeze(last)
    return part * (length // parts) + kind.place(within, last, index_dtype)


_LARGEST = _Kind(lax.argmax, lax.reduce_max)
_SMALLEST = _Kind(lax.argmin, lax.reduce_min)

ARGUMENTS = (
    LoweringRule("argmax", lax.argmax_p, _applies, partial(_compute, kind=_LARGEST)),
    LoweringRule("argmin", lax.argmin_p, _applies, partial(_compute, kind=_SMALLEST)),
)
"""The first of the largest, and of what is not a number: both are the first in the first part that has one."""
