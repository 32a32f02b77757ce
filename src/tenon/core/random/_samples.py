"""Samples as pure functions of where a stream of random bits stands, ``position``.

A position is a small vector of integers: a stateless seed, or a generator's state. It is hashed into the key of a
counter-based generator (Threefry: on CPU it is 3 to 4 times as fast as XLA's Philox), so every position has numbers of
its own, in any order and on any device. Positions are data and never compiled in.
"""

from __future__ import annotations

from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.random import threefry_2x32

Shape = tuple[int, ...]

_finfo: Any = jnp.finfo

BLOCK: Final = 256
"""How far a generator's counter moves for one number, as in TensorFlow."""
BINOMIAL_BLOCK: Final = 200 * BLOCK
"""How far it moves for one binomial number, which may need many uniform ones."""

_WORDS: Final = {"uint16": np.uint16, "int32": np.uint32, "uint32": np.uint32, "int64": np.uint64, "uint64": np.uint64}


def key_of(position: Any) -> Any:
    """Return the key of a position: a vector of integers, or of pairs of 32-bit words.

    Example:
        >>> with jax.enable_x64(True):
        ...     key_of(jnp.array([1, 2])).shape
        ()
    """
    words = position.reshape(-1, 2) if position.dtype == jnp.uint32 else _words(position)
    hashed = words[0]
    for pair in words[1:]:
        hashed = threefry_2x32(hashed, pair)
    # Without the barrier XLA:CPU makes one piece of this and of all that follows: 0.9 s to compile instead of 0.2 s.
    key = lax.optimization_barrier(threefry_2x32(hashed, jnp.zeros(2, jnp.uint32)))
    return jax.random.wrap_key_data(key, impl="threefry2x32")


def _words(numbers: Any) -> Any:
    wide = numbers.astype(jnp.int64).astype(jnp.uint64)
    low = wide.astype(jnp.uint32)
    return jnp.stack([(wide >> 32).astype(jnp.uint32), low], axis=-1)


def advanced(state: Any, delta: Any) -> Any:
    """Return a generator's state ``delta`` positions later: its 64 or 128 bits before the key are one counter.

    Example:
        >>> with jax.enable_x64(True):
        ...     advanced(jnp.array([1, 0, 7]), 256).tolist()
        [257, 0, 7]
    """
    numbers = state.astype(jnp.uint64)
    low = numbers[0] + jnp.asarray(delta).astype(jnp.uint64)
    if len(numbers) < 3:
        return numbers.at[0].set(low).astype(state.dtype)
    carried = numbers[1] + (low < numbers[0]).astype(jnp.uint64)
    return jnp.stack([low, carried, *numbers[2:]]).astype(state.dtype)


def normal(position: Any, mean: Any, stddev: Any, *, shape: Shape, dtype: Any) -> Any:
    """Return normally distributed numbers."""
    return _precise(jax.random.normal, position, shape, dtype) * stddev + mean


def truncated_normal(position: Any, mean: Any, stddev: Any, *, shape: Shape, dtype: Any) -> Any:
    """Return normally distributed numbers within two standard deviations of the mean."""

    def sample(key: Any, shape: Shape, dtype: Any) -> Any:
        return jax.random.truncated_normal(key, -2.0, 2.0, shape, dtype)

    return _precise(sample, position, shape, dtype) * stddev + mean


def _precise(sample: Any, position: Any, shape: Shape, dtype: Any) -> Any:
    return sample(key_of(position), shape, _drawn_type(dtype)).astype(dtype)


def _drawn_type(dtype: Any) -> np.dtype:
    """Return the dtype to draw in, 32 bits where there are fewer: those have too few uniform numbers for the tails."""
    return np.dtype(dtype) if np.dtype(dtype).itemsize >= 4 else np.dtype(np.float32)


def parameterized_truncated_normal(
    position: Any, means: Any, stddevs: Any, minvals: Any, maxvals: Any, *, shape: Shape, dtype: Any
) -> Any:
    """Return normally distributed numbers between bounds."""
    lower, upper = (minvals - means) / stddevs, (maxvals - means) / stddevs
    return jax.random.truncated_normal(key_of(position), lower, upper, shape, dtype) * stddevs + means


def uniform(position: Any, minval: Any, maxval: Any, *, shape: Shape, dtype: Any) -> Any:
    """Return floating point numbers that are evenly spread over ``[minval, maxval)``."""
    return jax.random.uniform(key_of(position), shape, dtype) * (maxval - minval) + minval


def uniform_integers(position: Any, minval: Any, maxval: Any, *, shape: Shape, dtype: Any) -> Any:
    """Return integers that are evenly spread over ``[minval, maxval)``."""
    return jax.random.randint(key_of(position), shape, minval, maxval, dtype)


def full_integers(position: Any, *, shape: Shape, dtype: Any) -> Any:
    """Return integers that are evenly spread over everything that ``dtype`` holds."""
    bits = jax.random.bits(key_of(position), shape, _WORDS[np.dtype(dtype).name])
    return jax.lax.bitcast_convert_type(bits, dtype)


def gamma(position: Any, alpha: Any, beta: Any, *, shape: Shape, dtype: Any) -> Any:
    """Return numbers of gamma distributions; they are never zero."""
    drawn = _drawn_type(dtype)
    wide = jax.random.gamma(key_of(position), jnp.broadcast_to(alpha, shape).astype(drawn), shape, drawn)
    return jnp.maximum(_finfo(dtype).tiny, wide.astype(dtype) / beta)


def poisson(position: Any, lam: Any, *, shape: Shape, dtype: Any) -> Any:
    """Return numbers of Poisson distributions."""
    return jax.random.poisson(key_of(position), jnp.broadcast_to(lam, shape), shape, np.int64).astype(dtype)


def binomial(position: Any, counts: Any, probs: Any, *, shape: Shape, dtype: Any) -> Any:
    """Return numbers of binomial distributions."""
    counts, probs = jnp.broadcast_to(counts, shape), jnp.broadcast_to(probs, shape)
    return jax.random.binomial(key_of(position), counts, probs, shape, probs.dtype).astype(dtype)


def categorical(position: Any, logits: Any, *, samples: int, dtype: Any) -> Any:
    """Return ``samples`` classes for each row of logits, by the inverse of the cumulative distribution."""
    precise = logits.astype(jnp.float64)
    weights = jnp.exp(precise - jnp.max(precise, axis=-1, keepdims=True))
    cumulative = jnp.cumsum(weights, axis=-1)
    total = cumulative[:, -1:]
    drawn = jax.random.uniform(key_of(position), (logits.shape[0], samples), jnp.float64) * total
    below_total = jnp.minimum(drawn, jnp.nextafter(total, jnp.zeros_like(total)))

    def find(row: Any, values: Any) -> Any:
        return jnp.searchsorted(row, values, side="right")

    return jax.vmap(find)(cumulative, below_total).astype(dtype)


def permutation(position: Any, *, size: int) -> Any:
    """Return the numbers below ``size`` in an order drawn at random."""
    bits = jax.random.bits(key_of(position), (size,), jnp.uint64)
    return jax.lax.sort((bits, jnp.arange(size)), num_keys=1)[1]


def shuffle(position: Any, value: Any) -> Any:
    """Return the rows of ``value`` in an order drawn at random."""
    return jnp.take(value, permutation(position, size=value.shape[0]), axis=0)


def shuffled_index(index: Any, seed: Any, last: Any) -> Any:
    """Return where indices go in a random order of ``[0, last]``: a small cipher, walked until it stays inside."""

    def one(index: Any, seed: Any, last: Any) -> Any:
        key = jax.random.key_data(key_of(seed.astype(jnp.int64)))
        half = (jnp.uint64(65) - jax.lax.clz(last | jnp.uint64(1))) // jnp.uint64(2)

        def encrypted(value: Any) -> Any:
            return _feistel(value, key, half)

        return jax.lax.while_loop(lambda value: value > last, encrypted, encrypted(index))

    shape, flat = index.shape, index.reshape(-1).astype(jnp.uint64)
    seeds = jnp.broadcast_to(seed, (flat.size, 3))
    lasts = jnp.broadcast_to(last.reshape(-1).astype(jnp.uint64), flat.shape)
    return jax.vmap(one)(flat, seeds, lasts).reshape(shape).astype(index.dtype)


def _feistel(value: Any, key: Any, half: Any) -> Any:
    """Permute the numbers of twice ``half`` bits, by four rounds that mix one half into the other."""
    mask = (jnp.uint64(1) << half) - jnp.uint64(1)
    left, right = value >> half, value & mask
    for number in range(4):
        mixed = threefry_2x32(key, jnp.stack([right.astype(jnp.uint32), jnp.uint32(number)]))[0]
        left, right = right, left ^ (mixed.astype(jnp.uint64) & mask)
    return (left << half) | right
