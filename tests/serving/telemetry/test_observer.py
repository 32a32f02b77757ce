"""The life of a request becomes numbers."""

import pytest

from tenon.base import Code
from tenon.serving.servables import ServableId
from tenon.serving.telemetry import Api, History, Observer, Protocol, Refusal, Registry, history_points
from tenon.serving.telemetry._observer import MAX_STRANGERS, RETIRED_VERSIONS

DIGITS = ServableId("digits", 3)
LABELS = ["digits", "3", "serving_default", "xla"]


@pytest.fixture
def observer():
    return Observer(Registry(), History())


def cells(observer: Observer, name: str):
    family = observer.registry.snapshot().get(name, {"cells": []})
    return {tuple(labels): value for labels, value in family["cells"]}


def answer(observer, api=Api.PREDICT, protocol=Protocol.REST, id_=DIGITS, code=0, **finish):
    request = observer.endpoint(api, protocol).start()
    request.chose(id_, "serving_default", "xla")
    request.finish(code, **finish)


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize("api", Api)
def test_every_request_is_counted_with_who_answered_and_how(observer, api, protocol):
    answer(observer, api, protocol)
    assert cells(observer, "tenon_serving_requests_total") == {(*LABELS, api, protocol, "OK"): 1}
    ((key, (_, counts)),) = cells(observer, "tenon_serving_request_seconds").items()
    assert (list(key), sum(counts)) == ([*LABELS, "OK"], 1)


@pytest.mark.parametrize(
    ("api", "protocol", "label", "entrypoint"),
    [
        (Api.PREDICT, Protocol.GRPC, "Predict", "GRPC"),
        (Api.CLASSIFY, Protocol.GRPC, "Classify", "GRPC"),
        (Api.REGRESS, Protocol.GRPC, "Regress", "GRPC"),
        (Api.PREDICT, Protocol.REST, "predict", "REST"),
        (Api.REGRESS, Protocol.REST, "regress", "REST"),
        (Api.INFER, Protocol.OIP_GRPC, "Infer", "GRPC"),
        (Api.INFER, Protocol.OIP_REST, "infer", "REST"),
    ],
)
def test_tensorflow_servings_labels_are_its_own(observer, api, protocol, label, entrypoint):
    answer(observer, api, protocol)
    assert cells(observer, ":tensorflow:serving:request_count") == {("digits", "OK"): 1}
    assert cells(observer, ":tensorflow:serving:request_latency").keys() == {("digits", label, entrypoint)}


@pytest.mark.parametrize(
    ("api", "protocol", "count"),
    [
        (Api.GET_MODEL_METADATA, Protocol.GRPC, 0),
        (Api.GET_MODEL_STATUS, Protocol.GRPC, 0),
        (Api.MULTI_INFERENCE, Protocol.GRPC, 0),
        (Api.GET_MODEL_METADATA, Protocol.REST, 1),
        (Api.GET_MODEL_STATUS, Protocol.REST, 1),
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


def test_a_request_is_in_flight_from_its_choice_to_its_end(observer):
    request = observer.endpoint(Api.PREDICT, Protocol.GRPC).start()
    assert cells(observer, "tenon_serving_requests_in_flight") == {}
    request.chose(DIGITS, "serving_default", "xla")
    assert cells(observer, "tenon_serving_requests_in_flight") == {tuple(LABELS): 1}
    request.finish(Code.CANCELLED)
    assert cells(observer, "tenon_serving_requests_in_flight") == {tuple(LABELS): 0}


def test_a_second_end_or_choice_counts_nothing(observer):
    request = observer.endpoint(Api.PREDICT, Protocol.GRPC).start()
    request.chose(DIGITS, "serving_default", "xla")
    request.chose(DIGITS, "serving_default", "xla")
    request.finish()
    request.finish(Code.INTERNAL)
    request.chose(DIGITS, "serving_default", "xla")
    assert sum(cells(observer, "tenon_serving_requests_total").values()) == 1
    assert cells(observer, "tenon_serving_requests_in_flight") == {tuple(LABELS): 0}


def test_the_run_is_measured_where_it_happened(observer):
    request = observer.endpoint(Api.PREDICT, Protocol.GRPC).start()
    request.chose(DIGITS, "serving_default", "xla")
    request.times.queued, request.times.ended = 10.0, 10.002
    request.finish()
    ((key, (total, _)),) = cells(observer, ":tensorflow:serving:runtime_latency").items()
    assert (key, total) == (("digits", "Predict", "TF1"), pytest.approx(2000))


def test_a_request_that_never_ran_has_no_runtime(observer):
    answer(observer)
    ((_, (_, counts)),) = cells(observer, ":tensorflow:serving:runtime_latency").items()
    assert sum(counts) == 0


def test_examples_of_multi_inference_are_counted(observer):
    request = observer.endpoint(Api.MULTI_INFERENCE, Protocol.GRPC).start()
    request.chose(DIGITS, "", "xla")
    request.rows = 5
    request.finish()
    assert cells(observer, ":tensorflow:serving:request_example_count_total") == {("digits",): 5}
    assert cells(observer, ":tensorflow:serving:request_example_counts")[("digits",)][0] == 5


def test_models_that_nobody_serves_are_told_apart_only_so_far(observer):
    endpoint = observer.endpoint(Api.PREDICT, Protocol.REST)
    for number in range(10_000):
        endpoint.start().finish(Code.NOT_FOUND, "no", f"stranger{number}")
    endpoint.start().finish(Code.NOT_FOUND, "no", "x" * 10_000)
    counted = cells(observer, ":tensorflow:serving:request_count")
    assert len(counted) == MAX_STRANGERS + 1
    assert counted["other", "NOT_FOUND"] == 10_001 - MAX_STRANGERS
    assert "history of strangers" not in observer.history.snapshot()["models"]
    assert observer.history.snapshot()["models"] == {}


def test_strangers_do_not_hide_a_model_that_comes_later(observer):
    for number in range(MAX_STRANGERS + 1):
        observer.known(f"stranger{number}")
    assert observer.known("digits") == "other"
    answer(observer)
    assert observer.known("digits") == "digits"
    assert cells(observer, ":tensorflow:serving:request_count") == {("digits", "OK"): 1}


def test_refusals_are_counted_by_reason(observer):
    observer.serves("digits")
    observer.refused("digits", Refusal.RATE_LIMIT)
    observer.refused("digits", Refusal.RATE_LIMIT)
    observer.refused("digits", Refusal.QUEUE_FULL)
    counted = cells(observer, "tenon_serving_requests_refused_total")
    assert counted == {("digits", "rate_limit"): 2, ("digits", "queue_full"): 1}


def test_loads_are_timed_by_outcome(observer):
    observer.loaded(DIGITS, 2.0)
    observer.loaded(DIGITS, 0.5, Code.DATA_LOSS)
    totals = {key: total for key, (total, _) in cells(observer, "tenon_serving_load_seconds").items()}
    assert totals == {("digits", "OK"): 2.0, ("digits", "DATA_LOSS"): 0.5}


def test_batches_are_counted_for_their_signature(observer):
    observer.batches(DIGITS, "serving_default", "xla").ran([(0.001, 1)], 1, 0, 0.002, 5.0)
    assert cells(observer, "tenon_serving_batch_rows").keys() == {tuple(LABELS)}


def test_metrics_of_versions_stay_bounded_over_many_swaps(observer):
    for version in range(500):
        id_ = ServableId("digits", version)
        observer.loaded(id_, 1.0)
        observer.batches(id_, "serving_default", "xla").ran([(0.001, 1)], 1, 0, 0.002, 5.0)
        answer(observer, id_=id_)
        if version:
            observer.unloaded(ServableId("digits", version - 1))
    shown = {key[1] for key in cells(observer, "tenon_serving_requests_total")}
    assert shown == {str(version) for version in range(499 - RETIRED_VERSIONS, 500)}
    assert len(cells(observer, "tenon_serving_batch_rows")) == RETIRED_VERSIONS + 1
    assert cells(observer, ":tensorflow:serving:request_count") == {("digits", "OK"): 500}


def test_a_version_that_comes_back_is_not_forgotten_with_the_old_ones(observer):
    observer.unloaded(DIGITS)
    observer.loaded(DIGITS, 1.0)
    answer(observer)
    for version in range(10, 20):
        observer.unloaded(ServableId("digits", version))
    answer(observer)
    assert cells(observer, "tenon_serving_requests_total") == {(*LABELS, "Predict", "REST", "OK"): 2}


def test_a_version_that_is_forgotten_in_flight_ends_in_peace(observer):
    request = observer.endpoint(Api.PREDICT, Protocol.REST).start()
    request.chose(DIGITS, "serving_default", "xla")
    for version in range(3, 20):
        observer.unloaded(ServableId("digits", version))
    request.finish()
    assert cells(observer, "tenon_serving_requests_in_flight") == {}


def test_errors_are_remembered_without_what_clients_sent(observer):
    answer(observer, code=Code.INVALID_ARGUMENT, message='JSON Value: "Alice" is no tensor')
    (error,) = observer.history.snapshot()["errors"]
    wanted = {"model": "digits", "version": 3, "api": "Predict", "code": "INVALID_ARGUMENT", "text": "JSON Value..."}
    assert wanted.items() <= error.items()


@pytest.mark.parametrize(("code", "errors"), [(Code.OK, 0), (Code.INVALID_ARGUMENT, 0), (Code.UNAVAILABLE, 1)])
def test_clients_mistakes_do_not_speak_against_a_model(observer, code, errors):
    answer(observer, code=code)
    snapshot = observer.history.snapshot(now=1e12)
    assert history_points(snapshot)["digits"] == []  # ten minutes later nobody sees it
    answer(observer, code=code)
    second = next(iter(observer.history._series["digits"]._current()[1:3]))
    assert second == 1
    assert observer.history._series["digits"]._current()[2] == errors
