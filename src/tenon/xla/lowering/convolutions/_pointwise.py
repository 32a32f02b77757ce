"""A convolution with a kernel of one element is a product of matrices, which all processors compute.

XLA:CPU of JAX 0.10.2 gives such convolutions to YNNPACK, which divides the columns and the filters of one row of an
image among threads, but rows and images never; the places of all images together are rows of one matrix. Milliseconds
by the clock, two cores, plain and by this rule: 8x56x56x64 to 64 3.9 and 1.5, 32x24x24x96 to 24 1.4 and 0.7, 1x56x56x64
to 256 1.1 and 0.6; the processor's time is level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import LoweringRule, are_numbers
from tenon.xla.lowering.convolutions._convolution import described, sees_images

_EIGEN_CHANNELS = 16
"""Channels and filters up to which XLA takes Eigen, as good: 64 of 32x32x16 to 16 0.35 ms and 0.44."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    return (
        sees_images(given)
        and prod(given.kernel_sizes) == 1
        and not any(map(any, given.padding))
        and are_numbers((given.channels, given.filters, *given.input_sizes))
        and max(given.channels, given.filters) > _EIGEN_CHANNELS
        and given.operand_dtype == given.dtype
        and given.dtype in (jnp.float32, jnp.float64)
    )


def _compute(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    convolution = described((given, kernel), parameters)
    down, across = convolution.strides
    filters, channels, *spatial = convolution.specs.rhs_spec
    product: jax.Array = lax.dot_general(
        given[:, ::down, ::across],
        lax.squeeze(kernel, tuple(spatial)),
        (((3,), (0 if channels < filters else 1,)), ((), ())),
        precision=parameters["precision"],
        preferred_element_type=parameters["preferred_element_type"],
    )
    return product


POINTWISE = LoweringRule("pointwise_convolution", lax.conv_general_dilated_p, _applies, _compute)
