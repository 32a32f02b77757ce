"""How max and min pooling pass tangents on (forward mode, second derivatives): each from the selected element.

XLA:CPU walks one window at a time and keeps pairs (2x2 windows of 32x24x24x64 one apart: 12.7 ms of the processor, 0.9
ms by this rule). Padded windows are left to it: which of equal elements it takes depends on where the padding is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import Primitive

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.pooling._selection import selected
from tenon.xla.lowering.pooling._window import is_plain_pooling, taps, windows

MAX_TAPS = 49
"""Elements of the window up to which the loop is written out: compile time grows with them."""

NEVER_PREFERRED = {lax.ge_p: -inf, lax.le_p: inf}
"""What every element is preferred to, or is."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    operand = operands[1]
    return (
        is_plain_pooling(operand, parameters)
        and not any(pad for pads in parameters["padding"] for pad in pads)
        and 1 < prod(along.size for along in windows(operand.shape, parameters)) <= MAX_TAPS
    )


def _compute(tangents: jax.Array, operand: jax.Array, *, select_prim: Primitive, **parameters: Any) -> jax.Array:
    window = windows(operand.shape, parameters)
    seen, passed = taps(operand, window), taps(tangents, window)
    start = jnp.full_like(seen[0], NEVER_PREFERRED[select_prim]), jnp.zeros_like(passed[0])
    return selected([start, *zip(seen, passed, strict=True)], select_prim)


MAX_POOL_TANGENT = LoweringRule("max_pool_tangent", lax.select_and_gather_add_p, _applies, _compute)
