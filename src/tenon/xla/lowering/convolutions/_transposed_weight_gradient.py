"""The kernel's gradient of a transposed convolution is that of the strided convolution whose transpose it is.

JAX writes it with the input dilated, for which XLA:CPU has only a plain loop: 540 ms for 14x14x64 to 28x28x64 with a
4x4 kernel and 32 images (TensorFlow 10). With input and output gradient in each other's place the kernel is what is
dilated, which runs as a matrix product (13 ms); the result comes out turned around.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
from jax import lax

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.convolutions._convolution import Convolution, described, is_weight_gradient


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    return (
        is_weight_gradient(given)
        and given.groups == given.batch_groups == 1
        and any(dilation > 1 for dilation in given.input_dilation)
        and all(step == 1 for step in (*given.strides, *given.kernel_dilation))
    )


def exchanged(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    """Return a gradient of a kernel with input and output gradient in each other's place.

    Args:
        given: the input of the convolution that is the gradient.
        kernel: its kernel, which is the gradient by the output.
        parameters: of ``jax.lax.conv_general_dilated_p``, without strides and groups.
    """
    convolution = described((given, kernel), parameters)
    batch, filters, *spatial = convolution.specs.out_spec
    specs = lax.ConvDimensionNumbers(convolution.specs.rhs_spec, convolution.specs.lhs_spec, (filters, batch, *spatial))
    others = {
        "padding": _padding(convolution),
        "lhs_dilation": convolution.kernel_dilation,
        "rhs_dilation": convolution.input_dilation,
        "dimension_numbers": specs,
    }
    turned = lax.conv_general_dilated_p.bind(kernel, given, **{**parameters, **others})
    return lax.rev(turned, tuple(spatial))


def _padding(convolution: Convolution) -> tuple[tuple[int, int], ...]:
    """Return the padding with which the gradient slides over the dilated input, as this slid over it."""
    lows = [size - 1 - low for size, (low, _) in zip(convolution.output_sizes, convolution.padding, strict=True)]
    sizes = (convolution.input_sizes, convolution.input_dilation, convolution.output_sizes, convolution.kernel_sizes)
    spans = [(size - 1) * step + result - other for size, step, result, other in zip(*sizes, strict=True)]
    return tuple((low, span - low) for low, span in zip(lows, spans, strict=True))


TRANSPOSED_WEIGHT_GRADIENT = LoweringRule("transposed_weight_gradient", lax.conv_general_dilated_p, _applies, exchanged)
