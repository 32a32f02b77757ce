"""Batches are counted."""

import pytest

from tenon.serving.servables import ServableId
from tenon.serving.telemetry import History, Observer, Registry, history_points

LABELS = ("digits", "3", "serving_default", "xla")


@pytest.fixture
def snapshot():
    observer = Observer(Registry(), History())
    batches = observer.batches(ServableId("digits", 3), "serving_default", "xla", "my_pool")
    batches.ran([(0.001, 1), (0.002, 2)], rows=3, padding=1, run_seconds=0.004, ended=5.5)
    batches.ran([(0.003, 8)], rows=8, padding=0, run_seconds=0.006, ended=5.6)
    (point,) = history_points(observer.history.snapshot(6.0, 6.0))["digits"]
    assert (point.batches, point.rows, point.padding) == (2, 11, 1)
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
        (":tensorflow:serving:batching_session:input_batch_size", (), 3, 11),
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
