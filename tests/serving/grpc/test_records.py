"""Requests on record run on a servable that has no name yet."""

import asyncio

import numpy as np
import pytest

from tenon.base import FailedPreconditionError, InvalidArgumentError, UnimplementedError
from tenon.formats import make_tensor_proto, message_class
from tenon.serving.grpc import run_record
from tenon.serving.testing import FakeServable
from tests.serving.doubles import echo
from tests.serving.examples import SIGNATURES, example


def record(kind, signature="", version=7):
    log = message_class("tensorflow.serving.PredictionLog")()
    request = getattr(log, kind).request
    specs = [request.tasks.add().model_spec] if kind == "multi_inference_log" else [request.model_spec]
    specs[0].name, specs[0].signature_name = "another", signature
    specs[0].version.value = version
    if kind == "predict_log":
        request.inputs["x"].CopyFrom(make_tensor_proto(np.float32([1, 2])))
    else:
        request.input.example_list.examples.add().ParseFromString(example(x=0.5))
    if kind == "multi_inference_log":
        request.tasks[0].method_name = "tensorflow/serving/regress"
    return log


@pytest.mark.parametrize(
    ("kind", "signature"),
    [
        ("predict_log", "echo"),
        ("classify_log", ""),
        ("regress_log", "regress"),
        ("multi_inference_log", "regress"),
    ],
)
def test_every_kind_of_request_runs_whatever_model_it_names(kind, signature):
    log = record(kind, signature)
    before = log.SerializeToString(deterministic=True)
    servable = FakeServable({**SIGNATURES, "echo": echo("float32")})
    asyncio.run(run_record(servable, log))
    assert servable.last_options.times is not None
    assert log.SerializeToString(deterministic=True) == before


def test_what_is_wrong_with_a_record_is_told():
    servable = FakeServable(SIGNATURES)
    with pytest.raises(FailedPreconditionError, match='signature key "none" not found'):
        asyncio.run(run_record(servable, record("predict_log", "none")))
    with pytest.raises(InvalidArgumentError, match="No signature was found with the name: none"):
        asyncio.run(run_record(servable, record("regress_log", "none")))
    with pytest.raises(UnimplementedError, match="received None"):
        asyncio.run(run_record(servable, message_class("tensorflow.serving.PredictionLog")()))
