"""A canary is rolled back when its figures leave no reasonable doubt, and not before."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.traffic import RollbackRule, WindowSnapshot, find_breach
from tenon.serving.traffic._windows import SlidingWindow

ERRORS = RollbackRule(max_error_rate=0.05)
NONE = WindowSnapshot()


def window(fast=0, slow=0, errors=0):
    made = SlidingWindow(60)
    for seconds, count in ((0.01, fast), (1.0, slow), (None, errors)):
        for _ in range(count):
            made.add(1.0, seconds, is_error=seconds is None)
    return made.snapshot(1.0)


@pytest.mark.parametrize(
    ("requests", "errors", "is_broken"),
    [
        (2, 1, False),  # nothing is known yet
        (49, 49, False),  # fewer than minimum_requests
        (50, 50, True),
        (50, 5, False),  # twice the bound, but chance does that
        (1000, 100, True),
        (1000, 50, False),  # the bound itself
        (1000, 0, False),
    ],
)
def test_errors_break_their_bound(requests, errors, is_broken):
    breach = find_breach(ERRORS, WindowSnapshot(requests, errors), NONE)
    assert (breach is not None) == is_broken


def test_a_breach_tells_its_figures():
    breach = find_breach(ERRORS, WindowSnapshot(1000, 200), NONE)
    assert (breach.criterion, breach.bound, breach.measured) == ("max_error_rate", 0.05, 0.2)
    assert (breach.requests, breach.exceeding) == (1000, 200)
    assert breach.p_value < 1e-10


@pytest.mark.parametrize(
    ("canary", "champion", "is_broken"),
    [
        (WindowSnapshot(1000, 100), WindowSnapshot(1000, 10), True),
        (WindowSnapshot(1000, 100), WindowSnapshot(1000, 100), False),  # both suffer from the same trouble
        (WindowSnapshot(1000, 100), WindowSnapshot(49, 0), False),
        (WindowSnapshot(1000, 1000), WindowSnapshot(49, 0), False),  # the champion's rate is not known
        (WindowSnapshot(1000, 100), NONE, False),
    ],
)
def test_errors_are_measured_against_the_champion(canary, champion, is_broken):
    rule = RollbackRule(champion="champion", max_error_rate_increase=0.01)
    assert (find_breach(rule, canary, champion) is not None) == is_broken


@pytest.mark.parametrize(
    ("canary", "is_broken"),
    [
        (window(fast=1000, slow=100), True),
        (window(fast=1000, slow=10), False),  # a hundredth may be slow
        (window(fast=40, slow=9), False),
        (window(errors=1000), False),  # nothing was answered: a bound of errors sees it
    ],
)
def test_latency_breaks_its_bound(canary, is_broken):
    breach = find_breach(RollbackRule(max_latency_seconds=0.5), canary, NONE)
    assert (breach is not None) == is_broken
    assert breach is None or breach.measured == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(
    ("champion", "is_broken"),
    [(window(fast=1000), True), (window(fast=1000, slow=100), False), (window(fast=30), False), (NONE, False)],
)
def test_latency_is_measured_against_the_champion(champion, is_broken):
    rule = RollbackRule(champion=1, max_latency_ratio=2)
    breach = find_breach(rule, window(fast=1000, slow=100), champion)
    assert (breach is not None) == is_broken


def test_a_bound_of_no_errors_at_all_is_broken_by_one():
    rule = RollbackRule(max_error_rate=0, minimum_requests=10)
    assert find_breach(rule, WindowSnapshot(10, 0), NONE) is None
    assert find_breach(rule, WindowSnapshot(10, 1), NONE)


@given(st.integers(0, 2000), st.integers(0, 2000), st.floats(0, 1))
def test_more_errors_never_acquit(requests, errors, bound):
    errors = min(errors, requests)
    rule = RollbackRule(max_error_rate=bound, minimum_requests=1)
    if find_breach(rule, WindowSnapshot(requests, errors), NONE):
        assert errors > bound * requests
        assert find_breach(rule, WindowSnapshot(requests, min(errors + 1, requests)), NONE)


def test_a_version_that_just_keeps_its_bound_is_hardly_ever_rolled_back():
    chance = random.Random(4)
    samples = (sum(chance.random() < 0.05 for _ in range(200)) for _ in range(1000))
    assert not any(find_breach(ERRORS, WindowSnapshot(200, errors), NONE) for errors in samples)
