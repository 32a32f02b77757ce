"""The table of metrics."""

import re

import pytest

from tenon.serving.telemetry import METRICS, Kind
from tests.documents import ROOT, table_rows

BY_NAME = {spec.name: spec for spec in METRICS}
EXPECTED_OF_TENSORFLOW_SERVING = {
    ":tensorflow:serving:request_count": (Kind.COUNTER, ("model_name", "status"), None),
    ":tensorflow:serving:request_latency": (Kind.HISTOGRAM, ("model_name", "API", "entrypoint"), (10, 1.8, 33)),
    ":tensorflow:serving:runtime_latency": (Kind.HISTOGRAM, ("model_name", "API", "runtime"), (10, 1.8, 33)),
    ":tensorflow:serving:request_example_counts": (Kind.HISTOGRAM, ("model",), (1, 2, 15)),
    ":tensorflow:serving:request_example_count_total": (Kind.COUNTER, ("model",), None),
    ":tensorflow:serving:request_log_count": (Kind.COUNTER, ("model_name", "status_code"), None),
    ":tensorflow:serving:model_warmup_latency": (Kind.HISTOGRAM, ("model_path", "status"), (10, 1.8, 33)),
    ":tensorflow:serving:model_warmup_records_read": (Kind.COUNTER, ("model_path", "status"), None),
    ":tensorflow:serving:batching_session:queuing_latency": (Kind.HISTOGRAM, ("thread_pool_name",), (100, 1.2, 52)),
    ":tensorflow:serving:batching_session:wrapped_run_count": (Kind.COUNTER, (), None),
    ":tensorflow:serving:batching_session:input_batch_size": (Kind.HISTOGRAM, (), (1, 2, 14)),
    ":tensorflow:serving:batching_session:processed_batch_size": (Kind.HISTOGRAM, (), (1, 2, 14)),
    ":tensorflow:serving:batching_session:padding_size": (Kind.HISTOGRAM, ("execution_batch_size",), (1, 2, 14)),
}


@pytest.mark.parametrize("name", EXPECTED_OF_TENSORFLOW_SERVING)
def test_tensorflow_servings_metrics_have_its_names_labels_and_buckets(name):
    kind, labels, buckets = EXPECTED_OF_TENSORFLOW_SERVING[name]
    spec = BY_NAME[name]
    assert (spec.kind, spec.labels) == (kind, labels)
    if buckets:
        scale, factor, count = buckets
        assert spec.bounds == pytest.approx([scale * factor**power for power in range(count)], rel=1e-5)


def test_every_other_metric_is_tenons():
    others = BY_NAME.keys() - EXPECTED_OF_TENSORFLOW_SERVING.keys()
    assert all(re.fullmatch("tenon_serving_[a-z_]+", name) for name in others)


def test_no_metric_is_listed_twice():
    assert len(BY_NAME) == len(METRICS)


@pytest.mark.parametrize("spec", METRICS, ids=lambda spec: spec.name)
def test_a_metric_is_described_and_its_buckets_ascend(spec):
    assert spec.help.endswith(".")
    assert list(spec.bounds) == sorted(set(spec.bounds))
    assert bool(spec.bounds) == (spec.kind is Kind.HISTOGRAM)


@pytest.mark.parametrize("spec", [spec for spec in METRICS if spec.name[0] != ":"], ids=lambda spec: spec.name)
def test_tenons_counters_and_only_they_end_in_total(spec):
    assert spec.name.endswith("_total") == (spec.kind is Kind.COUNTER)


def test_the_guide_lists_tenons_metrics_with_their_labels():
    rows = {
        re.sub("`", "", row[0]): re.sub("`", "", row[1])
        for row in table_rows(ROOT / "docs/guides/serving.md", "### Metrics")
    }
    assert rows == {spec.name: ", ".join(spec.labels) for spec in METRICS if spec.name[0] != ":"}
