"""The life of a request becomes numbers."""

import time

import pytest

from tenon.base import Code
from tenon.serving.servables import RunTimes, ServableId
from tenon.serving.telemetry import History, Observer, Registry
from tenon.serving.telemetry import _table as table
from tenon.serving.telemetry._names import MAX_STRANGERS

DIGITS = ServableId("digits", 3)
LABELS = ("digits", "3", "serving_default", "xla")


@pytest.fixture
def observer():
    return Observer(Registry(), History())


def cells(observer: Observer, name: str):
    family = observer.registry.snapshot().get(name, {"cells": []})
    return {tuple(labels): value for labels, value in family["cells"]}


def answer(observer, api="predict", protocol="REST", id_=DIGITS, code=0, message="", **told):
    request = observer.endpoint(api, protocol).start()
    request.admitted(id_.name)
    request.chose(id_, "serving_default", "xla")
    for name, value in told.items():
        setattr(request, name, value)
    request.finish(code, message)


def run_times(seconds: float) -> RunTimes:
    times = RunTimes()
    times.queued, times.ended = 10.0, 10.0 + seconds
    return times


def errors_against_model(observer):
    (second,) = observer.history.snapshot(now=time.monotonic() + 1)["models"]["digits"]
    return second[2]


@pytest.mark.parametrize("count", [1, 63, 64, 65, 200])
def test_whoever_looks_sees_all_requests_that_have_ended(observer, count):
    for number in range(count):
        answer(observer, code=Code.INTERNAL * (number % 5 == 4), times=run_times(0.001) if number % 2 else None)
    for _ in range(2):
        told = cells(observer, "tenon_serving_requests_total")
        assert told.get((*LABELS, "predict", "REST", "INTERNAL"), 0) == count // 5
        assert sum(told.values()) == count
        seconds = cells(observer, "tenon_serving_request_seconds")
        assert sum(sum(counts) for _, counts in seconds.values()) == count
        (runtime,) = [sum(counts) for _, counts in cells(observer, table.RUNTIME_LATENCY.name).values()]
        assert runtime == count // 2


def test_requests_to_a_version_that_goes_stay_counted(observer):
    answer(observer)
    observer.unloaded(DIGITS)
    answer(observer)
    assert cells(observer, "tenon_serving_requests_total") == {(*LABELS, "predict", "REST", "OK"): 2}


@pytest.mark.parametrize("api", ["Predict", "predict", "GetModelStatus", "ModelInfer"])
@pytest.mark.parametrize("protocol", ["REST", "GRPC"])
def test_every_request_is_counted_with_who_answered_and_how(observer, api, protocol):
    answer(observer, api, protocol)
    assert cells(observer, "tenon_serving_requests_total") == {(*LABELS, api, protocol, "OK"): 1}
    ((key, (_, counts)),) = cells(observer, "tenon_serving_request_seconds").items()
    assert (key, sum(counts)) == ((*LABELS, "OK"), 1)


@pytest.mark.parametrize(
    ("api", "protocol"),
    [
        *[("Predict", "GRPC"), ("Classify", "GRPC"), ("Regress", "GRPC"), ("predict", "REST"), ("regress", "REST")],
        *[("infer", "REST"), ("ModelInfer", "GRPC")],
    ],
)
def test_tensorflow_servings_labels_are_its_own(observer, api, protocol):
    answer(observer, api, protocol)
    assert cells(observer, ":tensorflow:serving:request_count") == {("digits", "OK"): 1}
    assert cells(observer, ":tensorflow:serving:request_latency").keys() == {("digits", api, protocol)}


@pytest.mark.parametrize(
    ("api", "protocol", "count"),
    [
        *[("GetModelMetadata", "GRPC", 0), ("GetModelStatus", "GRPC", 0), ("MultiInference", "GRPC", 0)],
        *[("metadata", "REST", 1), ("status", "REST", 1)],
    ],
)
def test_what_tensorflow_serving_does_not_count_is_not_in_its_metrics(observer, api, protocol, count):
    answer(observer, api, protocol)
    assert sum(cells(observer, ":tensorflow:serving:request_count").values()) == count
    assert cells(observer, ":tensorflow:serving:request_latency") == {}


def test_latencies_of_failures_are_only_in_tenons_metric(observer):
    answer(observer, code=Code.INTERNAL)
    assert cells(observer, ":tensorflow:serving:request_count") == {("digits", "INTERNAL"): 1}
    assert cells(observer, ":tensorflow:serving:request_latency") == {}
    assert cells(observer, "tenon_serving_request_seconds").keys() == {(*LABELS, "INTERNAL")}


def test_a_request_is_in_flight_from_its_admission_to_its_end(observer):
    observer.serves("digits")
    request = observer.endpoint("Predict", "GRPC").start()
    assert cells(observer, "tenon_serving_requests_in_flight") == {}
    request.admitted("digits")
    request.admitted("digits")
    assert cells(observer, "tenon_serving_requests_in_flight") == {("digits",): 1}
    request.finish(Code.CANCELLED)
    request.admitted("digits")
    assert cells(observer, "tenon_serving_requests_in_flight") == {("digits",): 0}


def test_a_second_end_counts_nothing(observer):
    request = observer.endpoint("Predict", "GRPC").start()
    request.chose(DIGITS, "serving_default", "xla")
    request.finish()
    request.finish(Code.INTERNAL)
    assert sum(cells(observer, "tenon_serving_requests_total").values()) == 1


def test_the_run_is_measured_where_it_happened(observer):
    answer(observer, "Predict", "GRPC", times=run_times(0.002), rows=5)
    ((key, (total, _)),) = cells(observer, ":tensorflow:serving:runtime_latency").items()
    assert (key, total) == (("digits", "Predict", "TF1"), pytest.approx(2000))
    assert cells(observer, ":tensorflow:serving:batching_session:input_batch_size")[()][0] == 5


@pytest.mark.parametrize("times", [None, RunTimes()])
def test_a_request_that_never_ran_has_no_runtime(observer, times):
    answer(observer, times=times)
    ((_, (_, counts)),) = cells(observer, ":tensorflow:serving:runtime_latency").items()
    assert sum(counts) == 0


def test_examples_of_multi_inference_are_counted(observer):
    answer(observer, "MultiInference", "GRPC", rows=5)
    answer(observer, "MultiInference", "GRPC", rows=7, code=Code.INTERNAL)
    assert cells(observer, ":tensorflow:serving:request_example_count_total") == {("digits",): 5}
    assert cells(observer, ":tensorflow:serving:request_example_counts")[("digits",)][0] == 5


def test_a_flood_of_made_up_names_makes_few_metrics(observer):
    endpoint = observer.endpoint("predict", "REST")
    for number in range(10_000):
        request = endpoint.start()
        request.admitted(f"stranger{number}")
        request.finish(Code.NOT_FOUND, "no", f"stranger{number}")
    for name in (":tensorflow:serving:request_count", "tenon_serving_requests_in_flight"):
        assert len(cells(observer, name)) == MAX_STRANGERS + 1
    assert cells(observer, ":tensorflow:serving:request_count")["other", "NOT_FOUND"] == 10_000 - MAX_STRANGERS
    assert observer.history.snapshot()["models"] == {}


def test_errors_are_remembered_without_what_clients_sent(observer):
    answer(observer, code=Code.INVALID_ARGUMENT, message='JSON Value: "Alice" is no tensor')
    (error,) = observer.history.snapshot()["errors"]
    wanted = {"model": "digits", "version": 3, "api": "predict", "code": "INVALID_ARGUMENT", "text": "JSON Value..."}
    assert wanted.items() <= error.items()


@pytest.mark.parametrize(("code", "errors"), [(Code.OK, 0), (Code.INVALID_ARGUMENT, 0), (Code.UNAVAILABLE, 1)])
def test_clients_mistakes_do_not_speak_against_a_model(observer, code, errors):
    answer(observer, code=code)
    assert errors_against_model(observer) == errors
