"""Two questions to counts: is a bound broken, and how large may a rate be. Stateless."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist


def binomial_tail(successes: int, trials: int, probability: float) -> float:
    """Return how likely at least ``successes`` of ``trials`` are, each with ``probability``: the exact binomial test.

    Costs a number of steps in the order of the distribution's width, about ``sqrt(trials)``.

    Example:
        >>> round(binomial_tail(2, 3, 0.5), 12)
        0.5
    """
    if successes <= 0 or probability >= 1:
        return 1.0
    if successes > trials or probability <= 0:
        return 0.0
    if successes <= trials * probability:
        return 1.0 - _sum_down(successes - 1, trials, probability)
    return min(1.0, _sum_up(successes, trials, probability))


def _sum_up(successes: int, trials: int, probability: float) -> float:
    """Sum the probabilities of ``successes`` and more; they fall from the mean on."""
    odds = probability / (1 - probability)
    term = total = _probability_of(successes, trials, probability)
    for count in range(successes, trials):
        term *= odds * (trials - count) / (count + 1)
        total += term
        if term < total * 1e-17:
            break
    return total


def _sum_down(successes: int, trials: int, probability: float) -> float:
    """Sum the probabilities of ``successes`` and fewer, which is the other tail of the failures."""
    return _sum_up(trials - successes, trials, 1 - probability)


def _probability_of(successes: int, trials: int, probability: float) -> float:
    combinations = math.lgamma(trials + 1) - math.lgamma(successes + 1) - math.lgamma(trials - successes + 1)
    return math.exp(combinations + successes * math.log(probability) + (trials - successes) * math.log1p(-probability))


def wilson_upper(successes: float, trials: int, confidence: float) -> float:
    """Return the upper end of the one-sided Wilson interval of a rate; 1 without trials.

    Example:
        >>> round(wilson_upper(0, 100, 0.975), 4)
        0.037
    """
    if trials == 0:
        return 1.0
    rate, z2 = successes / trials, _z(confidence) ** 2
    spread = math.sqrt(z2 * (rate * (1 - rate) / trials + z2 / (4 * trials * trials)))
    return min(1.0, (rate + z2 / (2 * trials) + spread) / (1 + z2 / trials))


@lru_cache(maxsize=64)
def _z(confidence: float) -> float:
    return NormalDist().inv_cdf(confidence)
