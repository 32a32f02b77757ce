"""Max, min and average pooling: the window is reduced one dimension after the other, by operations between slices.

XLA:CPU reduces one window at a time. Milliseconds of the processor, plain and by this rule: maxima of 3x3 windows two
apart of 16x56x56x64 4.0 and 2.4, one apart of 32x64x28x28 6.9 and 1.8, 5x5 one apart of 4x13x13x256 2.5 and 0.3, 2x2
two apart of 64x6x28x28 0.38 and 0.17; sums of 3x3 one apart of 16x28x28x64 2.7 and 0.7, the gradient of 3x3 two apart
of 16x56x56x64 17.6 and 3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from math import inf, prod
from typing import Any

import jax
from jax import lax

from tenon.xla.lowering._materialized import materialized
from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.pooling._window import Along, is_plain_pooling, padded, taps, windows

MAX_ELEMENTS = 64
"""Window sizes of all dimensions together up to which the loops are written out: compile time grows with them."""


MAX_LEFT = 5
"""Elements of windows of sums, a position apart, that XLA:CPU computes as fast as the rule or faster."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    (operand,) = operands
    if not is_plain_pooling(operand, parameters):
        return False
    window = windows(operand.shape, parameters)
    sizes = [along.size for along in window]
    return (
        prod(sizes) > 1
        and sum(sizes) <= MAX_ELEMENTS
        and any(along.positions > 1 for along in window)
        and not any(_is_cumulative(along, parameters["padding"][along.dimension]) for along in window)
    )


def _is_cumulative(along: Along, padding: tuple[int, int]) -> bool:
    """Tell whether windows see all that comes before, as JAX says cumulative sums: of these XLA knows a better way.

    The squares of 64x1000 such sums, added up, took 1.6 ms by the rule and 0.3 in the plain form.
    """
    return along.stride == 1 and along.size == along.positions > 2 and along.size - 1 in padding and 0 in padding


def _applies_to_sum(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    """Leave what looks like gradients of windows that do not overlap to XLA, which sees through the spread array."""
    if not _applies(operands, parameters):
        return False
    window = windows(operands[0].shape, parameters)
    if any(along.stride > 1 for along in window) or any(map(any, parameters["padding"])):
        return True
    return prod(along.size for along in window) > MAX_LEFT and all(along.positions > along.size for along in window)


def _compute(
    given: jax.Array,
    *,
    between: Callable[[jax.Array, jax.Array], jax.Array],
    identity: float,
    **parameters: Any,
) -> jax.Array:
    window = windows(given.shape, parameters)
    given = padded(given, identity, parameters)
    if _is_read_again(window, parameters["padding"]):
        given = materialized(given)
    return reduce(partial(_reduced, between=between), reversed(window), given)


def _is_read_again(window: Sequence[Along], padding: Sequence[tuple[int, int]]) -> bool:
    """Tell whether XLA would compute elements anew for each window that they lie in: it writes padded arrays down."""
    return not any(map(any, padding)) and any(along.size > along.stride for along in window)


def _reduced(given: jax.Array, along: Along, between: Callable[[jax.Array, jax.Array], jax.Array]) -> jax.Array:
    return reduce(between, taps(given, [along]))


POOLS = (
    LoweringRule("max_pool", lax.reduce_window_max_p, _applies, partial(_compute, between=lax.max, identity=-inf)),
    LoweringRule("min_pool", lax.reduce_window_min_p, _applies, partial(_compute, between=lax.min, identity=inf)),
    LoweringRule("sum_pool", lax.reduce_window_sum_p, _applies_to_sum, partial(_compute, between=lax.add, identity=0)),
)
"""Average pooling is a sum and a division."""
