"""Who gets what: weighted rendezvous hashing. Stateless.

Every candidate draws a number from the key, made exponentially distributed with its weight as rate; the smallest wins,
which happens in proportion to the weights. As a draw depends on nothing but its candidate and the key, a change of
one weight moves keys only to or from that candidate, and no more of them than the change needs.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from hashlib import blake2b
from math import inf, log
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_SCALE = 2.0**-64

Key = bytes | None


class Draw:
    """A number in ``(0, 1]`` for every key: equally likely everywhere, and unrelated to other draws.

    Args:
        identity: what it depends on besides the key, of strings and numbers.
    """

    __slots__ = ("_seeded",)

    def __init__(self, *identity: str | int) -> None:
        self._seeded = blake2b(json.dumps(identity).encode(), digest_size=8)  # an array delimits itself

    def number(self, key: bytes) -> float:
        """Return the number of ``key``, the same in every process and for ever. Costs half a microsecond."""
        hashed = self._seeded.copy()
        hashed.update(key)
        return (int.from_bytes(hashed.digest(), "big") + 0.5) * _SCALE


class Candidate(Generic[T]):
    """Something that may be chosen.

    Args:
        value: what is chosen with it.
        weight: more than 0; only relative to the others'.
        identity: of its draws; its own among the candidates.
    """

    __slots__ = ("draw", "value", "weight")

    def __init__(self, value: T, weight: float, *identity: str | int) -> None:
        self.value = value
        self.weight = weight
        self.draw = Draw(*identity)


class Gate:
    """Let a part of the keys through, in no order; a larger share lets the same keys through and others.

    Args:
        share: which part, up to 1.
        identity: of its draws.

    Example:
        >>> gate = Gate(0.25, "early birds")
        >>> [gate.admits(b"user %d" % number) for number in range(1000)].count(True)
        229
    """

    __slots__ = ("_draw", "_share")

    def __init__(self, share: float, *identity: str | int) -> None:
        self._share = share
        self._draw = Draw(*identity)

    def admits(self, key: Key, uniform: Callable[[], float] = random.random) -> bool:
        """Return whether ``key`` is among them; by chance without a key."""
        return self._share >= 1 or (1.0 - uniform() if key is None else self._draw.number(key)) <= self._share


def choose(candidates: Sequence[Candidate[T]], key: Key, uniform: Callable[[], float] = random.random) -> Candidate[T]:
    """Return the candidate that ``key`` belongs to, or one at random without a key.

    Args:
        candidates: one or more.
        key: any bytes; equal keys choose equally, in every process and for ever.
        uniform: the source of chance.

    Example:
        >>> both = [Candidate("old", 95, "old"), Candidate("new", 5, "new")]
        >>> names = [choose(both, b"user %d" % number).value for number in range(1000)]
        >>> names.count("new")
        53
    """
    if len(candidates) == 1:
        return candidates[0]
    best, best_score = candidates[0], -inf
    for candidate in candidates:
        number = 1.0 - uniform() if key is None else candidate.draw.number(key)
        score = log(number) / candidate.weight  # at most 0, and the nearer to it the better
        if score > best_score:
            best, best_score = candidate, score
    return best


def key_bytes(key: str | bytes | None) -> Key:
    """Return a routing key as bytes; an empty one is none, for it would tie all who send it to one version."""
    if not key:
        return None
    return key if isinstance(key, bytes) else key.encode("utf-8", "surrogatepass")


def shares(weights: Sequence[float]) -> tuple[float, ...]:
    """Return weights as parts of 1, all 0 if they are.

    Example:
        >>> shares([95, 5])
        (0.95, 0.05)
    """
    total: Any = sum(weights)
    return tuple(weight / total if total else 0.0 for weight in weights)
