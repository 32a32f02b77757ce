"""The tests of counts are exact."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.traffic._statistics import binomial_tail, wilson_upper


def exact_tail(successes, trials, probability):
    p = Fraction(probability)
    return float(sum(comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(successes, trials + 1)))


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.001, 0.999))
def test_the_tail_is_that_of_exact_arithmetic(successes, trials, probability):
    expected = exact_tail(successes, trials, probability)
    assert binomial_tail(successes, trials, probability) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("successes", "trials", "probability", "expected"),
    [(0, 0, 0.5, 1), (1, 0, 0.5, 0), (1, 5, 0, 0), (0, 5, 0, 1), (5, 5, 1, 1), (3, 5, 1.2, 1)],
)
def test_the_ends_are_certain(successes, trials, probability, expected):
    assert binomial_tail(successes, trials, probability) == expected


def test_a_million_trials_take_few_steps_and_stay_exact():
    assert binomial_tail(50_000, 10**6, 0.05) == pytest.approx(0.5, abs=0.002)
    assert binomial_tail(51_000, 10**6, 0.05) == pytest.approx(2.4e-6, rel=0.1)


@given(st.integers(1, 1000), st.floats(0, 1), st.floats(0.6, 0.9999))
def test_the_upper_limit_is_above_the_rate_and_at_most_1(trials, part, confidence):
    successes = part * trials
    assert successes / trials <= wilson_upper(successes, trials, confidence) + 1e-12 <= 1 + 1e-11


def test_without_trials_everything_is_possible():
    assert wilson_upper(0, 0, 0.99) == 1
