"""Convolutions with at most 16 channels and filters compute several places of a row as filters of one.

XLA:CPU of JAX 0.10.2 hands them to Eigen, at half the speed at which YNNPACK does wider ones, and its vectors are half
empty. A kernel that also covers the next places, with zeros where those do not look, has 32 filters; its results lie in
memory as if computed one by one. One third more products for 3x3 kernels, 1.4 times as fast: 6.4 ms become 4.4 for
32x32x16 to 16 and 64 images, 2.7 become 0.4 for 28x28x1 to 16. Gradients by the input are such convolutions too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import LoweringRule, are_numbers
from tenon.xla.lowering.convolutions._convolution import (
    CHANNELS_LAST,
    Convolution,
    described,
    kernel_channels_last,
    sees_images,
)

_EIGEN_CHANNELS = 16
"""Channels and filters up to which XLA does not take YNNPACK."""

_FILTERS = 32
"""That places of a row have together at most: two vectors full."""

_MIN_FILTERS = 6
_MIN_TAPS, _MAX_TAPS = 3, 7
_MIN_COLUMNS = 12
_MAX_STRIDED_CHANNELS = 8
"""Kernels of places that are further apart have more zeros: 7.4 ms become 7.8 for 64x64x16 to 16, two apart."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    return (
        sees_images(given)
        and are_numbers((given.channels, given.filters, *given.input_sizes))
        and given.operand_dtype == given.dtype == jnp.float32
        and given.channels <= _EIGEN_CHANNELS
        and _MIN_FILTERS <= given.filters <= _EIGEN_CHANNELS
        and all(step == 1 for step in given.kernel_dilation)
        and all(_MIN_TAPS <= size <= _MAX_TAPS for size in given.kernel_sizes)
        and given.strides[1] < given.kernel_sizes[1]
        and (given.strides[1] == 1 or given.channels <= _MAX_STRIDED_CHANNELS)
        and given.output_sizes[1] >= _MIN_COLUMNS
        and _is_for_ynnpack(given)
    )


def _is_for_ynnpack(given: Convolution) -> bool:
    """Tell whether kernel and result of several places are no larger than the image, without which XLA declines."""
    wide = given.kernel_sizes[1] + (_places(given) - 1) * given.strides[1]
    rows, columns = given.input_sizes
    return bool(max(given.output_sizes[0], given.kernel_sizes[0]) <= rows and wide <= columns)


def _places(given: Convolution) -> int:
    return int(_FILTERS // given.filters)


def _compute(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    convolution = described((given, kernel), parameters)
    (down, step), columns, places = convolution.strides, convolution.output_sizes[1], _places(convolution)
    groups = -(-columns // places)
    given = _with_even_channels(given, axis=3)
    wide = _covering(_with_even_channels(kernel_channels_last(kernel, convolution), axis=2), places, step)
    low = convolution.padding[1][0]
    high = (groups - 1) * step * places + wide.shape[1] - convolution.input_sizes[1] - low
    window = {"window_strides": (down, step * places), "padding": (convolution.padding[0], (low, max(high, 0)))}
    stored = {"dimension_numbers": CHANNELS_LAST}
    seen: jax.Array = lax.conv_general_dilated_p.bind(given, wide, **{**parameters, **window, **stored})[:, :, :groups]
    return seen.reshape(*seen.shape[:2], groups * places, convolution.filters)[:, :, :columns]


def _with_even_channels(array: jax.Array, axis: int) -> jax.Array:
    """Return an array with zeros for one channel more where YNNPACK is slow: 3.9 ms become 1.5 for 32x32x3 to 16."""
    odd = array.shape[axis] % 2 if array.shape[axis] > 1 else 0
    return jnp.pad(array, [(0, odd if place == axis else 0) for place in range(array.ndim)])


def _covering(kernel: jax.Array, places: int, step: int) -> jax.Array:
    """Return the kernel that sees several places at once: its filters are those of the first place, of the second..."""
    last = (places - 1) * step
    shifts = [[(0, 0), (start, last - start), (0, 0), (0, 0)] for start in range(0, last + 1, step)]
    return jnp.concatenate([jnp.pad(kernel, shift) for shift in shifts], -1)


FEW_CHANNELS = LoweringRule("few_channels", lax.conv_general_dilated_p, _applies, _compute)
