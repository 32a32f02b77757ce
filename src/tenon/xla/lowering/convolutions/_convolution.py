"""The parameters of a convolution, whatever order its dimensions are stored in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import are_numbers

Padding = tuple[tuple[int, int], ...]

_MAX_SPATIAL = 3
CHANNELS_LAST = lax.ConvDimensionNumbers((0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2))
"""How layers store images, kernels and results."""


@dataclass(frozen=True)
class Convolution:
    """Sizes and parameters of ``jax.lax.conv_general_dilated_p``; spatial dimensions in the order of the input's.

    Args:
        operand_dtype: of input and kernel.
        dtype: of the result.
        precision: of products, as ``jax.lax.conv_general_dilated`` takes it.
        batch: rows of the input; may be a symbol, as every size.
        channels: of the input.
        filters: channels of the result.
        groups: in how many groups channels and filters are divided.
        batch_groups: in how many groups rows and filters are divided.
        input_sizes: the input's spatial sizes.
        kernel_sizes: the kernel's spatial sizes.
        output_sizes: the result's spatial sizes.
        strides: of the window.
        padding: low and high of every spatial dimension; negative ones cut.
        input_dilation: of the input, more than one where a strided convolution is transposed.
        kernel_dilation: of the kernel.
        specs: the places of batch, channels and spatial dimensions in input, kernel (filters, channels, spatial) and
            result, as ``jax.lax.ConvDimensionNumbers`` has them.
    """

    operand_dtype: Any
    dtype: Any
    precision: Any
    batch: Any
    channels: Any
    filters: Any
    groups: int
    batch_groups: int
    input_sizes: tuple[Any, ...]
    kernel_sizes: tuple[Any, ...]
    output_sizes: tuple[Any, ...]
    strides: tuple[int, ...]
    padding: Padding
    input_dilation: tuple[int, ...]
    kernel_dilation: tuple[int, ...]
    specs: lax.ConvDimensionNumbers

    @property
    def channels_of_group(self) -> int:
        """Channels of the input that one filter sees."""
        return int(self.channels // self.groups)

    @property
    def filters_of_group(self) -> int:
        """Filters that see the same channels."""
        return int(self.filters // self.groups)

    @property
    def is_plain_forward(self) -> bool:
        """Whether no rows are grouped, the input is not spread, no padding cuts, and the kernel's sizes are numbers."""
        return (
            self.batch_groups == 1
            and all(dilation == 1 for dilation in self.input_dilation)
            and are_numbers(self.kernel_sizes)
            and all(pad >= 0 for pads in self.padding for pad in pads)
        )


def described(operands: Sequence[Any], parameters: Mapping[str, Any]) -> Convolution:
    """Return what a convolution does.

    Args:
        operands: input and kernel, or their abstract values.
        parameters: of ``jax.lax.conv_general_dilated_p``.
    """
    given, kernel = operands
    specs = parameters["dimension_numbers"]
    input_sizes = tuple(given.shape[place] for place in specs.lhs_spec[2:])
    kernel_sizes = tuple(kernel.shape[place] for place in specs.rhs_spec[2:])
    return Convolution(
        operand_dtype=given.dtype,
        dtype=jnp.dtype(parameters["preferred_element_type"] or given.dtype),
        precision=parameters["precision"],
        batch=given.shape[specs.lhs_spec[0]],
        channels=given.shape[specs.lhs_spec[1]],
        filters=kernel.shape[specs.rhs_spec[0]],
        groups=parameters["feature_group_count"],
        batch_groups=parameters["batch_group_count"],
        input_sizes=input_sizes,
        kernel_sizes=kernel_sizes,
        output_sizes=tuple(map(_output_size, input_sizes, kernel_sizes, *_windows(parameters))),
        strides=tuple(parameters["window_strides"]),
        padding=tuple(parameters["padding"]),
        input_dilation=tuple(parameters["lhs_dilation"]),
        kernel_dilation=tuple(parameters["rhs_dilation"]),
        specs=specs,
    )


def _windows(parameters: Mapping[str, Any]) -> tuple[Sequence[Any], ...]:
    return tuple(parameters[name] for name in ("window_strides", "padding", "lhs_dilation", "rhs_dilation"))


def _output_size(size: Any, kernel: Any, stride: int, padding: tuple[int, int], dilation: int, spread: int) -> Any:
    padded = (size - 1) * dilation + 1 + sum(padding)
    return (padded - ((kernel - 1) * spread + 1)) // stride + 1


def channels_last(given: jax.Array, convolution: Convolution) -> jax.Array:
    """Return the input as batch, spatial dimensions, channels.

    Args:
        given: a convolution's input.
        convolution: which.
    """
    batch, channels, *spatial = convolution.specs.lhs_spec
    return lax.transpose(given, (batch, *spatial, channels))


def kernel_channels_last(kernel: jax.Array, convolution: Convolution) -> jax.Array:
    """Return the kernel as spatial dimensions, channels of a group, filters.

    Args:
        kernel: a convolution's kernel.
        convolution: which.
    """
    filters, channels, *spatial = convolution.specs.rhs_spec
    return lax.transpose(kernel, (*spatial, channels, filters))


def as_stored(result: jax.Array, convolution: Convolution) -> jax.Array:
    """Return a result given as batch, spatial dimensions, filters in the order that the convolution promises.

    Args:
        result: the result, filters last.
        convolution: which.
    """
    batch, filters, *spatial = convolution.specs.out_spec
    order = (batch, *spatial, filters)
    return lax.transpose(result, tuple(order.index(place) for place in range(len(order))))


def convolve(images: jax.Array, weights: jax.Array, convolution: Convolution, places: slice = slice(None)) -> jax.Array:
    """Convolve what is stored with channels last, with the parameters of another convolution, in one group.

    Args:
        images: batch, spatial dimensions, channels.
        weights: spatial dimensions, channels, filters.
        convolution: whose strides, padding, dilation of the kernel, precision and dtype of the result are taken.
        places: of the spatial dimensions that ``images`` has, among those of ``convolution``.

    Returns:
        Batch, spatial dimensions, filters.
    """
    last = images.ndim - 1
    spatial = tuple(range(1, last))
    stored = (0, last, *spatial)
    return lax.conv_general_dilated(
        images,
        weights,
        convolution.strides[places],
        convolution.padding[places],
        rhs_dilation=convolution.kernel_dilation[places],
        dimension_numbers=lax.ConvDimensionNumbers(stored, (last, last - 1, *range(last - 1)), stored),
        precision=convolution.precision,
        preferred_element_type=convolution.dtype,
    )


def is_weight_gradient(convolution: Convolution) -> bool:
    """Tell whether a convolution looks like the gradient of a kernel.

    Its own kernel, which is the output's gradient, is larger than its result, or it has groups of rows, as the
    gradients of grouped convolutions.

    Args:
        convolution: of floating-point numbers or not, with spatial dimensions or none.
    """
    sizes = (*convolution.input_sizes, *convolution.kernel_sizes)
    return (
        0 < len(convolution.input_sizes) <= _MAX_SPATIAL
        and are_numbers(sizes)
        and jnp.issubdtype(convolution.dtype, jnp.floating)
        and prod(convolution.output_sizes) > 0
        and (convolution.batch_groups > 1 or prod(convolution.output_sizes) < prod(convolution.kernel_sizes))
    )


def sees_images(convolution: Convolution) -> bool:
    """Tell whether a convolution in one group, no gradient of a kernel, sees images with channels last and gives such.

    Gradients by the input are among them, if the convolution had no stride: their kernel is stored another way.

    Args:
        convolution: of any numbers, with spatial dimensions or none.
    """
    specs = convolution.specs
    return (
        convolution.is_plain_forward
        and convolution.groups == 1
        and (specs.lhs_spec, specs.out_spec) == (CHANNELS_LAST.lhs_spec, CHANNELS_LAST.out_spec)
        and not is_weight_gradient(convolution)
    )


def is_image_forward(convolution: Convolution) -> bool:
    """Tell whether a convolution of images in one group is as layers have it, channels last: no gradient.

    Args:
        convolution: of any numbers, with spatial dimensions or none.
    """
    return sees_images(convolution) and convolution.specs.rhs_spec == CHANNELS_LAST.rhs_spec
