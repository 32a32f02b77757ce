"""Rows with named features are classified and regressed, over both protocols, by servers that tell what they got."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, UnknownError
from tenon.formats import message_class
from tenon.serving.client import Classification, Client
from tenon.serving.client._examples import features_of
from tests.serving.client.servers import Script, answer

EXAMPLES = [
    {"age": 3, "scores": [0.5, 2], "names": ["a", b"\xff"], "on": True},
    {"age": np.int32([4, 5]), "scores": []},
]
CONTEXT = {"country": "ä", "ratio": np.float32(1)}


def message(name):
    return message_class(f"tensorflow.serving.{name}")


@contextmanager
def grpc_answering(asked):
    def method(name, result):
        def handle(data, context):
            asked.append(message(f"{name}Request").FromString(data))
            return message(f"{name}Response")(result=result).SerializeToString()

        return grpc.unary_unary_rpc_method_handler(handle)

    handlers = {
        "Classify": method("Classification", {"classifications": [{"classes": [{"label": "cat", "score": 0.5}]}, {}]}),
        "Regress": method("Regression", {"regressions": [{"value": 0.5}, {"value": 2}]}),
    }
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool)
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("tensorflow.serving.PredictionService", handlers)]
        )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"grpc://127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


def features(example):
    lists = {
        name: getattr(feature, feature.WhichOneof("kind")).value for name, feature in example.features.feature.items()
    }
    return {name: list(values) for name, values in lists.items()}


def test_rows_travel_as_messages():
    asked = []
    with grpc_answering(asked) as url, Client(url) as client:
        found = client.classify("m", EXAMPLES, context=CONTEXT, version=3, signature="s")
        assert found == [[Classification("cat", 0.5)], []]
        values = client.regress("m", EXAMPLES, label="gold")
        assert (values.dtype.name, values.tolist()) == ("float32", [0.5, 2])
    rows = [
        {"age": [3], "scores": [0.5, 2], "names": [b"a", b"\xff"], "on": [1]},
        {"age": [4, 5], "scores": []},
    ]
    assert (asked[0].model_spec.version.value, asked[0].model_spec.signature_name) == (3, "s")
    listed = asked[0].input.example_list_with_context
    assert [features(example) for example in listed.examples] == rows
    assert features(listed.context) == {"country": ["ä".encode()], "ratio": [1]}
    assert [features(example) for example in asked[1].input.example_list.examples] == rows
    assert asked[1].model_spec.version_label == "gold"


def test_rows_travel_as_json():
    classes, values = answer(b'{"results": [[["cat", 0.5]], []]}'), answer(b'{"results": [0.5, 2]}')
    with Script(classes, values) as server, Client(server.url) as client:
        found = client.classify("m", EXAMPLES, context=CONTEXT, version=3, signature="s")
        assert found == [[Classification("cat", 0.5)], []]
        assert client.regress("m", EXAMPLES).tolist() == [0.5, 2]
    assert server.requests[0].startswith(b"POST /v1/models/m/versions/3:classify ")
    assert server.requests[1].startswith(b"POST /v1/models/m:regress ")
    body = server.requests[0].partition(b"\r\n\r\n")[2]
    rows = [
        {"age": [3], "scores": [0.5, 2.0], "names": [{"b64": "YQ=="}, {"b64": "/w=="}], "on": [1]},
        {"age": [4, 5], "scores": []},
    ]
    expected = {"examples": rows, "context": {"country": [{"b64": "w6Q="}], "ratio": [1.0]}, "signature_name": "s"}
    assert orjson.loads(body) == expected
    assert b'"scores":[0.5,2.0]' in body  # an integer would be an int64


@pytest.mark.parametrize(
    "value", [None, [1, "a"], [[1]], 2**63, [-1, 2**63], [1, None], {"a": 1}, 1j, object(), np.zeros((1, 1))]
)
def test_a_feature_that_is_none_is_refused(value):
    with pytest.raises(InvalidArgumentError, match="feature 'x': must"):
        features_of({"x": value})


def test_arrays_keep_their_kind_though_they_are_empty():
    found = features_of(
        {"f": np.zeros(0, "f8"), "i": np.zeros(0, "u1"), "s": np.zeros(0, "U1"), "scalar": np.float64(2)}
    )
    assert [array.dtype.kind for array in found.values()] == ["f", "i", "O", "f"]


def test_a_row_without_names_is_refused():
    with Client("http://127.0.0.1:1") as client, pytest.raises(InvalidArgumentError, match="must hold values by name"):
        client.classify("m", [[1, 2]])


texts = st.text(max_size=4)
kinds = st.integers(-(2**63), 2**63 - 1), st.floats(width=32), st.binary(max_size=4), st.booleans()


@given(st.one_of([st.lists(kind, max_size=4) for kind in kinds]))
def test_features_keep_their_values(values):
    found = features_of({"x": values})["x"]
    assert found.dtype.kind in "ifO"
    assert repr(found.tolist()) == repr([int(value) if isinstance(value, bool) else value for value in values])


@pytest.mark.parametrize(
    "body", [b"[]", b'{"results": 7}', b'{"results": [7]}', b'{"results": [["a"]]}', b'{"results": ["ab"]}']
)
def test_results_that_are_none_are_told(body):
    with Script(answer(body)) as server, Client(server.url) as client, pytest.raises(UnknownError, match="answer: "):
        client.classify("m", [{"x": 1}])


def test_values_that_are_none_are_told():
    server = Script(answer(b'{"results": [[1]]}'))
    with server, Client(server.url) as client, pytest.raises(UnknownError, match="must hold a number a row"):
        client.regress("m", [{"x": 1}])
