"""Convolutions whose padding cuts the beginning of an image off are given the image that is left.

XLA:CPU of JAX 0.10.2 hands those that YNNPACK does not take, with at most 16 channels and filters among others, to
Eigen, which then reads behind the image's memory: the last row of the result is wrong, or the process ends with a
segmentation fault. Nobody asks for such padding; it is in the gradient by the input wherever a layer pads more than its
kernel reaches, such as 1x1 with one column of zeros.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import LoweringRule, are_numbers
from tenon.xla.lowering.convolutions._convolution import Convolution, described


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    return any(low < 0 for low, _ in described(operands, parameters).padding)


def _compute(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    convolution = described((given, kernel), parameters)
    cuts = [_cut(*each) for each in zip(convolution.padding, convolution.input_dilation, strict=True)]
    if any(are_numbers((size,)) and cut >= size for cut, size in zip(cuts, convolution.input_sizes, strict=True)):
        return _of_nothing(convolution)
    starts = dict(zip(convolution.specs.lhs_spec[2:], cuts, strict=True))
    left = lax.slice(given, [starts.get(place, 0) for place in range(given.ndim)], given.shape)
    steps = zip(convolution.padding, cuts, convolution.input_dilation, strict=True)
    padding = tuple((low + cut * step, high) for (low, high), cut, step in steps)
    result: jax.Array = lax.conv_general_dilated_p.bind(left, kernel, **{**parameters, "padding": padding})
    return result


def _cut(pads: tuple[int, int], dilation: int) -> int:
    """Return how many elements of a spread image are cut off; zeros that are left before the next become padding."""
    return -(min(pads[0], 0) // dilation)


def _of_nothing(convolution: Convolution) -> jax.Array:
    """Return what a convolution gives that sees padding alone."""
    sizes = convolution.batch // convolution.batch_groups, convolution.filters, *convolution.output_sizes
    places = dict(zip(convolution.specs.out_spec, sizes, strict=True))
    return jnp.zeros([places[place] for place in range(len(places))], convolution.dtype)


CROPPED = LoweringRule("cropped_convolution", lax.conv_general_dilated_p, _applies, _compute, corrects=True)
