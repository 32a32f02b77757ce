"""Whether a canary has broken its bounds: a decision without state, from what two windows held.

Each bound asks one question about a part of the requests: errors, or answers slower than the bound (a quantile is above
a bound exactly if more answers than it allows are slower). The exact one-sided binomial test answers it: were the true
part equal to the bound, how likely would so many be? Only if that is less likely than the rule's confidence leaves room
for, the bound counts as broken. What the champion does is uncertain too, so it is taken at its upper limit (Wilson's).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from tenon.serving.traffic._rules import RollbackRule
from tenon.serving.traffic._statistics import binomial_tail, wilson_upper
from tenon.serving.traffic._windows import WindowSnapshot


@dataclass(frozen=True, slots=True)
class Breach:
    """A bound that is broken, and the figures that say so.

    Args:
        criterion: the field of ``RollbackRule`` that set the bound.
        bound: what was allowed: a rate, or seconds.
        measured: what was found, in the same unit.
        p_value: how likely so bad a sample were if the version just kept the bound.
        requests: how many requests of the canary were looked at.
        exceeding: how many of them were errors, or too slow.
    """

    criterion: str
    bound: float
    measured: float
    p_value: float
    requests: int
    exceeding: int

    def __str__(self) -> str:
        return (
            f"{self.criterion}: {self.measured:.4g} is above {self.bound:.4g} "
            f"({self.exceeding} of {self.requests} requests, p = {self.p_value:.1e})"
        )


@dataclass(frozen=True, slots=True)
class Rollback:
    """One canary that lost its weight.

    Args:
        model: the model's name.
        version: the version that is not sent requests any more.
        time: when, in seconds since 1970.
        reason: for people.
        breach: the figures; ``None`` if somebody asked for it.
    """

    model: str
    version: int
    time: float
    reason: str
    breach: Breach | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON-able dict."""
        return asdict(self)


def find_breach(rule: RollbackRule, canary: WindowSnapshot, champion: WindowSnapshot) -> Breach | None:
    """Return the first bound of ``rule`` that the canary has broken, if any.

    Args:
        rule: the bounds.
        canary: what the canary did.
        champion: what the champion did, in the same time; empty if the rule has none.

    Example:
        >>> rule = RollbackRule(max_error_rate=0.05)
        >>> find_breach(rule, WindowSnapshot(requests=2, errors=1), WindowSnapshot())
        >>> str(find_breach(rule, WindowSnapshot(requests=100, errors=30), WindowSnapshot()))
        'max_error_rate: 0.3 is above 0.05 (30 of 100 requests, p = 8.6e-16)'
    """
    allowed = 1 - rule.confidence
    return next((breach for breach in _measure(rule, canary, champion) if breach.p_value < allowed), None)


def _measure(rule: RollbackRule, canary: WindowSnapshot, champion: WindowSnapshot) -> Iterator[Breach]:
    """Yield how the canary stands to each bound that there are requests enough for."""
    if canary.requests >= rule.minimum_requests:
        for criterion, bound in _error_bounds(rule, champion):
            p_value = binomial_tail(canary.errors, canary.requests, bound)
            yield Breach(criterion, bound, canary.error_rate, p_value, canary.requests, canary.errors)
    quantile = canary.quantile(rule.latency_quantile)
    if quantile is not None and canary.answers >= rule.minimum_requests:
        for criterion, bound in _latency_bounds(rule, champion):
            slow = canary.slower_than(bound)
            p_value = binomial_tail(slow, canary.answers, 1 - rule.latency_quantile)
            yield Breach(criterion, bound, quantile, p_value, canary.answers, slow)


def _error_bounds(rule: RollbackRule, champion: WindowSnapshot) -> Iterator[tuple[str, float]]:
    if rule.max_error_rate is not None:
        yield "max_error_rate", rule.max_error_rate
    if rule.max_error_rate_increase is not None and champion.requests >= rule.minimum_requests:
        usual = wilson_upper(champion.errors, champion.requests, rule.confidence)
        yield "max_error_rate_increase", usual + rule.max_error_rate_increase


def _latency_bounds(rule: RollbackRule, champion: WindowSnapshot) -> Iterator[tuple[str, float]]:
    if rule.max_latency_seconds is not None:
        yield "max_latency_seconds", rule.max_latency_seconds
    answers = champion.answers
    if rule.max_latency_ratio is not None and answers >= rule.minimum_requests:
        usual = champion.quantile(wilson_upper(rule.latency_quantile * answers, answers, rule.confidence))
        if usual is not None:
            yield "max_latency_ratio", usual * rule.max_latency_ratio
