"""Convolutions without padding are given one column of it, and what that adds is cut off.

YNNPACK, to which XLA:CPU of JAX 0.10.2 hands convolutions, reads padded images window by window, but writes all windows
of unpadded ones down first, which takes as many times the image's memory as the kernel has elements. With one column
more 9.2 ms become 7.3 for 13x13x32 to 64 with a 3x3 kernel and 128 images, 43 become 29 for 34x34x32 to 32; several
times more where the C library returns large blocks to the system after each call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import LoweringRule, are_numbers
from tenon.xla.lowering.convolutions._convolution import described, is_image_forward

_EIGEN_CHANNELS = 16
"""Channels and filters up to which XLA does not take YNNPACK."""

_MIN_CHANNELS = 8
_MIN_COLUMNS = 11
"""A column more is too much of fewer: 12.2 ms become 13.4 for 7x7x512 to 5x5."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    return (
        is_image_forward(given)
        and are_numbers((given.channels, given.filters, *given.input_sizes))
        and given.dtype in (jnp.float32, jnp.float64)
        and all(pads == (0, 0) for pads in given.padding)
        and all(step == 1 for step in given.kernel_dilation)
        and given.kernel_sizes[1] > 1  # no window sees padding alone
        and given.channels >= _MIN_CHANNELS
        and max(given.channels, given.filters) > _EIGEN_CHANNELS
        and given.output_sizes[1] >= _MIN_COLUMNS
    )


def _compute(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    columns = described((given, kernel), parameters).output_sizes[1]
    result = lax.conv_general_dilated_p.bind(given, kernel, **{**parameters, "padding": ((0, 0), (0, 1))})
    return lax.slice_in_dim(result, 0, columns, axis=2)


UNPADDED = LoweringRule("unpadded", lax.conv_general_dilated_p, _applies, _compute)
