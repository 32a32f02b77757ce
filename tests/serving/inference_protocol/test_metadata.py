"""What the server says of models that are unusual."""

import numpy as np

from tenon.base import DataLossError, TensorSpec
from tenon.serving.answering import Call, Pipeline, Protocol
from tenon.serving.inference_protocol._metadata import Server
from tenon.serving.servables import ServableRequest
from tenon.serving.testing import FakeServable, StaticManager, fake_signature, half_plus_two
from tests.serving.doubles import manager


def metadata(models, name):
    call = Call(Protocol.REST, "metadata", {}.get, 0.0, request=ServableRequest.latest(name))
    return Server(Pipeline(models)).model_metadata(call)


def test_a_model_without_the_default_signature_has_no_tensors_but_lists_its_signatures():
    spec = TensorSpec((), np.float32)
    signature = fake_signature({"x": spec}, {"y": spec}, lambda x: {"y": x})
    described = metadata(StaticManager({"m": {1: FakeServable({"b": signature, "a": signature})}}), "m")
    assert (described["inputs"], described["outputs"]) == ([], [])
    assert list(described["properties"]) == ["engine.a", "engine.b"]


def test_open_dimensions_are_minus_1_and_strings_are_bytes():
    inputs = {"s": TensorSpec((None, 3), object), "b": TensorSpec((), "bool")}
    signature = fake_signature(inputs, {"y": TensorSpec((2,), "int8")}, lambda s, b: {})
    described = metadata(StaticManager({"m": {1: FakeServable({"serving_default": signature})}}), "m")
    assert described["inputs"] == [
        {"name": "s", "datatype": "BYTES", "shape": [-1, 3]},
        {"name": "b", "datatype": "BOOL", "shape": []},
    ]
    assert described["outputs"] == [{"name": "y", "datatype": "INT8", "shape": [2]}]


def test_versions_are_in_the_order_of_their_numbers_and_handles_are_given_back():
    models = StaticManager({"m": {10: half_plus_two(), 9: half_plus_two(), 100: half_plus_two()}})
    assert metadata(models, "m")["versions"] == ["9", "10", "100"]
    assert sum(models.open_handles.values()) == 0


def test_the_server_is_ready_when_every_model_answers():
    assert Server(Pipeline(manager())).is_ready()
    assert Server(Pipeline(StaticManager({}))).is_ready()
    assert not Server(Pipeline(StaticManager({"m": {}}, {"m": {1: DataLossError("no")}}))).is_ready()
