"""What happens besides requests."""

import pytest

from tenon.base import Code
from tenon.serving.servables import ServableId
from tenon.serving.telemetry import History, Observer, Refusal, Registry
from tenon.serving.telemetry._observer import RETIRED_VERSIONS
from tests.serving.telemetry.test_requests import answer, cells

DIGITS = ServableId("digits", 3)


@pytest.fixture
def observer():
    return Observer(Registry(), History())


def test_refusals_are_counted_by_reason(observer):
    observer.serves("digits")
    for reason in (Refusal.RATE_LIMIT, Refusal.RATE_LIMIT, Refusal.QUEUE_FULL):
        observer.refused("digits", reason)
    counted = cells(observer, "tenon_serving_requests_refused_total")
    assert counted == {("digits", "rate_limit"): 2, ("digits", "queue_full"): 1}


def test_refusals_of_made_up_models_are_bounded(observer):
    for number in range(1000):
        observer.refused(f"stranger{number}", Refusal.UNAUTHENTICATED)
    assert cells(observer, "tenon_serving_requests_refused_total")["other", "unauthenticated"] == 900


def test_loads_are_timed_by_outcome(observer):
    observer.loaded(DIGITS, 2.0)
    observer.loaded(DIGITS, 0.5, Code.DATA_LOSS)
    totals = {key: total for key, (total, _) in cells(observer, "tenon_serving_load_seconds").items()}
    assert totals == {("digits", "OK"): 2.0, ("digits", "DATA_LOSS"): 0.5}


def test_warm_ups_are_counted_under_tensorflow_servings_names(observer):
    observer.warmed_up("/models/digits/3", 0.25, 7)
    assert cells(observer, ":tensorflow:serving:model_warmup_latency")["/models/digits/3", "OK"][0] == 250_000
    assert cells(observer, ":tensorflow:serving:model_warmup_records_read") == {("/models/digits/3", "OK"): 7}


def test_batches_are_counted_with_the_engine_of_the_load(observer):
    observer.loaded(DIGITS, 1.0, engines={"serving_default": "litert"})
    observer.batches(DIGITS, "serving_default").ran([0.001], 1, 0, 0.002)
    observer.batches(DIGITS, "unknown").ran([0.001], 1, 0, 0.002)
    assert cells(observer, "tenon_serving_batch_rows").keys() == {
        ("digits", "3", "serving_default", "litert"),
        ("digits", "3", "unknown", ""),
    }


def test_metrics_of_versions_stay_bounded_over_many_swaps(observer):
    for version in range(500):
        id_ = ServableId("digits", version)
        observer.loaded(id_, 1.0, engines={"serving_default": "xla"})
        observer.batches(id_, "serving_default").ran([0.001], 1, 0, 0.002)
        answer(observer, id_=id_)
        if version:
            observer.unloaded(ServableId("digits", version - 1))
    shown = {key[1] for key in cells(observer, "tenon_serving_requests_total")}
    assert shown == {str(version) for version in range(499 - RETIRED_VERSIONS, 500)}
    assert len(cells(observer, "tenon_serving_batch_rows")) == RETIRED_VERSIONS + 1
    assert len(observer.endpoint("predict", "REST")._targets) == RETIRED_VERSIONS + 1
    assert cells(observer, ":tensorflow:serving:request_count") == {("digits", "OK"): 500}


def test_a_version_that_comes_back_is_not_forgotten_with_the_old_ones(observer):
    observer.unloaded(DIGITS)
    observer.loaded(DIGITS, 1.0)
    answer(observer)
    for version in range(10, 20):
        observer.unloaded(ServableId("digits", version))
    answer(observer)
    ((_, count),) = cells(observer, "tenon_serving_requests_total").items()
    assert count == 2


def test_a_late_answer_of_a_forgotten_version_does_no_harm(observer):
    request = observer.endpoint("predict", "REST").start()
    request.chose(DIGITS, "serving_default", "xla")
    for version in range(3, 20):
        observer.unloaded(ServableId("digits", version))
    request.finish()
    assert sum(cells(observer, "tenon_serving_requests_total").values()) == 1


def test_an_endpoint_is_made_once(observer):
    assert observer.endpoint("predict", "REST") is observer.endpoint("predict", "REST")
    assert observer.endpoint("predict", "REST") is not observer.endpoint("Predict", "GRPC")
