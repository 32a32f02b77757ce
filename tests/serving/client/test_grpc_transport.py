"""gRPC servers that turn requests away, and ports that speak no gRPC."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import numpy as np
import pytest

from tenon.base import Code, PermissionDeniedError, TenonError, UnavailableError
from tenon.formats import make_tensor_proto, message_class
from tenon.serving.client import Client, RetryPolicy
from tenon.serving.client._errors import ERRORS
from tests.serving.client.servers import Script

QUICK = RetryPolicy(4, 0.001, 0.002)
_PredictResponse = message_class("tensorflow.serving.PredictResponse")
_Metadata = message_class("tensorflow.serving.GetModelMetadataResponse")
_Signatures = message_class("tensorflow.serving.SignatureDefMap")


@contextmanager
def answering(*refusals, told=True):
    """Yield the URL of a server that refuses as told and then predicts, and what it was asked."""
    left, asked = iter(refusals), []

    def predict(request, context):
        asked.append(dict(context.invocation_metadata()))
        refusal = next(left, None)
        if refusal is not None:
            code, trailing = refusal
            context.set_trailing_metadata(trailing)
            context.abort(code, "not now")
        response = _PredictResponse()
        response.outputs["y"].CopyFrom(make_tensor_proto(np.float32([2.5])))
        return response.SerializeToString()

    def metadata(request, context):
        asked.append("metadata")
        if not told:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "metadata are secret")
        signatures = _Signatures()
        signatures.signature_def["serving_default"].inputs["x"].dtype = 1
        signatures.signature_def["serving_default"].inputs["r"].dtype = 20  # a resource
        signatures.signature_def["serving_default"].inputs["x"].tensor_shape.unknown_rank = True
        response = _Metadata(model_spec={"name": "m", "version": {"value": 4}})
        response.metadata["signature_def"].Pack(signatures)
        return response.SerializeToString()

    handlers = {"Predict": predict, "GetModelMetadata": metadata}
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool)
        methods = {name: grpc.unary_unary_rpc_method_handler(handler) for name, handler in handlers.items()}
        server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler("tensorflow.serving.PredictionService", methods)]
        )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"grpc://127.0.0.1:{port}", asked
        finally:
            server.stop(None).wait()


AWAY = grpc.StatusCode.UNAVAILABLE


def test_unavailable_is_asked_again_until_it_is_answered():
    with answering((AWAY, ()), (AWAY, ())) as (url, asked), Client(url, retry=QUICK) as client:
        assert client.predict("m", {"x": [1.0]})["y"].tolist() == [2.5]
        assert len(asked) == 1 + 3


def test_unavailable_is_asked_again_so_many_times_and_then_told():
    with answering(*[(AWAY, ())] * 9) as (url, asked), Client(url, retry=QUICK) as client:
        with pytest.raises(UnavailableError, match="not now"):
            client.predict("m", {"x": [1.0]})
        assert len(asked) == 1 + 4


@pytest.mark.parametrize("trailing", [("retry-after", "3600"), ("grpc-retry-pushback-ms", "3600000")])
def test_a_server_that_wants_to_be_left_alone_past_the_deadline_is_left_alone(trailing):
    with answering((AWAY, (trailing,))) as (url, asked), Client(url, retry=QUICK, timeout=5) as client:
        with pytest.raises(UnavailableError, match="not now"):
            client.predict("m", {"x": [1.0]})
        assert len(asked) == 1 + 1


@pytest.mark.parametrize("code", [code for code in grpc.StatusCode if code not in (AWAY, grpc.StatusCode.OK)])
def test_every_other_code_is_told_and_never_asked_again(code):
    with answering((code, ())) as (url, asked), Client(url, retry=QUICK) as client:
        with pytest.raises(ERRORS[Code(code.value[0])], match="not now"):
            client.predict("m", {"x": [1.0]})
        assert len(asked) == 1 + 1


def test_tokens_and_headers_travel_as_metadata():
    with answering() as (url, asked), Client(url, token="t", api_key=lambda: "k", headers={"A": "b"}) as client:
        client.predict("m", {"x": [1.0]}, headers={"X-Tenon-Routing-Key": "r"})
    expected = {"authorization": "Bearer t", "x-api-key": "k", "a": "b", "x-tenon-routing-key": "r"}
    assert expected.items() <= asked[1].items()


def test_who_may_predict_but_not_ask_for_metadata_predicts():
    with answering(told=False) as (url, asked), Client(url) as client:
        for _ in range(2):
            assert client.predict("m", {"x": np.float32([1])})["y"].tolist() == [2.5]
        assert asked.count("metadata") == 1
        with pytest.raises(PermissionDeniedError, match="metadata are secret"):
            client.metadata("m")


def test_tensors_of_unknown_rank_and_without_a_dtype_are_known_as_such():
    with answering() as (url, _), Client(url) as client:
        inputs = client.metadata("m").signatures["serving_default"].inputs
        assert inputs["x"].shape is None
        assert inputs["r"].dtype is None


def test_a_port_that_speaks_no_grpc_is_told():
    with Script(b"HTTP/1.1 200 OK\r\n\r\n") as server:
        client = Client(server.url.replace("http", "grpc"), retry=RetryPolicy(attempts=1), timeout=5)
        with client, pytest.raises(TenonError):
            client.status("m")
