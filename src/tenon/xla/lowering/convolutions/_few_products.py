"""A convolution of one to three channels is multiply-adds, written out in one loop.

For such a one, the first layer of most networks, YNNPACK and Eigen gather windows whose products are soon made. As a
sum of shifted images times rows of weights, its filters fill the processor's vectors, the loop is divided among all
processors, and what follows, such as a bias and an activation, joins it if it is short. Milliseconds by the clock, two
cores, plain (the quicker of both) and by this rule: 128 of 28x28x1 to 32 with a 3x3 kernel 2.0 and 0.4, 32 of 28x28x1
to 6 with 5x5 0.9 and 0.2, 64 of 32x32x3 to 16 2.7 and 0.8, to 3 2.6 and 0.4; two apart, 32 of 96x96x3 to 32 4.6 and
2.5.
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
from tenon.xla.lowering.convolutions._convolution import described, kernel_channels_last, sees_images
from tenon.xla.lowering.convolutions._shifts import padded_in_memory, shifted, taps

MAX_PRODUCTS = 32
"""Of one number of the result. 75 take 10.2 ms where Eigen takes 7.7."""

_MAX_CHANNELS = 3

_MAX_JOINED = 9
"""Products up to which what follows may join the loop. XLA cuts longer ones into pieces where a normalization reads the
result several times: 6.5 ms for a layer normalization of 32x32x32x3 to 32, 2.8 where it is written down, 5.7 plain."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    return (
        sees_images(given)
        and are_numbers((given.channels, given.filters))
        and given.operand_dtype == given.dtype
        and given.dtype in (jnp.float32, jnp.float64)
        and given.channels <= _MAX_CHANNELS
        and given.channels * prod(given.kernel_sizes) <= MAX_PRODUCTS
    )


def _compute(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    convolution = described((given, kernel), parameters)
    images = padded_in_memory(given, convolution)
    weights = kernel_channels_last(kernel, convolution)
    terms = [
        lax.slice_in_dim(shifted(images, convolution, tap), channel, channel + 1, axis=3) * weights[(*tap, channel)]
        for tap, channel in product(taps(convolution), range(convolution.channels))
    ]
    result = sum(terms[1:], start=terms[0])
    return result if len(terms) <= _MAX_JOINED else materialized(result)


FEW_PRODUCTS = LoweringRule("convolution_of_few_products", lax.conv_general_dilated_p, _applies, _compute)
