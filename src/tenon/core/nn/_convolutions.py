"""Convolutions: the same filters at every window of the spatial dimensions."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core.nn._windows import Windows, channels_come_first, spatial, windows, with_one_batch
from tenon.core.operations import FLOATS, operation

CONVOLVED = FLOATS | {"int32"}
"""Names of the dtypes of images that are convolved."""

_LETTERS = "DHW"


def convolve(images: Any, filters: Any, placed: Windows, channels_first: bool) -> Any:
    """Return the convolution of one batch, in as many groups as the filters' channels say."""
    letters = _LETTERS[-len(placed.sizes) :]
    images_format = f"NC{letters}" if channels_first else f"N{letters}C"
    return lax.conv_general_dilated(
        images,
        filters,
        placed.strides,
        "SAME" if placed.symbolic else placed.pads,  # JAX takes symbols only so
        rhs_dilation=placed.dilations,
        dimension_numbers=(images_format, f"{letters}IO", images_format),
        feature_group_count=_groups(images.shape[1 if channels_first else -1], filters.shape),
    )


def _groups(channels: int, filters: tuple[int, ...]) -> int:
    if not filters[-2] or channels % filters[-2] or filters[-1] % max(1, channels // filters[-2]):
        raise InvalidArgumentError(
            f"filters: input depth must be evenly divisible by filter depth: {channels} vs {filters[-2]}, and the "
            f"{filters[-1]} output channels by the number of groups that this gives."
        )
    return max(1, channels // filters[-2])


def rank_of(filters: Any, only: int | None) -> int:
    """Return the number of spatial dimensions of filters.

    Raises:
        InvalidArgumentError: it is not ``only``, or not 1 to 3.
    """
    rank = filters.ndim - 2
    if rank not in ((1, 2, 3) if only is None else (only,)):
        raise InvalidArgumentError(
            f"filters: must have {only or '1 to 3'} spatial dimensions, then input and output channels; received "
            f"{list(filters.shape)}."
        )
    return int(rank)


def _convolution(
    images: Any, filters: Any, strides: Any, padding: Any, data_format: Any, dilations: Any, only: int | None = None
) -> Any:
    rank = rank_of(filters, only)
    first = channels_come_first(data_format, rank)
    batch, outer = with_one_batch(images, rank + 1)
    placed = windows(filters.shape[:rank], spatial(batch.shape, first), strides, padding, dilations, first)
    result = convolve(batch, filters, placed, first)
    return result.reshape(*outer, *result.shape[1:])


def _conv1d(images: Any, filters: Any, stride: Any, padding: Any, data_format: Any, dilations: Any) -> Any:
    return _convolution(images, filters, stride, padding, data_format, dilations, 1)


def _atrous_conv2d(images: Any, filters: Any, rate: int, padding: Any) -> Any:
    return _convolution(images, filters, 1, padding, None, rate, 2)


def transposed(
    images: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any,
    data_format: Any,
    dilations: Any,
    only: int | None = None,
) -> Any:
    """Return what the transpose of a convolution gives: the gradient of its input."""
    rank = rank_of(filters, only)
    first = channels_come_first(data_format, rank)
    shape = _shape_before(output_shape, images, rank)
    placed = windows(filters.shape[:rank], spatial(shape, first), strides, padding, dilations, first)
    _check_transposed(images, shape, placed, first)
    forward = partial(convolve, filters=filters, placed=placed, channels_first=first)
    (result,) = jax.linear_transpose(forward, jax.ShapeDtypeStruct(shape, images.dtype))(images)
    return result


def _shape_before(output_shape: Any, images: Any, rank: int) -> tuple[int, ...]:
    shape = tuple(output_shape) if isinstance(output_shape, list | tuple) else (output_shape,) * rank
    if len(shape) != rank + 2 or images.ndim != rank + 2:
        raise InvalidArgumentError(
            f"output_shape: must have {rank + 2} sizes, as the input; received {output_shape} for an input of "
            f"{list(images.shape)}."
        )
    return shape


def _check_transposed(images: Any, shape: tuple[int, ...], placed: Windows, first: bool) -> None:
    expected = placed.counts(spatial(shape, first))
    if spatial(images.shape, first) != expected or images.shape[0] != shape[0]:
        raise InvalidArgumentError(
            f"output_shape: a convolution of {list(shape)} with these strides and padding gives the spatial sizes "
            f"{list(expected)} for a batch of {shape[0]}; received an input of {list(images.shape)}."
        )


def _atrous_conv2d_transpose(images: Any, filters: Any, output_shape: Any, rate: int, padding: Any) -> Any:
    return transposed(images, filters, output_shape, 1, padding, None, rate, 2)


convolution = operation(
    "nn.convolution",
    "input: T, filters: T, strides=None, padding='VALID', data_format=None, dilations=None",
    _convolution,
    "Returns the convolution of 1 to 3 spatial dimensions, as many as the filters have.",
    "[[[1.0], [2.0], [3.0]]], [[[1.0, -1.0]], [[0.5, 2.0]]]",
    types=CONVOLVED,
)
conv1d = operation(
    "nn.conv1d",
    "input: T, filters: T, stride, padding, data_format='NWC', dilations=None",
    _conv1d,
    "Returns the convolution of sequences [batch, width, channels] with filters [width, channels, output channels].",
    "[[[1.0], [2.0], [3.0]]], [[[1.0, -1.0]], [[0.5, 2.0]]], 1, 'SAME'",
    types=CONVOLVED,
)
conv2d = operation(
    "nn.conv2d",
    "input: T, filters: T, strides, padding, data_format='NHWC', dilations=None",
    partial(_convolution, only=2),
    "Returns the convolution of images with filters [height, width, channels, output channels]; fewer channels in the "
    "filters than in the images make groups.",
    "[[[[1.0], [2.0]], [[3.0], [4.0]]]], [[[[1.0, -1.0]], [[0.5, 2.0]]]], 1, 'SAME'",
    types=CONVOLVED,
)
conv3d = operation(
    "nn.conv3d",
    "input: T, filters: T, strides, padding, data_format='NDHWC', dilations=None",
    partial(_convolution, only=3),
    "Returns the convolution of volumes with filters [depth, height, width, channels, output channels].",
    "[[[[[1.0], [2.0]], [[3.0], [4.0]]]]], [[[[[1.0, -1.0]], [[0.5, 2.0]]]]], [1, 1, 1, 1, 1], 'SAME'",
    types=FLOATS,
)
atrous_conv2d = operation(
    "nn.atrous_conv2d",
    "value: T, filters: T, rate, padding",
    _atrous_conv2d,
    "Returns the convolution of images with filters whose elements stand rate apart.",
    "[[[[1.0], [2.0], [3.0]]]], [[[[1.0]], [[0.5]]]], 2, 'SAME'",
    types=FLOATS,
)
conv_transpose = operation(
    "nn.conv_transpose",
    "input: T, filters: T, output_shape, strides, padding='SAME', data_format=None, dilations=None",
    transposed,
    "Returns the transpose of convolution: what has output_shape and would be convolved to the input's shape.",
    "[[[1.0], [2.0]]], [[[1.0]], [[0.5]]], [1, 4, 1], 2",
    types=FLOATS,
)
conv1d_transpose = operation(
    "nn.conv1d_transpose",
    "input: T, filters: T, output_shape, strides, padding='SAME', data_format='NWC', dilations=None",
    partial(transposed, only=1),
    "Returns the transpose of conv1d; filters are [width, output channels, input channels].",
    "[[[1.0], [2.0]]], [[[1.0]], [[0.5]]], [1, 4, 1], 2",
    types=FLOATS,
)
conv2d_transpose = operation(
    "nn.conv2d_transpose",
    "input: T, filters: T, output_shape, strides, padding='SAME', data_format='NHWC', dilations=None",
    partial(transposed, only=2),
    "Returns the transpose of conv2d; filters are [height, width, output channels, input channels].",
    "[[[[1.0], [2.0]]]], [[[[1.0]], [[0.5]]]], [1, 2, 4, 1], 2",
    types=FLOATS,
)
conv3d_transpose = operation(
    "nn.conv3d_transpose",
    "input: T, filters: T, output_shape, strides, padding='SAME', data_format='NDHWC', dilations=None",
    partial(transposed, only=3),
    "Returns the transpose of conv3d; filters are [depth, height, width, output channels, input channels].",
    "[[[[[1.0], [2.0]]]]], [[[[[1.0]], [[0.5]]]]], [1, 2, 2, 4, 1], [1, 2, 2, 2, 1]",
    types=FLOATS,
)
atrous_conv2d_transpose = operation(
    "nn.atrous_conv2d_transpose",
    "value: T, filters: T, output_shape, rate, padding",
    _atrous_conv2d_transpose,
    "Returns the transpose of atrous_conv2d.",
    "[[[[1.0], [2.0], [3.0]]]], [[[[1.0]], [[0.5]]]], [1, 1, 3, 1], 2, 'SAME'",
    types=FLOATS,
)
