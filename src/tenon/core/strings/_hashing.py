"""Hash buckets: TensorFlow's three hashes of strings, the same for ever."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations import operation
from tenon.core.strings._arrays import numbered
from tenon.formats import fingerprint64

_MASK: Final = 2**64 - 1
_MULTIPLIER: Final = 0xC6A4A7935BD1E995
_SEED: Final = 0xDECAFCAFFE


def murmur64(data: bytes) -> int:
    """Return MurmurHash64A with TensorFlow's seed, an unsigned 64-bit integer.

    Example:
        >>> murmur64(b"a") % 5
        3
    """
    state = _SEED ^ (len(data) * _MULTIPLIER & _MASK)
    whole = len(data) & ~7
    for place in range(0, whole, 8):
        word = int.from_bytes(data[place : place + 8], "little") * _MULTIPLIER & _MASK
        word = (word ^ word >> 47) * _MULTIPLIER & _MASK
        state = (state ^ word) * _MULTIPLIER & _MASK
    if whole < len(data):
        state = (state ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _MASK
    state = (state ^ state >> 47) * _MULTIPLIER & _MASK
    return state ^ state >> 47


def siphash(data: bytes, key: Sequence[int]) -> int:
    """Return SipHash-2-4 with a key of two 64-bit integers, an unsigned 64-bit integer.

    Example:
        >>> siphash(b"a", [1, 2]) % 1000000007
        142192448
    """
    first, second = (part & _MASK for part in key)
    state = [
        first ^ 0x736F6D6570736575,
        second ^ 0x646F72616E646F6D,
        first ^ 0x6C7967656E657261,
        second ^ 0x7465646279746573,
    ]
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for place in range(0, len(padded), 8):
        word = int.from_bytes(padded[place : place + 8], "little")
        state[3] ^= word
        state = _rounds(state, 2)
        state[0] ^= word
    state[2] ^= 255
    state = _rounds(state, 4)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _rounds(state: list[int], count: int) -> list[int]:
    a, b, c, d = state
    for _ in range(count):
        a, c = a + b & _MASK, c + d & _MASK
        b, d = _rotated(b, 13) ^ a, _rotated(d, 16) ^ c
        a, c = _rotated(a, 32) + d & _MASK, c + b & _MASK
        b, d = _rotated(b, 17) ^ c, _rotated(d, 21) ^ a
        c = _rotated(c, 32)
    return [a, b, c, d]


def _rotated(value: int, count: int) -> int:
    return (value << count | value >> 64 - count) & _MASK


def _buckets(strings: np.ndarray, num_buckets: int, hashed: Any) -> np.ndarray:
    if num_buckets < 1:
        raise InvalidArgumentError(f"num_buckets: must be at least 1; received {num_buckets}.")
    return numbered(lambda value: hashed(value) % num_buckets, strings, np.int64)


def _to_hash_bucket_strong(strings: np.ndarray, num_buckets: int, key: Any) -> np.ndarray:
    if not isinstance(key, list) or len(key) != 2:
        raise InvalidArgumentError(f"key: Key must have 2 elements; received {key!r}.")
    return _buckets(strings, num_buckets, partial(siphash, key=key))


to_hash_bucket = operation(
    "strings.to_hash_bucket",
    "input: string, num_buckets",
    partial(_buckets, hashed=murmur64),
    "Returns a bucket for each string, by MurmurHash64A.",
    "['a', 'b'], 10",
    host=True,
    differentiable=False,
)
to_hash_bucket_fast = operation(
    "strings.to_hash_bucket_fast",
    "input: string, num_buckets",
    partial(_buckets, hashed=fingerprint64),
    "Returns a bucket for each string, by FarmHash's Fingerprint64.",
    "['a', 'b'], 10",
    host=True,
    differentiable=False,
)
to_hash_bucket_strong = operation(
    "strings.to_hash_bucket_strong",
    "input: string, num_buckets, key",
    _to_hash_bucket_strong,
    "Returns a bucket for each string, by SipHash-2-4 with a key, so that nobody can choose strings that collide.",
    "['a', 'b'], 10, [1, 2]",
    host=True,
    differentiable=False,
)
