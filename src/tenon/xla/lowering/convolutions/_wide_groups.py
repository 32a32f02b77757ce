"""Groups of many channels are convolved one after the other, each by the library that does one group well.

XLA:CPU leaves a grouped convolution to loops of its own and a single one to YNNPACK, which is two to three times as
fast (AlexNet's 27x27x96 in 2 groups: 12.2 ms of the processor's time, 6.2 by this rule). A loop instead of one
convolution for each group keeps compile time the same for any number of groups. One spatial dimension, 1x1 kernels and
windows two apart gain nothing.
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

MIN_CHANNELS = 16
"""And filters of a group; fewer do not fill the processor's vectors."""

MIN_WINDOWS = 256
"""Windows in all rows from which the product of each group is large enough to pay for the loop."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    sizes = (given.batch, given.channels, given.filters, *given.output_sizes)
    return (
        given.groups > 1
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
    images = _groups_first(channels_last(given, convolution), convolution.groups)
    weights = _groups_first(kernel_channels_last(kernel, convolution), convolution.groups)
    results = jnp.moveaxis(lax.map(lambda pair: convolve(pair[0], pair[1], convolution), (images, weights)), 0, -2)
    return as_stored(results.reshape(*results.shape[:-2], convolution.filters), convolution)


def _groups_first(values: jax.Array, groups: int) -> jax.Array:
    *others, last = values.shape
    return jnp.moveaxis(values.reshape(*others, groups, last // groups), -2, 0)


WIDE_GROUPS = LoweringRule("wide_grouped_convolution", lax.conv_general_dilated_p, _applies, _compute)
