"""The gate and the observer behind the pipeline, asked over both forms of the protocol."""

import asyncio
import json

import pytest

from tenon.base import PermissionDeniedError, ResourceExhaustedError, UnauthenticatedError
from tenon.serving.answering import GateInterceptor, ObserverInterceptor, Pipeline
from tenon.serving.http import HttpRequest
from tenon.serving.inference_protocol import InferenceApi, inference_methods
from tenon.serving.security import Gate, Limit, Limits, SecurityConfig, add_api_key, new_api_key
from tenon.serving.telemetry import History, Observer, Registry
from tests.serving.doubles import manager
from tests.serving.inference_protocol.asking import Loading, answered, message
from tests.serving.telemetry.test_requests import cells

KEY, RECORD = new_api_key("bob", ["predict:half", "status:*", "metadata:half"])
BOB = {"x-api-key": KEY}
X = {"name": "x", "datatype": "FP32", "shape": [2], "data": [2, 4]}
INFER = json.dumps({"inputs": [X]}).encode()
OF_BOB = (
    ("GET", "/v2"),
    ("GET", "/v2/models"),
    ("POST", "/v2/repository/index"),
    ("GET", "/v2/models/half"),
    ("GET", "/v2/models/many/ready"),
    ("POST", "/v2/models/half/infer"),
)
NOT_OF_BOB = (
    ("GET", "/v2/models/many"),
    ("POST", "/v2/models/many/infer"),
    ("POST", "/v2/repository/models/half/load"),
    ("POST", "/v2/repository/models/half/unload"),
)


@pytest.fixture
def pipeline(tmp_path):
    add_api_key(tmp_path / "keys.json", RECORD)
    limits = Limits(model=Limit(max_request_bytes=200))
    gate = Gate(SecurityConfig(api_keys=tmp_path / "keys.json", limits=limits))
    yield Pipeline(manager(), [GateInterceptor(gate)])
    gate.close()


def status(pipeline, method, path, headers, body=INFER):
    async def main():
        api, data = InferenceApi(pipeline, repository=Loading()), body if path.endswith("infer") else b""
        return await api.respond(HttpRequest.of(method, path, data, headers))

    return asyncio.run(main()).status


def test_without_a_credential_nothing_is_answered_but_the_probes(pipeline):
    for method, path in (*OF_BOB, *NOT_OF_BOB, ("GET", "/v2/else"), ("PUT", "/v2/models/half")):
        assert status(pipeline, method, path, {}) == 401, path
    for path in ("/v2/health/live", "/v2/health/ready"):
        assert status(pipeline, "GET", path, {}) == 200


@pytest.mark.parametrize(("method", "path"), OF_BOB)
def test_with_a_credential_its_rights_are_answered(pipeline, method, path):
    assert status(pipeline, method, path, BOB) == 200


@pytest.mark.parametrize(("method", "path"), NOT_OF_BOB)
def test_what_a_client_may_not_do_is_refused(pipeline, method, path):
    assert status(pipeline, method, path, BOB) == 403


def test_a_request_above_the_limit_of_its_model_is_refused(pipeline):
    assert status(pipeline, "POST", "/v2/models/half/infer", BOB, INFER + b" " * 200) == 429
    request = message("ModelInferRequest", model_name="half", id="n" * 200)
    with pytest.raises(ResourceExhaustedError, match="A request must have at most 200 bytes; received 20"):
        answered("ModelInfer", request, inference_methods(pipeline), BOB)


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("ServerMetadata", b""),
        ("RepositoryIndex", b""),
        ("ModelMetadata", message("ModelMetadataRequest", name="half")),
        ("ModelReady", message("ModelReadyRequest", name="half")),
        ("ModelInfer", message("ModelInferRequest", model_name="half", inputs=[{"name": "x"}])),
        ("RepositoryModelLoad", message("RepositoryModelLoadRequest", model_name="half")),
        ("RepositoryModelUnload", message("RepositoryModelUnloadRequest", model_name="half")),
    ],
)
def test_grpc_passes_the_same_gate(pipeline, name, request_):
    methods = inference_methods(pipeline, repository=Loading())
    with pytest.raises(UnauthenticatedError):
        answered(name, request_, methods)
    if name.startswith("RepositoryModel"):
        with pytest.raises(PermissionDeniedError, match="it needs the scope 'admin'"):
            answered(name, request_, methods, BOB)
    elif name != "ModelInfer":
        answered(name, request_, methods, BOB)


def test_what_is_asked_is_counted():
    observer = Observer(Registry(), History())
    watched = Pipeline(manager(), [ObserverInterceptor(observer)])
    assert status(watched, "POST", "/v2/models/half/infer", {}) == 200
    assert status(watched, "GET", "/v2/models", {}) == 200
    counted = cells(observer, "tenon_serving_requests_total")
    assert {(key[0], key[1], key[4], key[-1]) for key in counted} >= {("half", "3", "infer", "OK")}
