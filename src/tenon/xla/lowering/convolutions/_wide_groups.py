"""A few groups of many channels are convolved one by one, each by the library that does one group well.

XLA:CPU leaves a grouped convolution to loops of its own and a single one to YNNPACK, which is about twice as fast
(AlexNet's 27x27x96 in 2 groups: 12.0 ms of the processor's time, 5.7 by this rule). Every group is compiled, so there
may be few; a loop over ResNeXt's 32 groups ran 1.5 times as fast and took twenty times as long to compile.
One spatial dimension, 1x1 kernels and windows two apart gain nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
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

MAX_GROUPS = 4
"""Compile time grows with them."""

MIN_CHANNELS = 16
"""And filters of a group; fewer do not fill the processor's vectors."""

MIN_WINDOWS = 256
"""Windows in all rows from which the work of a group pays for the copies."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    sizes = (given.batch, given.channels, given.filters, *given.output_sizes)
    return (
        1 < given.groups <= MAX_GROUPS
        and given.is_plain_forward
        and are_numbers(sizes)
        and given.operand_dtype == given.dtype == jnp.float32
        and min(given.channels_of_group, given.filters_of_group) >= MIN_CHANNELS
        and given.batch * prod(given.output_sizes) >= MIN_WINDOWS
        and sum(size > 1 for size in given.kernel_sizes) > 1
        and all(stride == 1 for stride in given.strides)
    )


def _compute(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    convolution = described((given, kernel), parameters)
    images = jnp.split(channels_last(given, convolution), convolution.groups, -1)
    weights = jnp.split(kernel_channels_last(kernel, convolution), convolution.groups, -1)
    results = [convolve(*pair, convolution) for pair in zip(images, weights, strict=True)]
    return as_stored(jnp.concatenate(results, -1), convolution)


WIDE_GROUPS = LoweringRule("wide_grouped_convolution", lax.conv_general_dilated_p, _applies, _compute)
