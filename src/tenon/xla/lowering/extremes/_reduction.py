"""``reduce_max`` and ``reduce_min``, and ``lax.reduce`` by one of them with another start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import jax
from jax import lax

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.extremes._kept import LARGEST, SMALLEST, Kind, kept_extremes, may_lose_nan

KINDS = {lax.max_p: LARGEST, lax.min_p: SMALLEST}


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    (operand,) = operands
    return may_lose_nan(operand, parameters["axes"])


def _compute(given: jax.Array, *, kind: Kind, axes: Sequence[int], **_: Any) -> jax.Array:
    return kept_extremes(given, axes, kind)


REDUCTIONS = (
    LoweringRule("reduce_max", lax.reduce_max_p, _applies, partial(_compute, kind=LARGEST), corrects=True),
    LoweringRule("reduce_min", lax.reduce_min_p, _applies, partial(_compute, kind=SMALLEST), corrects=True),
)


def _general_applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    kind = _kind(parameters["jaxpr"])
    return (
        kind is not None
        and parameters["computation"] is not kind.between  # our own
        and may_lose_nan(operands[0], parameters["dimensions"])
    )


def _kind(jaxpr: Any) -> Kind | None:
    """Tell what a function of two numbers chooses, if it is nothing but the larger or the smaller."""
    equations = jaxpr.eqns
    if len(equations) != 1 or {*equations[0].invars} != {*jaxpr.jaxpr.invars} or len(jaxpr.jaxpr.invars) != 2:
        return None
    return KINDS.get(equations[0].primitive)


def _general_compute(given: jax.Array, start: jax.Array, **parameters: Any) -> tuple[jax.Array]:
    kind = KINDS[parameters["jaxpr"].eqns[0].primitive]
    return (kind.between(kept_extremes(given, parameters["dimensions"], kind), start),)


GENERAL_REDUCTION = LoweringRule("reduce", lax.reduce_p, _general_applies, _general_compute, corrects=True)
