"""The hash of ``jax.random``, its rounds written out: the same bits from one loop that keeps them in registers.

JAX asks XLA:CPU for a loop of five turns, each of which reads and writes all bits. Milliseconds of the processor, plain
and by this rule: dropout of 32x128x256 5.2 and 1.9 (TensorFlow 6.4), of 32x128 0.17 and 0.09, 2**20 normal numbers 9.7
and 5.1; a program with one dropout compiles in 0.06 s instead of 0.26 s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.random import threefry2x32_p

from tenon.xla.lowering._rule import LoweringRule

PARITY = 0x1BD11BDA
"""What the third word of the key is made with (Salmon and others, "Parallel random numbers: as easy as 1, 2, 3")."""

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
"""By how many bits a word is rotated, in turns of four rounds."""

TURNS = 5


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    return not parameters and all(word.dtype == jnp.uint32 for word in operands)


def _compute(key: jax.Array, other_key: jax.Array, first: jax.Array, second: jax.Array) -> tuple[jax.Array, ...]:
    keys = (key, other_key, key ^ other_key ^ jnp.uint32(PARITY))
    first, second = first + keys[0], second + keys[1]
    for turn in range(TURNS):
        for bits in ROTATIONS[turn % 2]:
            first = first + second
            second = first ^ _rotated(second, bits)
        first = first + keys[(turn + 1) % 3]
        second = second + keys[(turn + 2) % 3] + jnp.uint32(turn + 1)
    # Without the barrier all rounds would be done anew for every operation that the bits are used in.
    return tuple(lax.optimization_barrier((first, second)))


def _rotated(word: jax.Array, bits: int) -> jax.Array:
    return lax.shift_left(word, jnp.uint32(bits)) | lax.shift_right_logical(word, jnp.uint32(32 - bits))


RANDOM_RULES: tuple[LoweringRule, ...] = (LoweringRule("threefry2x32", threefry2x32_p, _applies, _compute),)
"""Every rule for random numbers."""
