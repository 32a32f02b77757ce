"""Depthwise convolutions: each channel has filters of its own; and separable ones, whose channels are mixed after."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax

from tenon.base import InvalidArgumentError
from tenon.core.nn._convolutions import convolve
from tenon.core.nn._windows import Windows, channels_come_first, spatial, windows
from tenon.core.operations import FLOATS, operation


def _filters_of_groups(filters: Any) -> Any:
    """From [height, width, channels, multiplier] to one input channel a group."""
    height, width, channels, multiplier = filters.shape
    return filters.reshape(height, width, 1, channels * multiplier)


def _check(shape: tuple[int, ...], filters: tuple[int, ...], first: bool) -> None:
    if len(shape) != 4 or len(filters) != 4 or shape[1 if first else 3] != filters[2]:
        raise InvalidArgumentError(
            "filter: must be [height, width, channels, multiplier] with the channels of the input, which has 4 "
            f"dimensions; received {list(filters)} for an input of {list(shape)}."
        )


def _placed(
    shape: tuple[int, ...], filters: tuple[int, ...], strides: Any, padding: Any, dilations: Any, first: bool
) -> Windows:
    _check(shape, filters, first)
    return windows(filters[:2], spatial(shape, first), strides, padding, dilations, first)


def _depthwise(images: Any, filters: Any, strides: Any, padding: Any, data_format: Any, dilations: Any) -> Any:
    first = channels_come_first(data_format, 2)
    placed = _placed(images.shape, filters.shape, strides, padding, dilations, first)
    return convolve(images, _filters_of_groups(filters), placed, first)


def _separable(
    images: Any, depthwise: Any, pointwise: Any, strides: Any, padding: Any, data_format: Any, dilations: Any
) -> Any:
    if pointwise.ndim != 4 or pointwise.shape[:3] != (1, 1, depthwise.shape[2] * depthwise.shape[3]):
        raise InvalidArgumentError(
            "pointwise_filter: must be [1, 1, channels * multiplier, output channels]; received "
            f"{list(pointwise.shape)} beside a depthwise_filter of {list(depthwise.shape)}."
        )
    mixed = _depthwise(images, depthwise, strides, padding, data_format, dilations)
    alone = Windows((1, 1), (1, 1), (1, 1), ((0, 0), (0, 0)))
    return convolve(mixed, pointwise, alone, channels_come_first(data_format, 2))


def _backprop_input(
    filters: Any, gradient: Any, input_sizes: Any, strides: Any, padding: Any, data_format: Any, dilations: Any
) -> Any:
    forward = partial(
        _depthwise, filters=filters, strides=strides, padding=padding, data_format=data_format, dilations=dilations
    )
    (result,) = jax.linear_transpose(forward, jax.ShapeDtypeStruct(tuple(input_sizes), gradient.dtype))(gradient)
    return result


def _backprop_filter(
    images: Any, gradient: Any, filter_sizes: Any, strides: Any, padding: Any, data_format: Any, dilations: Any
) -> Any:
    forward = partial(
        _depthwise, images, strides=strides, padding=padding, data_format=data_format, dilations=dilations
    )
    (result,) = jax.linear_transpose(forward, jax.ShapeDtypeStruct(tuple(filter_sizes), gradient.dtype))(gradient)
    return result


depthwise_conv2d = operation(
    "nn.depthwise_conv2d",
    "input: T, filter: T, strides, padding, data_format=None, dilations=None",
    _depthwise,
    "Returns images whose channel c * multiplier + m is channel c convolved with filter [:, :, c, m].",
    "[[[[1.0, 2.0], [3.0, 4.0]]]], [[[[1.0, -1.0], [0.5, 2.0]]]], [1, 1, 1, 1], 'SAME'",
    types=FLOATS,
)
depthwise_conv2d_backprop_input = operation(
    "nn.depthwise_conv2d_backprop_input",
    "input_sizes, filter: T, out_backprop: T, strides, padding, data_format='NHWC', dilations=[1, 1, 1, 1]",
    _backprop_input,
    "Returns the gradient of depthwise_conv2d with respect to an input of input_sizes.",
    "[1, 1, 2, 1], [[[[2.0]]]], [[[[1.0], [3.0]]]], [1, 1, 1, 1], 'SAME'",
    types=FLOATS,
)
depthwise_conv2d_backprop_filter = operation(
    "nn.depthwise_conv2d_backprop_filter",
    "input: T, filter_sizes, out_backprop: T, strides, padding, data_format='NHWC', dilations=[1, 1, 1, 1]",
    _backprop_filter,
    "Returns the gradient of depthwise_conv2d with respect to a filter of filter_sizes.",
    "[[[[1.0], [3.0]]]], [1, 1, 1, 1], [[[[1.0], [2.0]]]], [1, 1, 1, 1], 'SAME'",
    types=FLOATS,
)
separable_conv2d = operation(
    "nn.separable_conv2d",
    "input: T, depthwise_filter: T, pointwise_filter: T, strides, padding, data_format=None, dilations=None",
    _separable,
    "Returns a depthwise convolution, the channels of which are then mixed by a 1x1 convolution.",
    "[[[[1.0, 2.0]]]], [[[[1.0], [0.5]]]], [[[[1.0], [2.0]]]], [1, 1, 1, 1], 'SAME'",
    types=FLOATS,
)
