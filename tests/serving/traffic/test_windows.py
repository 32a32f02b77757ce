"""Windows count what happened lately and forget the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.traffic._windows import SlidingWindow, WindowSnapshot

EVENTS = st.lists(st.tuples(st.floats(0, 200), st.booleans(), st.floats(1e-5, 100)), max_size=60)


@given(EVENTS, st.floats(0, 100))
def test_what_is_remembered_is_what_lies_in_the_window_within_a_slice(events, later):
    window = SlidingWindow(60)
    events = sorted(events)
    for now, is_error, seconds in events:
        window.add(now, None if is_error else seconds, is_error=is_error)
    end = (events[-1][0] if events else 0) + later
    found = window.snapshot(end)
    surely = [event for event in events if event[0] > end - 55]
    perhaps = [event for event in events if event[0] > end - 60 - 1e-6]
    assert len(surely) <= found.requests <= len(perhaps)
    assert found.answers == found.requests - found.errors


@given(st.lists(st.floats(1e-5, 1000), min_size=1, max_size=100), st.floats(0.01, 1))
def test_a_quantile_is_at_most_one_bucket_too_large(latencies, quantile):
    window = SlidingWindow(60)
    for seconds in latencies:
        window.add(1.0, seconds, is_error=False)
    found = window.snapshot(1.0).quantile(quantile)
    true = next(x for i, x in enumerate(sorted(latencies), 1) if i >= quantile * len(latencies) - 1e-9)
    assert true * 0.999999 <= found <= true * 1.05


@given(st.lists(st.floats(1e-5, 1000), max_size=100), st.floats(1e-4, 100))
def test_slow_answers_are_never_overcounted(latencies, bound):
    window = SlidingWindow(60)
    for seconds in latencies:
        window.add(1.0, seconds, is_error=False)
    found = window.snapshot(1.0).slower_than(bound)
    assert sum(x > bound * 1.05 for x in latencies) <= found <= sum(x >= bound * 0.999999 for x in latencies)


def test_an_empty_window_has_no_rate_and_no_quantile():
    assert WindowSnapshot().error_rate == 0
    assert SlidingWindow(60).snapshot(5.0).quantile(0.5) is None


@pytest.mark.parametrize("seconds", [0, 1e-12, 1e9])
def test_any_latency_has_a_bucket(seconds):
    window = SlidingWindow(60)
    window.add(0.0, seconds, is_error=False)
    assert window.snapshot(0.0).answers == 1


def test_memory_does_not_grow_with_time():
    window = SlidingWindow(12)
    for second in range(1000):
        window.add(float(second), 0.001, is_error=False)
    assert window.snapshot(999.0).requests == 12
    assert len(window._slices) == 12
