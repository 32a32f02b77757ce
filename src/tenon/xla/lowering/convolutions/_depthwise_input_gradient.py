"""The input's gradient of a strided depthwise convolution is a depthwise convolution of the spread output gradient.

JAX writes it with the input dilated and paddings that may be negative: 328 ms for 48x48x96 with a 3x3 kernel, stride 2
and 16 images (TensorFlow 5), because XLA:CPU has only a plain loop for it. Padded between its elements first, it is
the multiply-adds of ``_depthwise.py``; transposed depthwise convolutions are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.convolutions._convolution import described
from tenon.xla.lowering.convolutions._depthwise import DEPTHWISE


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    is_spread = any(dilation > 1 for dilation in given.input_dilation)
    is_cut = any(pad < 0 for pads in given.padding for pad in pads)
    return (is_spread or is_cut) and DEPTHWISE.applies(operands, {**parameters, **_without_edges(parameters)})


def _without_edges(parameters: Mapping[str, Any]) -> dict[str, Any]:
    rank = len(parameters["padding"])
    return {"padding": ((0, 0),) * rank, "lhs_dilation": (1,) * rank}


def _compute(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    edges = [(0, 0, 0)] * given.ndim
    axes = parameters["dimension_numbers"].lhs_spec[2:]
    for axis, pads, dilation in zip(axes, parameters["padding"], parameters["lhs_dilation"], strict=True):
        edges[axis] = (*pads, dilation - 1)
    padded = lax.pad(given, jnp.zeros((), given.dtype), edges)
    result: jax.Array = DEPTHWISE.compute(padded, kernel, **{**parameters, **_without_edges(parameters)})
    return result


DEPTHWISE_INPUT_GRADIENT = LoweringRule("depthwise_input_gradient", lax.conv_general_dilated_p, _applies, _compute)
