"""The first layer of many networks, 3x3 windows two apart over three channels, is quicker over four.

With more than 16 and up to 32 filters, XLA:CPU takes a slow path for it (224x224, the first layer of MobileNetV2 and
EfficientNet: 1.0 ms of the processor's time to 32 filters and 3.1 to 24, where 36 take 0.5); a fourth channel of zeros
keeps it off that path (0.5 ms). With other numbers of filters, windows one apart, larger ones or one channel the plain
form is faster. Windows as rows of a matrix, or four neighbours as channels of one pixel, gave less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import LoweringRule, are_numbers
from tenon.xla.lowering.convolutions._convolution import (
    as_stored,
    channels_last,
    convolve,
    described,
    kernel_channels_last,
)

SLOW_FILTERS = range(17, 33)


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    return (
        given.channels == 3
        and given.groups == 1
        and given.is_plain_forward
        and given.operand_dtype == given.dtype == jnp.float32
        and given.kernel_sizes == (3, 3)
        and given.strides == (2, 2)
        and are_numbers((given.filters,))
        and given.filters in SLOW_FILTERS
        and given.kernel_dilation == (1, 1)
    )


def _compute(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    convolution = described((given, kernel), parameters)
    none = (0, 0)
    images = jnp.pad(channels_last(given, convolution), (none, none, none, (0, 1)))
    weights = jnp.pad(kernel_channels_last(kernel, convolution), (none, none, (0, 1), none))
    return as_stored(convolve(images, weights, convolution), convolution)


COLOUR_IMAGES = LoweringRule("convolution_of_colour_images", lax.conv_general_dilated_p, _applies, _compute)
