"""A product of bfloat16 matrices with a result in bfloat16 is made in float32 and rounded.

XLA's CPU compiler turns both operands to float32 where the result is bfloat16, and multiplies slower than if they had
been float32; where the result is float32 it calls a kernel for bfloat16. Measured (AMD EPYC with AVX512_BF16), float32,
the plain form and this: 512 x 512 x 512 3.0, 3.4 and 1.5 ms; 128 x 2048 x 2048 12.8, 14.3 and 8.0 ms.

The kernel takes rows times columns as a forward pass has them. XLA folds transposes into the product whatever stands
between, so that the products of a backward pass stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import prod
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import LoweringRule, are_numbers

LEAST_PRODUCTS: Final = 2**21
"""Multiplications from which the kernel is worth its call."""

INSTRUCTIONS: Final = frozenset({"avx512_bf16", "amx_bf16"})
"""Names, in Linux, of what a processor has to have."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    left, right = operands
    return (
        left.dtype == right.dtype == jnp.bfloat16
        and parameters["preferred_element_type"] in (None, jnp.bfloat16)
        and parameters["out_sharding"] is None
        and _is_forward(parameters["dimension_numbers"], left.ndim, right.ndim)
        and are_numbers((*left.shape, *right.shape))
        and prod(left.shape) * right.shape[1] >= LEAST_PRODUCTS
        and has_bfloat16_instructions()
    )


def _is_forward(dimension_numbers: Any, left_rank: int, right_rank: int) -> bool:
    contracting, batch = dimension_numbers
    return right_rank == 2 and tuple(map(tuple, contracting)) == ((left_rank - 1,), (0,)) and not any(map(tuple, batch))


@cache
def has_bfloat16_instructions(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Tell whether the processor multiplies bfloat16; where Linux does not say it, not.

    Args:
        cpuinfo: what Linux tells of processors.
    """
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return False
    return not INSTRUCTIONS.isdisjoint(next((line for line in lines if line.startswith("flags")), "").split())


def _compute(left: jax.Array, right: jax.Array, **parameters: Any) -> jax.Array:
    wide = lax.dot_general_p.bind(left, right, **{**parameters, "preferred_element_type": jnp.dtype("float32")})
    return lax.convert_element_type(wide, jnp.bfloat16)


BFLOAT16_PRODUCT = LoweringRule("bfloat16_product", lax.dot_general_p, _applies, _compute)
