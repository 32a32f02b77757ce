"""Requests are sent again by the policy, and never past the deadline."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import DeadlineExceededError, InvalidArgumentError, NotFoundError, UnavailableError
from tenon.serving.client import RetryPolicy
from tenon.serving.client._errors import TryAgainError, seconds
from tenon.serving.client._retries import Deadline, ask

QUICK = RetryPolicy(5, 0.0001, 0.001)


class Refusing:
    def __init__(self, times, after=None, error=None):
        self.times, self.after, self.error, self.calls = times, after, error, 0

    def __call__(self, deadline):
        self.calls += 1
        if self.calls <= self.times:
            raise self.error or TryAgainError(UnavailableError(f"refusal {self.calls}"), self.after)
        return "answer"


@pytest.mark.parametrize("times", range(5))
def test_an_answer_comes_after_refusals(times):
    attempt = Refusing(times)
    assert ask(QUICK, 10, attempt) == "answer"
    assert attempt.calls == times + 1


def test_the_last_refusal_is_told():
    with pytest.raises(UnavailableError, match="refusal 5"):
        ask(QUICK, 10, Refusing(99))


def test_other_errors_are_told_at_once():
    attempt = Refusing(99, error=NotFoundError("none"))
    with pytest.raises(NotFoundError, match="none"):
        ask(QUICK, 10, attempt)
    assert attempt.calls == 1


def test_nobody_waits_past_the_deadline():
    start, attempt = time.monotonic(), Refusing(99, after=60)
    with pytest.raises(UnavailableError, match="refusal 1"):
        ask(QUICK, 5, attempt)
    assert time.monotonic() - start < 5
    slow = Refusing(99)
    with pytest.raises(UnavailableError, match="refusal"):
        ask(RetryPolicy(10**6, 0.001, 0.001), 0.05, slow)
    assert slow.calls > 1


def test_a_deadline_that_passed_says_so():
    with pytest.raises(DeadlineExceededError, match=r"within 1e-09 seconds"):
        Deadline(1e-9).remaining()


@given(st.integers(1, 10**6))
def test_waits_grow_and_have_a_bound(attempt):
    policy = RetryPolicy(initial_seconds=0.1, maximum_seconds=7)
    assert 0.1 <= policy.bound(attempt) <= policy.bound(attempt + 1) <= 7


@pytest.mark.parametrize("numbers", [(0, 0.1, 1), (1, -1, 1), (1, 2, 1), (1, 0, float("inf")), (1, float("nan"), 1)])
def test_a_policy_out_of_range_is_refused(numbers):
    with pytest.raises(InvalidArgumentError, match="retry: attempts must be"):
        RetryPolicy(*numbers)


@pytest.mark.parametrize(
    ("text", "expected"), [("1.5", 1.5), (b"2", 2), ("0", 0), ("-1", None), ("nan", None), ("inf", None), ("Wed", None)]
)
def test_only_a_number_of_seconds_is_one(text, expected):
    assert seconds(text) == expected
    assert seconds(None) is None
