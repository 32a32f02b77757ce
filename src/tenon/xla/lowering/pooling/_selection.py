"""Which element of a window max and min pooling take: the first of the largest, in row-major order."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive

Candidate = tuple[jax.Array, jax.Array]


def selected(candidates: Iterable[Candidate], prefers: Primitive) -> jax.Array:
    """Return what goes with the selected elements.

    Elements are compared one after the other as XLA's loop does: the one that was selected stays if it is preferred, so
    that a NaN gives way to its successor.

    Args:
        candidates: for each element of the window, in row-major order, what it sees in all positions, and what goes
            with that.
        prefers: ``jax.lax.ge_p`` or ``le_p``.
    """
    return reduce(lambda best, other: _better(best, other, prefers), candidates)[1]


def _better(best: Candidate, other: Candidate, prefers: Primitive) -> Candidate:
    stays = prefers.bind(best[0], other[0])
    return jnp.where(stays, best[0], other[0]), jnp.where(stays, best[1], other[1])
