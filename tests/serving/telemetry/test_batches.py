"""Batches are counted."""

import time

import pytest

from tenon.serving.servables import ServableId
from tenon.serving.telemetry import History, Observer, Registry, history_points

LABELS = ("digits", "3", "serving_default", "xla")


@pytest.fixture
def snapshot():
    observer = Observer(Registry(), History())
    observer.loaded(ServableId("digits", 3), 1.0, engines={"serving_default": "xla"})
    batches = observer.batches(ServableId("digits", 3), "serving_default", "my_pool")
    batches.ran([0.001, 0.002], rows=3, padding_rows=1, run_seconds=0.004)
    batches.ran([0.003], rows=8, padding_rows=0, run_seconds=0.006)
    points = history_points(observer.history.snapshot(time.monotonic() + 1))["digits"]
    assert sum(point.batches for point in points) == 2
    assert (sum(point.rows for point in points), sum(point.padding for point in points)) == (11, 1)
    return {
        (name, *labels): value
        for name, family in observer.registry.snapshot().items()
        for labels, value in family["cells"]
    }


@pytest.mark.parametrize(
    ("name", "labels", "count", "total"),
    [
        ("tenon_serving_queue_seconds", LABELS, 3, 0.006),
        ("tenon_serving_run_seconds", LABELS, 2, 0.01),
        ("tenon_serving_batch_rows", LABELS, 2, 11),
        (":tensorflow:serving:batching_session:queuing_latency", ("my_pool",), 3, 6000),
        (":tensorflow:serving:batching_session:processed_batch_size", (), 2, 12),
        (":tensorflow:serving:batching_session:padding_size", ("4",), 1, 1),
        (":tensorflow:serving:batching_session:padding_size", ("8",), 1, 0),
    ],
)
def test_a_histogram_of_batches(snapshot, name, labels, count, total):
    seen, counts = snapshot[name, *labels]
    assert (sum(counts), seen) == (count, pytest.approx(total))


def test_padding_and_runs_are_counted(snapshot):
    assert snapshot["tenon_serving_padding_rows_total", *LABELS] == 1
    assert snapshot[(":tensorflow:serving:batching_session:wrapped_run_count",)] == 2
