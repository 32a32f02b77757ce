"""A convolution to a few filters is one product with all elements of its kernel, whose shifted results are added up.

Such are the last layers of networks that make images, and the gradients by the images of those that see them. YNNPACK
and Eigen fill their vectors with filters, which are too few; here places fill them. Milliseconds by the clock, two
cores, 3x3 kernels, plain and by this rule: 64 of 32x32x32 to 1 2.9 and 0.9, to 3 2.8 and 1.8, 64 of 32x32x16 to 3 5.1
and 1.4; 16 of 64x64x64 to 3 8.5 and 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._materialized import materialized
from tenon.xla.lowering._rule import LoweringRule, are_numbers
from tenon.xla.lowering.convolutions._convolution import Convolution, described, kernel_channels_last, sees_images

MAX_FILTERS = 6
"""8 take 4.4 ms where YNNPACK takes 4.1."""

MAX_ROWS = 80
"""Filters times elements of the kernel; each is an image to write. 75 take 3.9 ms instead of 10.2, 243 23 and 19."""

_MIN_CHANNELS = 4


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    return (
        sees_images(given)
        and are_numbers((given.channels, given.filters, *given.input_sizes))
        and given.channels >= _MIN_CHANNELS
        and given.filters <= MAX_FILTERS
        and 1 < prod(given.kernel_sizes) <= MAX_ROWS // given.filters
        and all(step == 1 for step in given.strides)
        and given.operand_dtype == given.dtype
        and given.dtype in (jnp.float32, jnp.float64)
    )


def _compute(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    convolution = described((given, kernel), parameters)
    weights = lax.transpose(kernel_channels_last(kernel, convolution), (0, 1, 3, 2))
    seen = lax.dot_general(
        lax.collapse(weights, 0, 3),
        given,
        (((1,), (3,)), ((), ())),
        precision=parameters["precision"],
        preferred_element_type=parameters["preferred_element_type"],
    )
    return jnp.moveaxis(_added_up(materialized(seen), convolution), 0, -1)


def _added_up(seen: jax.Array, convolution: Convolution) -> jax.Array:
    """Return filters, batch, rows and columns of what the kernel's elements saw; those come first, filters last."""
    none = (0, 0, 0)
    padded = lax.pad(
        seen, jnp.zeros((), seen.dtype), (none, none, *((low, high, 0) for low, high in convolution.padding))
    )
    (rows, columns), filters = convolution.output_sizes, convolution.filters
    total: Any = 0
    for number, (down, across) in enumerate(product(*map(range, convolution.kernel_sizes))):
        top, left = down * convolution.kernel_dilation[0], across * convolution.kernel_dilation[1]
        total += padded[number * filters : (number + 1) * filters, :, top : top + rows, left : left + columns]
    return jnp.asarray(total)


FEW_FILTERS = LoweringRule("convolution_to_few_filters", lax.conv_general_dilated_p, _applies, _compute)
