"""What one version did lately: counters that forget."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass

_SLICES = 12
_STEPS = 16  # of latency per doubling: each bucket is 4.4 % wide
_LEAST_SECONDS = 1e-6


@dataclass(frozen=True, slots=True)
class WindowSnapshot:
    """What a window held at one moment.

    Args:
        requests: how many ended.
        errors: how many of them count as errors.
        latencies: how many answers in each bucket, ascending; bucket ``b`` holds the seconds from ``2**(b/16)`` to
            ``2**((b+1)/16)``.
    """

    requests: int = 0
    errors: int = 0
    latencies: tuple[tuple[int, int], ...] = ()

    @property
    def error_rate(self) -> float:
        """The part of the requests that were errors; 0 without requests."""
        return self.errors / self.requests if self.requests else 0.0

    @property
    def answers(self) -> int:
        """How many requests were answered and so have a latency."""
        return sum(count for _, count in self.latencies)

    def quantile(self, quantile: float) -> float | None:
        """Return the seconds within which this part of the answers came, rounded up by 4.4 %; ``None`` without any.

        Args:
            quantile: from 0 to 1.
        """
        wanted, seen = quantile * self.answers, 0
        for bucket, count in self.latencies:
            seen += count
            if seen >= wanted:
                return _lower_edge(bucket + 1)
        return None

    def slower_than(self, seconds: float) -> int:
        """Return how many answers took longer than this for certain: those of the buckets above.

        Args:
            seconds: more than 0.
        """
        return sum(count for bucket, count in self.latencies if _lower_edge(bucket) >= seconds)


class SlidingWindow:
    """Count the requests of the last seconds.

    Time is cut into slices, a twelfth of the window each; a whole slice is forgotten at a time.

    Args:
        seconds: how long a request is remembered.
    """

    def __init__(self, seconds: float) -> None:
        self._width = seconds / _SLICES
        self._slices: deque[_Slice] = deque(maxlen=_SLICES)

    def add(self, now: float, seconds: float | None, *, is_error: bool) -> None:
        """Count one request.

        Args:
            now: the time, never less than before.
            seconds: its latency, or ``None`` if it was not answered.
            is_error: whether it counts as an error.
        """
        current = self._current(now)
        current.requests += 1
        current.errors += is_error
        if seconds is not None:
            current.latencies[math.floor(math.log2(max(seconds, _LEAST_SECONDS)) * _STEPS)] += 1

    def snapshot(self, now: float) -> WindowSnapshot:
        """Return what is remembered at the time ``now``."""
        oldest = int(now / self._width) - _SLICES + 1
        live = [piece for piece in self._slices if piece.index >= oldest]
        latencies: Counter[int] = Counter()
        for piece in live:
            latencies.update(piece.latencies)
        return WindowSnapshot(
            sum(piece.requests for piece in live),
            sum(piece.errors for piece in live),
            tuple(sorted(latencies.items())),
        )

    def _current(self, now: float) -> _Slice:
        index = int(now / self._width)
        if not self._slices or self._slices[-1].index != index:
            self._slices.append(_Slice(index))
        return self._slices[-1]


class _Slice:
    __slots__ = ("errors", "index", "latencies", "requests")

    def __init__(self, index: int) -> None:
        self.index = index
        self.requests = self.errors = 0
        self.latencies: Counter[int] = Counter()


def _lower_edge(bucket: int) -> float:
    return float(2.0 ** (bucket / _STEPS))
