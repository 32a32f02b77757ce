"""What several processes counted becomes one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.serving.telemetry import Kind, Merge, MetricSpec, Registry, merge_snapshots

COUNT = MetricSpec("count_total", Kind.COUNTER, "", ("model",))
SUM = MetricSpec("sum", Kind.GAUGE, "")
MAX = MetricSpec("max", Kind.GAUGE, "", merge=Merge.MAX)
SIZES = MetricSpec("sizes", Kind.HISTOGRAM, "", bounds=(1.0, 10.0))


def counted(model: str, value: int):
    registry = Registry()
    registry.counters(COUNT).labels(model).inc(value)
    registry.gauges(SUM).labels().value = value
    registry.gauges(MAX).labels().value = value
    registry.histograms(SIZES).labels().observe(value)
    return json.loads(json.dumps(registry.snapshot()))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20)), min_size=1, max_size=5))
def test_counters_and_histograms_are_summed_and_gauges_as_they_say(workers):
    merged = merge_snapshots([counted(*worker) for worker in workers])
    values = [value for _, value in workers]
    totals = {tuple(labels): value for labels, value in merged["count_total"]["cells"]}
    assert totals == {(m,): sum(v for n, v in workers if n == m) for m in {model for model, _ in workers}}
    assert merged["sum"]["cells"] == [[[], sum(values)]]
    assert merged["max"]["cells"] == [[[], max(values)]]
    (_, (total, counts)) = merged["sizes"]["cells"][0]
    assert (total, counts) == (
        sum(values),
        [sum(v <= 1 for v in values), sum(1 < v <= 10 for v in values), sum(v > 10 for v in values)],
    )


def test_what_only_one_process_counted_stays():
    assert merge_snapshots([{}, counted("a", 1)]) == counted("a", 1)


def test_no_snapshots_are_an_empty_one():
    assert merge_snapshots([]) == {}


def test_the_snapshots_are_not_changed():
    one = counted("a", 1)
    merge_snapshots([one, one, one])
    assert one == counted("a", 1)


def test_one_name_with_two_meanings_is_refused():
    registry = Registry()
    registry.histograms(MetricSpec("sizes", Kind.HISTOGRAM, "", bounds=(5.0,))).labels()
    with pytest.raises(InvalidArgumentError, match="sizes must have one bounds in all of them"):
        merge_snapshots([counted("a", 1), registry.snapshot()])
