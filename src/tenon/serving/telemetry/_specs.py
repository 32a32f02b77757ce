"""What a metric is called, what it means, and how workers' values of it become one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MAX_LABEL_SETS = 2000
"""Label sets of one metric that are told apart; what comes later shares the set in which every label is ``other``."""


class Kind(StrEnum):
    """The kinds of metrics, by their names in the text format."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Merge(StrEnum):
    """How the values of several worker processes become one."""

    SUM = "sum"
    MAX = "max"


@dataclass(frozen=True)
class MetricSpec:
    """One metric.

    Args:
        name: as Prometheus shows it.
        kind: counter, gauge or histogram.
        help: one line for people.
        labels: the names of its labels.
        bounds: of a histogram's buckets: ascending, inclusive, without the infinite one.
        merge: how gauges of several workers become one; counters and histograms are summed.
        max_label_sets: how many label sets are told apart.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    merge: Merge = Merge.SUM
    max_label_sets: int = MAX_LABEL_SETS


def exponential_bounds(scale: float, factor: float, count: int) -> tuple[float, ...]:
    """Return ``count`` bounds that start at ``scale`` and grow by ``factor``.

    They are rounded to six digits, as TensorFlow Serving prints its own.

    Args:
        scale: the first bound.
        factor: what each is multiplied with to give the next.
        count: how many.

    Example:
        >>> exponential_bounds(10, 1.8, 4)
        (10.0, 18.0, 32.4, 58.32)
    """
    return tuple(float(f"{scale * factor**power:.6g}") for power in range(count))
