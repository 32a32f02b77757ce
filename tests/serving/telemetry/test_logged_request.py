"""Requests become PredictionLogs."""

import numpy as np
import pytest

from tenon.formats import make_ndarray, make_tensor_proto, message_class
from tenon.serving.servables import ServableId
from tenon.serving.telemetry import LoggedRequest, LogKind
from tenon.serving.telemetry._logged_request import prediction_log

DIGITS = ServableId("digits", 3)
X, Y = np.float32([[1, 2]]), np.array([b"seven"], object)


def message(name: str):
    return message_class(f"tensorflow.serving.{name}")()


def parsed(logged: LoggedRequest):
    return message_class("tensorflow.serving.PredictionLog").FromString(prediction_log(logged, 0.5))


def test_arrays_become_a_predict_log():
    log = parsed(LoggedRequest(DIGITS, "serving_default", LogKind.PREDICT, {"x": X}, {"y": Y}, time=1.7e9))
    assert log.WhichOneof("log_type") == "predict_log"
    request, response = log.predict_log.request, log.predict_log.response
    assert make_ndarray(request.inputs["x"]).tolist() == X.tolist()
    assert make_ndarray(response.outputs["y"]).tolist() == [b"seven"]
    for spec in (request.model_spec, response.model_spec, log.log_metadata.model_spec):
        assert (spec.name, spec.version.value, spec.signature_name) == ("digits", 3, "serving_default")
    assert log.log_metadata.sampling_config.sampling_rate == 0.5
    assert log.log_metadata.timestamp_secs == 1_700_000_000


@pytest.mark.parametrize("as_bytes", [True, False])
def test_messages_are_logged_as_they_came(as_bytes):
    request, response = message("PredictRequest"), message("PredictResponse")
    request.model_spec.name = "digits"
    request.model_spec.version_label = "stable"
    request.inputs["x"].CopyFrom(make_tensor_proto(X))
    response.outputs["y"].CopyFrom(make_tensor_proto(Y))
    payloads = [made.SerializeToString() if as_bytes else made for made in (request, response)]
    log = parsed(LoggedRequest(DIGITS, "serving_default", LogKind.PREDICT, *payloads))
    assert log.predict_log.request == request
    assert log.predict_log.response == response
    assert log.log_metadata.model_spec.version.value == 3


@pytest.mark.parametrize(
    ("kind", "request_name"),
    [
        (LogKind.CLASSIFY, "ClassificationRequest"),
        (LogKind.REGRESS, "RegressionRequest"),
        (LogKind.MULTI_INFERENCE, "MultiInferenceRequest"),
    ],
)
def test_other_kinds_are_in_their_field(kind, request_name):
    request = message(request_name)
    request.input.example_list.examples.add()
    response = message(request_name.replace("Request", "Response"))
    log = parsed(LoggedRequest(DIGITS, "classify", kind, request, response.SerializeToString()))
    assert log.WhichOneof("log_type") == kind
    assert getattr(log, kind).request == request


def test_an_empty_request_is_still_of_its_kind():
    log = parsed(LoggedRequest(DIGITS, "", LogKind.REGRESS, b"", b""))
    assert log.WhichOneof("log_type") == "regress_log"


def test_a_part_of_a_batch_counts_with_the_memory_that_it_keeps():
    batch = np.zeros((1000, 100))
    whole = LoggedRequest(DIGITS, "", LogKind.PREDICT, {"x": batch}, {}).size()
    part = LoggedRequest(DIGITS, "", LogKind.PREDICT, {"x": batch[:1]}, {}).size()
    assert part == whole > batch.nbytes


def test_strings_bytes_and_messages_count_with_their_length():
    strings = np.array([b"a" * 5000], object)
    request = message("PredictRequest")
    request.inputs["x"].CopyFrom(make_tensor_proto(strings))
    for payload in ({"x": strings}, b"a" * 5000, request):
        assert 5000 <= LoggedRequest(DIGITS, "", LogKind.PREDICT, payload, b"").size() <= 7000
