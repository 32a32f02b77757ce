"""The gradient of a kernel over many images is added up over a few of them at a time.

Its operands are the whole batch of activations and of output gradients, transposed. Beyond the processor's second
cache YNNPACK reads them from memory again for every part of the result; and where the forward convolution had no
padding it also writes all windows down first. In turns whose operands stay in that cache: 99.5 ms become 21 for
14x14x32 to 64 with a 3x3 kernel and 256 images, 16.9 become 7.2 for 13x13x32 to 11x11x64 and 128 images, 6.2 become
1.8 for 28x28x1 to 26x26x32. The turns are a loop, so that neither program nor compile time grows with the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._materialized import materialized
from tenon.xla.lowering._rule import LoweringRule, are_numbers
from tenon.xla.lowering.convolutions._convolution import Convolution, described
from tenon.xla.lowering.convolutions._weight_gradient import WEIGHT_GRADIENT

CACHE_BYTES = 512 * 1024
"""What the operands of a turn may take: half of a second cache of 1 MiB. Less is not faster."""

MIN_IMAGES = 8
"""Images of a turn at least, however large: they are what products are summed over, in vectors."""

_MIN_FILTERS = 17
"""Up to 16 filters XLA leaves turns of so few images to Eigen, which gains nothing by them."""


def images_in_turn(convolution: Convolution) -> int:
    """Return how many images a turn takes: a multiple of eight.

    Args:
        convolution: a gradient of a kernel, whose channels are the forward images.
    """
    activations = convolution.batch * prod(convolution.input_sizes)
    gradients = convolution.filters * prod(convolution.kernel_sizes)
    fitting: int = CACHE_BYTES // ((activations + gradients) * jnp.dtype(convolution.operand_dtype).itemsize)
    return max(MIN_IMAGES, fitting // MIN_IMAGES * MIN_IMAGES)


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    if not WEIGHT_GRADIENT.applies(operands, parameters):
        return False
    given = described(operands, parameters)
    return (
        are_numbers((given.batch, given.channels, given.filters))
        and len(given.input_sizes) == 2
        and given.operand_dtype == given.dtype
        and given.dtype in (jnp.float32, jnp.float64)
        and given.filters >= _MIN_FILTERS
        and prod(given.output_sizes) > 1
        and given.channels >= 2 * images_in_turn(given)
    )


def _compute(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    convolution = described((given, kernel), parameters)
    images, size = convolution.channels, images_in_turn(convolution)
    turns = images // size
    activations, gradients = materialized(given), materialized(kernel)

    def gradient_of(start: Any, number: int) -> jax.Array:
        seen = lax.dynamic_slice_in_dim(activations, start, number, convolution.specs.lhs_spec[1])
        parts = seen, lax.dynamic_slice_in_dim(gradients, start, number, convolution.specs.rhs_spec[1])
        result: jax.Array = lax.conv_general_dilated_p.bind(*parts, **parameters)
        return result

    rest = images - turns * size
    start = gradient_of(turns * size, rest) if rest else gradient_of(0, size)
    first = 0 if rest else 1
    total: jax.Array = lax.fori_loop(first, turns, lambda turn, sum_: sum_ + gradient_of(turn * size, size), start)
    return total


WEIGHT_GRADIENT_IN_TURNS = LoweringRule("weight_gradient_in_turns", lax.conv_general_dilated_p, _applies, _compute)
