"""The hash of ``jax.random``, its rounds written out: the same bits from one loop that keeps them in registers.

JAX asks XLA:CPU for a loop of five turns, each of which reads and writes all bits. Milliseconds of the processor, plain
and by this rule: dropout of 32x128x256 5.2 and 1.9 (TensorFlow 6.4), of 32x128 0.17 and 0.09, 2**20 normal numbers 9.7
and 5.1; a program with one dropout compiles in 0.06 s instead of 0.26 s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
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
    keys = (key, other_key, lax.bitwise_xor(lax.bitwise_xor(key, other_key), np.uint32(PARITY)))
    first, second = lax.add(first, keys[0]), lax.add(second, keys[1])
    for turn in range(TURNS):
        first, second = _ROUNDS[turn % 2](first, second)
        first = lax.add(first, keys[(turn + 1) % 3])
        second = lax.add(lax.add(second, keys[(turn + 2) % 3]), np.uint32(turn + 1))
    # Without the barrier all rounds would be done anew for every operation that the bits are used in.
    return tuple(lax.optimization_barrier((first, second)))


def _four_rounds(rotations: tuple[int, ...], first: jax.Array, second: jax.Array) -> tuple[jax.Array, jax.Array]:
    for bits in rotations:
        first = lax.add(first, second)
        second = lax.bitwise_xor(first, _rotated(second, bits))
    return first, second


def _rotated(word: jax.Array, bits: int) -> jax.Array:
    # operations of ``lax``: those of ``jax.numpy`` take five times as long to be traced, in every program with dropout
    return lax.bitwise_or(lax.shift_left(word, np.uint32(bits)), lax.shift_right_logical(word, np.uint32(32 - bits)))


_ROUNDS: Final = tuple(jax.jit(partial(_four_rounds, rotations)) for rotations in ROTATIONS)
"""Functions of the lowered program, each written once and called two or three times; XLA puts them in line."""


RANDOM_RULES: tuple[LoweringRule, ...] = (LoweringRule("threefry2x32", threefry2x32_p, _applies, _compute),)
"""Every rule for random numbers."""
