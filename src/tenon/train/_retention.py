"""Which steps of a training stay on disk: policies without state, each a function of what is there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tenon.base import InvalidArgumentError


@dataclass(frozen=True)
class SavedStep:
    """A step that is on disk.

    Attributes:
        step: its number.
        time: when it was saved, in seconds since 1970.
        metrics: what was measured at that step, by name.
    """

    step: int
    time: float = 0.0
    metrics: Mapping[str, float] = field(default_factory=dict)


class RetentionPolicy(Protocol):
    """Says which steps stay on disk."""

    def kept(self, saved: Sequence[SavedStep]) -> set[int]:
        """Return the numbers of the steps to keep.

        Args:
            saved: the steps that are there, in the order in which they were saved. The last one, and the one with the
                largest number, stay in any case.
        """


@dataclass(frozen=True)
class KeepLatest:
    """Keep the steps that were saved last.

    Args:
        count: how many.

    Raises:
        InvalidArgumentError: ``count`` is not positive.

    Example:
        >>> KeepLatest(2).kept([SavedStep(1), SavedStep(5), SavedStep(9)])
        {9, 5}
    """

    count: int

    def __post_init__(self) -> None:
        _check_positive("count", self.count)

    def kept(self, saved: Sequence[SavedStep]) -> set[int]:
        """Return the numbers of the last ``count`` steps."""
        return {each.step for each in saved[-self.count :]}


@dataclass(frozen=True)
class KeepEvery:
    """Keep the steps whose number is divisible.

    Args:
        steps: by what.

    Raises:
        InvalidArgumentError: ``steps`` is not positive.

    Example:
        >>> KeepEvery(1000).kept([SavedStep(500), SavedStep(1000), SavedStep(1500)])
        {1000}
    """

    steps: int

    def __post_init__(self) -> None:
        _check_positive("steps", self.steps)

    def kept(self, saved: Sequence[SavedStep]) -> set[int]:
        """Return the numbers that ``steps`` divides."""
        return {each.step for each in saved if each.step % self.steps == 0}


@dataclass(frozen=True)
class KeepBest:
    """Keep the steps with the best values of a metric; of equal ones the newer. Steps without the metric are not best.

    Args:
        metric: the name of the metric.
        count: how many.
        mode: ``"min"`` where less is better, ``"max"`` where more is.

    Raises:
        InvalidArgumentError: ``count`` is not positive, or ``mode`` is none of the two.

    Example:
        >>> KeepBest("loss").kept([SavedStep(1, metrics={"loss": 0.3}), SavedStep(2, metrics={"loss": 0.4})])
        {1}
    """

    metric: str
    count: int = 1
    mode: str = "min"

    def __post_init__(self) -> None:
        _check_positive("count", self.count)
        if self.mode not in ("min", "max"):
            raise InvalidArgumentError(f"mode: must be 'min' or 'max'; received {self.mode!r}.")

    def kept(self, saved: Sequence[SavedStep]) -> set[int]:
        """Return the numbers of the ``count`` best steps."""
        sign = 1 if self.mode == "max" else -1
        measured = [each for each in saved if not math.isnan(each.metrics.get(self.metric, math.nan))]
        ordered = sorted(measured, key=lambda each: (sign * each.metrics[self.metric], each.step))
        return {each.step for each in ordered[-self.count :]}


@dataclass(frozen=True)
class KeepAny:
    """Keep what any of several policies keeps.

    Args:
        policies: the policies.

    Example:
        >>> both = KeepAny((KeepLatest(1), KeepEvery(10)))
        >>> sorted(both.kept([SavedStep(10), SavedStep(11), SavedStep(12)]))
        [10, 12]
    """

    policies: Sequence[RetentionPolicy]

    def kept(self, saved: Sequence[SavedStep]) -> set[int]:
        """Return the numbers that a policy keeps."""
        return set().union(*[policy.kept(saved) for policy in self.policies])


@dataclass(frozen=True)
class KeepAll:
    """Keep every step.

    Example:
        >>> KeepAll().kept([SavedStep(1)])
        {1}
    """

    def kept(self, saved: Sequence[SavedStep]) -> set[int]:
        """Return all numbers."""
        return {each.step for each in saved}


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise InvalidArgumentError(f"{name}: must be at least 1; received {value}. Use KeepAll() to keep everything.")
