"""The gradient of a kernel with fewer filters than channels is that of a kernel with more, turned around.

XLA:CPU computes it as a product whose columns are the filters, and fills its vectors of sixteen with them: with one or
three, as the last layers of decoders have, most of a vector is empty. With input and output gradient in each other's
place the channels are the columns: 5.8 ms become 2.2 for 28x28x16 to 1 with a 3x3 kernel and 128 images, 10 become 2.6
for 32x32x32 to 3 and 64 images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import LoweringRule, are_numbers
from tenon.xla.lowering.convolutions._convolution import described, is_weight_gradient
from tenon.xla.lowering.convolutions._transposed_weight_gradient import exchanged

_VECTOR = 16
"""Numbers of 32 bits in the widest vectors."""

_MIN_IMAGES = 17
"""Of fewer, and of as few channels, XLA does not let YNNPACK compute gradients."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    steps = (*given.strides, *given.input_dilation, *given.kernel_dilation)
    return (
        is_weight_gradient(given)
        and len(given.input_sizes) == 2
        and are_numbers((given.batch, given.channels, given.filters))
        and given.groups == given.batch_groups == 1
        and all(step == 1 for step in steps)
        and given.operand_dtype == given.dtype == jnp.float32
        and given.filters < _VECTOR <= given.batch
        and given.channels >= _MIN_IMAGES
        and prod(given.output_sizes) > 1
        and all(size <= other for size, other in zip(given.input_sizes, given.kernel_sizes, strict=True))
    )


FEW_FILTERS_WEIGHT_GRADIENT = LoweringRule(
    "weight_gradient_of_few_filters", lax.conv_general_dilated_p, _applies, exchanged
)
