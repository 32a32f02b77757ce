"""Cells count."""

from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.telemetry import Counter, Gauge, Histogram


def test_a_counter_begins_at_zero_and_grows():
    counter = Counter()
    counter.inc()
    counter.inc(2.5)
    assert counter.value == 3.5


def test_a_gauge_begins_at_zero():
    assert Gauge().value == 0


def test_a_bound_belongs_to_its_bucket():
    histogram = Histogram((1.0, 2.0))
    for value in (1.0, 1.5, 2.0, 2.1):
        histogram.observe(value)
    assert histogram.counts == [1, 2, 1]


@given(st.lists(st.floats(-1e6, 1e6)), st.lists(st.floats(-1e6, 1e6), unique=True))
def test_every_observation_falls_into_the_first_bucket_that_reaches_it(values, bounds):
    histogram, together = Histogram(tuple(sorted(bounds))), Histogram(tuple(sorted(bounds)))
    for value in values:
        histogram.observe(value)
    together.observe_all(values)
    assert (together.counts, together.sum) == (histogram.counts, histogram.sum)
    expected = [0] * (len(bounds) + 1)
    for value in values:
        expected[sum(bound < value for bound in bounds)] += 1
    assert histogram.counts == expected
    assert histogram.sum == sum(values)
