"""Where numbers are counted: plain Python, one event loop, no locks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


class Counter:
    """A number that only grows.

    Attributes:
        value: how much was counted; code on a hot path may add to it itself.

    Example:
        >>> requests = Counter()
        >>> requests.inc()
        >>> requests.inc(2)
        >>> requests.value
        3
    """

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0

    def inc(self, amount: float = 1) -> None:
        """Add ``amount``, which is not negative."""
        self.value += amount


class Gauge:
    """A number that goes up and down.

    Attributes:
        value: the number now; set it, or add to it.
    """

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0


class Histogram:
    """How many observations fell below which bound, and their sum.

    Args:
        bounds: the upper bounds of the buckets, ascending and inclusive; one more bucket takes what is above the last.

    Attributes:
        counts: observations per bucket, not cumulative.
        sum: of all observations.

    Example:
        >>> seconds = Histogram((0.1, 1.0))
        >>> for value in (0.1, 0.5, 7.0):
        ...     seconds.observe(value)
        >>> seconds.counts, seconds.sum
        ([1, 1, 1], 7.6)
    """

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum: float = 0

    def observe(self, value: float) -> None:
        """Count one observation."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def observe_all(self, values: Sequence[float]) -> None:
        """Count several observations."""
        bounds, counts = self.bounds, self.counts
        for value in values:
            counts[bisect_left(bounds, value)] += 1
            self.sum += value
