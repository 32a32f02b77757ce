"""Pools over whole dimensions, such as global max pooling, which XLA takes for reductions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import jax
from jax import lax

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.extremes._kept import LARGEST, SMALLEST, Kind, kept_extremes, may_lose_nan


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    (operand,) = operands
    return _is_whole(operand.shape, parameters) and may_lose_nan(operand, _axes(parameters))


def _is_whole(shape: Sequence[Any], parameters: Mapping[str, Any]) -> bool:
    """Tell whether the window is all of some dimensions and one place of the others."""
    given = zip(shape, parameters["window_dimensions"], parameters["window_strides"], strict=True)
    return (
        not any(map(any, parameters["padding"]))
        and all(size == length or (size == 1 and stride == 1) for length, size, stride in given)
        and all(dilation == 1 for name in ("base_dilation", "window_dilation") for dilation in parameters[name])
    )


def _axes(parameters: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(axis for axis, size in enumerate(parameters["window_dimensions"]) if size > 1)


def _compute(given: jax.Array, *, kind: Kind, **parameters: Any) -> jax.Array:
    axes = _axes(parameters)
    return lax.expand_dims(kept_extremes(given, axes, kind), axes)


WINDOWS = (
    LoweringRule("max_pool_of_all", lax.reduce_window_max_p, _applies, partial(_compute, kind=LARGEST), corrects=True),
    LoweringRule("min_pool_of_all", lax.reduce_window_min_p, _applies, partial(_compute, kind=SMALLEST), corrects=True),
)
