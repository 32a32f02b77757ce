"""Families of cells, and their bounds."""

import json

import pytest

from tenon.base import InvalidArgumentError
from tenon.serving.telemetry import Kind, MetricSpec, Registry

REQUESTS = MetricSpec("requests_total", Kind.COUNTER, "Requests.", ("model", "code"))
SECONDS = MetricSpec("seconds", Kind.HISTOGRAM, "Seconds.", ("model",), (0.1, 1.0))
SMALL = MetricSpec("small", Kind.GAUGE, "Few.", ("model",), max_label_sets=2)


def test_one_label_set_is_one_cell():
    family = Registry().counters(REQUESTS)
    assert family.labels("m", "OK") is family.labels("m", "OK")
    assert family.labels("m", "OK") is not family.labels("m", "INTERNAL")


def test_one_metric_is_one_family():
    registry = Registry()
    assert registry.counters(REQUESTS) is registry.counters(REQUESTS)


def test_a_snapshot_is_data_that_json_holds():
    registry = Registry()
    registry.counters(REQUESTS).labels("m", "OK").inc()
    registry.histograms(SECONDS).labels("m").observe(0.5)
    snapshot = registry.snapshot()
    assert json.loads(json.dumps(snapshot)) == snapshot
    assert snapshot["seconds"]["cells"] == [[["m"], [0.5, [0, 1, 0]]]]


def test_too_many_label_sets_share_one_and_are_counted():
    registry = Registry()
    family = registry.gauges(SMALL)
    for number in range(10_000):
        family.labels(f"model{number}").value += 1
    snapshot = registry.snapshot()
    assert snapshot["small"]["cells"] == [[["model0"], 1], [["model1"], 1], [["other"], 9998]]
    assert snapshot["tenon_serving_metric_label_sets_refused_total"]["cells"] == [[["small"], 9998]]


@pytest.mark.parametrize("value", ["\ud800", "a" * 10_000, "", '\x00\n"\\'])
def test_any_text_may_be_a_label(value):
    registry = Registry()
    cell = registry.gauges(SMALL).labels(value)
    assert registry.gauges(SMALL).labels(value) is cell
    ((label,), _) = registry.snapshot()["small"]["cells"][0]
    assert len(label.encode()) <= 200


def test_labels_that_are_too_few_are_refused():
    with pytest.raises(InvalidArgumentError, match=r"labels of requests_total: must be a value for each"):
        Registry().counters(REQUESTS).labels("m")


def test_a_name_cannot_mean_two_metrics():
    registry = Registry()
    registry.gauges(SMALL)
    with pytest.raises(InvalidArgumentError, match="stand for one metric"):
        registry.gauges(MetricSpec("small", Kind.GAUGE, "Others.", ("model",)))


def test_a_counter_is_no_gauge():
    with pytest.raises(InvalidArgumentError, match="must be a gauge"):
        Registry().gauges(REQUESTS)


def test_removed_cells_are_gone_where_all_labels_fit_and_nowhere_else():
    registry = Registry()
    family = registry.counters(REQUESTS)
    for labels in (("m", "OK"), ("m", "INTERNAL"), ("n", "OK")):
        family.labels(*labels).inc()
    registry.gauges(SMALL).labels("m").value = 1
    registry.remove(model="m", code="OK")
    snapshot = registry.snapshot()
    assert [labels for labels, _ in snapshot["requests_total"]["cells"]] == [["m", "INTERNAL"], ["n", "OK"]]
    assert snapshot["small"]["cells"] == [[["m"], 1]]


def test_collectors_run_before_every_snapshot():
    registry = Registry()
    cell = registry.gauges(SMALL).labels("m")

    def collect():
        cell.value += 1

    registry.before_snapshot(collect)
    registry.snapshot()
    assert registry.snapshot()["small"]["cells"] == [[["m"], 2]]
