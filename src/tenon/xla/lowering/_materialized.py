"""Arrays that XLA's CPU compiler writes to memory once, instead of computing them again for everything that reads them.

Its fusion copies cheap producers into each of their readers. A residual network's activations are sums of sums, so a
transposition in front of a convolution computed all blocks before it again, column by column: 55 ms of a step of
ResNet-20 with 32 images, 2 ms when the activation is read from memory. ``optimization_barrier`` alone is removed before
the fusion; in a function that is not inlined it stays, and costs no copy.
"""

from __future__ import annotations

import jax
from jax import lax
from jax.experimental.xla_metadata import set_xla_metadata


def materialized(array: jax.Array) -> jax.Array:
    """Return an array that its readers find in memory.

    Args:
        array: which would be computed in each of its readers.

    Example:
        >>> materialized(jax.numpy.arange(3.0)).tolist()
        [0.0, 1.0, 2.0]
    """
    with set_xla_metadata(inlineable="false"):
        kept: jax.Array = _same(array)
    return kept


@jax.jit
def _same(array: jax.Array) -> jax.Array:
    kept: jax.Array = lax.optimization_barrier(array)
    return kept
