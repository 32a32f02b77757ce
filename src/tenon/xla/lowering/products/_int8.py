"""Products of int8 matrices with a result in int32, said so that XLA's library has its fast ways.

Keras makes such products of a model that ``quantize("int8")`` changed. XLA:CPU gives them to a library, whose kernels
for int8 are faster than those for float32, with exceptions that have another form here. Sums of integers wrap around,
in any order: results are equal bit by bit.

One row is multiplied by an int32 copy of the weights, twice as slow as in float32. With a row of zeros below it the
library takes it. The library brings the weights into another order first; a part of them at a time, as a batch of
products over parts of the sum, what it writes is still in the cache when it is read. A number of columns that is no
multiple of 32 is brought into that order four times as slowly: so the last columns become a product of their own. And
weights that the program transposes are copied, number by number, unless the other operand has three dimensions.

Microseconds of the processor (AMD EPYC with AVX512_VNNI, 1 MiB of second cache), float32, the plain form and this:
1 x 1024 x 1024 125, 264 and 138; 1 x 4096 x 4096 3722, 10010 and 2482; 1 x 2048 x 1000 227, 457 and 227;
2 x 2048 x 1000 430, 735 and 257; 256 x 1024 x 1000 5737, 4282 and 3617; by transposed weights,
32 x 1024 x 1024 1264, 3156 and 547.

No operand tells whether it is a transposition, and a part of one is copied. So weights are not divided where they are
much wider than long, as those of a tied embedding. Others that are transposed are slower by this than in the plain form
where they are divided (1 x 1024 x 1000: 73 and 1608).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, Final

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import LoweringRule, are_numbers

LEAST_WEIGHTS: Final = 2**16
"""Numbers in the weights from which the detour is worth its cost."""

EVEN_COLUMNS: Final = 32
"""The library is fast at multiples of this."""

CACHED_WEIGHTS: Final = 2**20
"""Bytes that stay in a processor's second cache."""

LEAST_PART: Final = 32
"""Of a sum; shorter parts cost more in adding up than the cache spares."""

GREATEST_WIDTH: Final = 4
"""Columns for each row, of weights that are divided."""

_SAID: Final = lax.Precision.HIGHEST
"""Nothing to integers, but the guard's sign of a product that the rule made."""

_UNSAID: Final = (lax.Precision.DEFAULT, lax.Precision.DEFAULT)


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    left, right = operands
    count = _summed_dimensions(parameters["dimension_numbers"], left.ndim)
    return (
        left.dtype == right.dtype == jnp.int8
        and parameters["preferred_element_type"] == jnp.int32
        and parameters["out_sharding"] is None
        and parameters["precision"] in (None, _UNSAID)
        and count > 0
        and are_numbers(right.shape)
        and prod(right.shape) >= LEAST_WEIGHTS
        and 0 not in left.shape
        and _is_faster(left.shape[:-count], prod(right.shape[:count]), prod(right.shape[count:]))
    )


def _summed_dimensions(dimension_numbers: Any, left_rank: int) -> int:
    """Return over how many dimensions is summed, the last of the left and the first of the right; 0 if over others."""
    contracting, batch = dimension_numbers
    last, first = map(tuple, contracting)
    count = len(first)
    forward = last == tuple(range(left_rank - count, left_rank)) and first == tuple(range(count))
    return count if forward and not any(map(tuple, batch)) else 0


def _is_faster(rows: Sequence[Any], size: int, columns: int) -> bool:
    if columns % EVEN_COLUMNS:
        return _is_divided_by_columns(size, columns)
    return len(rows) < 2 or _may_be_one(rows)


def _may_be_one(rows: Sequence[Any]) -> bool:
    """Tell whether the sizes of rows are all 1, but for one that is open."""
    numbers = [size for size in rows if isinstance(size, int)]
    return all(size == 1 for size in numbers) and len(rows) - len(numbers) <= 1


def _is_divided_by_columns(size: int, columns: int) -> bool:
    return 2 * EVEN_COLUMNS < columns <= GREATEST_WIDTH * size and columns % EVEN_COLUMNS > 0


def _compute(left: jax.Array, right: jax.Array, **parameters: Any) -> jax.Array:
    count = _summed_dimensions(parameters["dimension_numbers"], left.ndim)
    rows, columns = left.shape[:-count], right.shape[count:]
    weights = lax.reshape(right, (prod(right.shape[:count]), prod(columns)))
    matrix = lax.reshape(left, (prod(rows), weights.shape[0]))
    return lax.reshape(_by_rows(matrix, weights), (*rows, *columns))


def _by_rows(matrix: jax.Array, weights: jax.Array) -> jax.Array:
    """Multiply; where the number of rows is open, the program holds two forms until it is given a size."""
    if are_numbers(matrix.shape):
        return _by_columns(matrix, weights)
    product: jax.Array = lax.cond(jnp.asarray(matrix.shape[0]) == 1, _by_first_row, _by_columns, matrix, weights)
    return product


def _by_first_row(matrix: jax.Array, weights: jax.Array) -> jax.Array:
    row = _by_columns(lax.slice_in_dim(matrix, 0, 1), weights)
    return jnp.broadcast_to(row, (matrix.shape[0], weights.shape[1]))


def _by_columns(matrix: jax.Array, weights: jax.Array) -> jax.Array:
    size, columns = weights.shape
    product = _of_one_row if matrix.shape[0] == 1 else _of_rows
    if not _is_divided_by_columns(size, columns):
        return product(matrix, weights)
    even = columns - columns % EVEN_COLUMNS
    parts = (lax.slice_in_dim(weights, 0, even, axis=1), lax.slice_in_dim(weights, even, columns, axis=1))
    return lax.concatenate([product(matrix, part) for part in parts], 1)


def _of_rows(matrix: jax.Array, weights: jax.Array) -> jax.Array:
    """Multiply three dimensions, for which XLA folds a transposition of weights into the product."""
    return lax.squeeze(_said(lax.expand_dims(matrix, (0,)), weights, (((2,), (0,)), ((), ()))), (0,))


def _of_one_row(matrix: jax.Array, weights: jax.Array) -> jax.Array:
    size, columns = weights.shape
    part = part_of_sum(size, columns)
    if part == size:
        return lax.slice_in_dim(_of_rows(lax.pad(matrix, jnp.int8(0), ((0, 1, 0), (0, 0, 0))), weights), 0, 1)
    rows = lax.pad(lax.reshape(matrix, (size // part, 1, part)), jnp.int8(0), ((0, 0, 0), (0, 1, 0), (0, 0, 0)))
    parts = lax.reshape(weights, (size // part, part, columns))
    sums = _said(rows, parts, (((2,), (1,)), ((0,), (0,))))
    return jnp.sum(sums[:, :1], axis=0, dtype=jnp.int32)


def _said(left: jax.Array, right: jax.Array, dimension_numbers: lax.DotDimensionNumbers) -> jax.Array:
    return lax.dot_general(left, right, dimension_numbers, precision=_SAID, preferred_element_type=jnp.int32)


def part_of_sum(size: int, columns: int) -> int:
    """Return the longest part of ``size``, four by four, whose weights stay in the cache; ``size`` if there is none.

    Args:
        size: over how many rows of weights is summed.
        columns: of the weights.

    Example:
        >>> part_of_sum(1024, 1024), part_of_sum(4096, 4096), part_of_sum(4099, 4096), part_of_sum(256, 32000)
        (1024, 256, 4099, 256)
    """
    if columns > GREATEST_WIDTH * size or size * columns <= CACHED_WEIGHTS:
        return size
    parts = range(CACHED_WEIGHTS // columns, LEAST_PART - 1, -1)
    return next((part for part in parts if size % part == 0 and part % 4 == 0), size)


INT8_PRODUCT = LoweringRule("int8_product", lax.dot_general_p, _applies, _compute)
