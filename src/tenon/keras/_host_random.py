"""The numbers of ``jax.random`` for a seed, computed by NumPy: no program has to be made for their shape.

JAX draws with the hash Threefry, which counts elements: element ``i`` of any shape is the hash of ``i``. A program for
each shape of a model's weights costs 20 ms of a second start and more of a first one; the hash of a weight costs 10 ns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

MOST_NUMBERS: Final = 1 << 21
"""Of more numbers XLA's loops are quicker, compiling included."""

_BLOCK: Final = 1 << 14
"""So many words stay in a core's own cache while all rounds are done with them."""

_PARITY: Final = np.uint32(0x1BD11BDA)
_ROTATIONS: Final = ((13, 15, 26, 6), (17, 29, 16, 24))
_TURNS: Final = 5

_CENTRE: Final = (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503)
_CENTRE_LOW: Final = (-0.00417768164, 0.246640727, 1.50140941)
_TAIL: Final = (-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613)
_TAIL_LOW: Final = (0.00943887047, 1.00167406, 2.83297682)
"""Giles, "Approximating the erfinv function", single precision, which XLA uses too: centre and tails."""


def uniform(seed: int, size: int, low: float, high: float) -> np.ndarray:
    """Return what ``jax.random.uniform`` draws, up to rounding.

    Args:
        seed: the first of the key's two words is its lowest 32 bits, the second is 0.
        size: how many numbers, a flat float32 array.
        low: the least of them.
        high: above them all.

    Example:
        >>> import jax
        >>> key = jax.numpy.array([7, 0], "uint32")
        >>> uniform(7, 3, 0.0, 1.0).tolist() == jax.random.uniform(key, (3,)).tolist()
        True
    """
    numbers = np.empty(size, np.float32)
    least, span = np.float32(low), np.float32(high) - np.float32(low)
    for begin, bits in _bits(seed, size):
        unit = (bits >> np.uint32(9) | np.uint32(0x3F800000)).view(np.float32) - np.float32(1)
        # one rounding, as the processor's fused operation has it: the product of two such numbers is exact in 64 bits
        numbers[begin : begin + len(bits)] = unit.astype(np.float64) * np.float64(span) + np.float64(least)
    return np.maximum(numbers, least, out=numbers)


def normal(seed: int, size: int) -> np.ndarray:
    """Return what ``jax.random.normal`` draws, up to rounding.

    Args:
        seed: see ``uniform``.
        size: how many numbers, a flat float32 array.
    """
    return _through_erfinv(uniform(seed, size, float(np.nextafter(np.float32(-1), np.float32(0))), 1.0))


def truncated_normal(seed: int, size: int) -> np.ndarray:
    """Return what ``jax.random.truncated_normal`` draws between -2 and 2, up to rounding.

    Args:
        seed: see ``uniform``.
        size: how many numbers, a flat float32 array.
    """
    drawn = _through_erfinv(uniform(seed, size, -_ERF_OF_TWO, _ERF_OF_TWO))
    most = np.nextafter(np.float32(2), np.float32(0))
    return np.clip(drawn, -most, most, out=drawn)


_ERF_OF_TWO: Final = 0.9544997361036416
"""The part of a normal distribution that is within two standard deviations."""


def _bits(seed: int, size: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the random words block by block, with the place of each block's first word."""
    first_key, last_key = np.uint32(seed & 0xFFFFFFFF), np.uint32(0)
    keys = (first_key, last_key, first_key ^ last_key ^ _PARITY)
    for begin in range(0, size, _BLOCK):
        counts = np.arange(begin, min(begin + _BLOCK, size), dtype=np.uint32)
        yield begin, _hashed(keys, counts)


def _hashed(keys: tuple[np.uint32, ...], counts: np.ndarray) -> np.ndarray:
    """Return the two words of Threefry's hash of numbers below 2**32, combined by exclusive or."""
    first, second = np.full_like(counts, keys[0]), counts
    second += keys[1]
    spare = np.empty_like(counts)
    for turn in range(_TURNS):
        for bits in _ROTATIONS[turn % 2]:
            first += second
            np.right_shift(second, np.uint32(32 - bits), out=spare)
            second <<= np.uint32(bits)
            second |= spare
            second ^= first
        first += keys[(turn + 1) % 3]
        second += keys[(turn + 2) % 3]
        second += np.uint32(turn + 1)
    first ^= second
    return first


def _through_erfinv(numbers: np.ndarray) -> np.ndarray:
    """Return the square root of 2 times the inverse error function of numbers between -1 and 1, in their place."""
    for begin in range(0, len(numbers), _BLOCK):
        block = numbers[begin : begin + _BLOCK]
        logarithm = -np.log1p(-block * block)
        far = np.flatnonzero(logarithm >= 5)
        factor = _polynomial(_CENTRE + _CENTRE_LOW, logarithm - np.float32(2.5))
        factor[far] = _polynomial(_TAIL + _TAIL_LOW, np.sqrt(logarithm[far]) - np.float32(3))
        block *= factor
        block *= np.float32(np.sqrt(2))
    return numbers


def _polynomial(coefficients: tuple[float, ...], values: np.ndarray) -> np.ndarray:
    total = np.full_like(values, coefficients[0])
    for coefficient in coefficients[1:]:
        total *= values
        total += np.float32(coefficient)
    return total
