"""The REST API in process: requests in, responses out."""

import asyncio
import gzip
import json
import logging
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import DataLossError, NotFoundError, ResourceExhaustedError, TenonError
from tenon.serving.answering import Pipeline
from tenon.serving.http import HttpRequest
from tenon.serving.inference_protocol import InferenceApi, ModelIndex
from tenon.serving.servables import Priority, ServableRequest
from tests.serving.doubles import manager
from tests.serving.inference_protocol.asking import JSON, LENGTH, Loading, Watching, asked, respond

X = {"name": "x", "datatype": "FP32", "shape": [2], "data": [2, 4]}
Y = {"name": "y", "datatype": "FP32", "shape": [2], "data": [3.0, 4.0]}
A = {"name": "a", "datatype": "FP32", "shape": [2, 2], "data": [[1, 2], [3, 4]]}
B = {"name": "b", "datatype": "INT32", "shape": [2], "data": [10, 20]}


def infer(*inputs, path="/v2/models/half/infer", headers=None, api=None, **more):
    return asked("POST", path, {"inputs": inputs, **more}, headers=headers, api=api)


def many(signature, *inputs, **more):
    parameters = {"signature_name": signature, **more.pop("parameters", {})}
    return infer(*inputs, path="/v2/models/many/infer", parameters=parameters, **more)


def api_of(models=None, **options):
    return InferenceApi(Pipeline(models or manager()), **options)


def test_a_model_answers_with_its_version_and_the_id():
    assert infer(X) == (200, {"model_name": "half", "model_version": "3", "outputs": [Y]})
    assert infer(X, id="n 1")[1]["id"] == "n 1"
    assert infer(X, path="/v2/models/half/versions/1/infer")[1]["model_version"] == "1"
    assert respond("POST", "/v2/models/half/infer", {"inputs": [X]}, query="trace=1").headers == JSON


def test_several_inputs_some_outputs_and_other_signatures():
    _, answer = infer(A, B, path="/v2/models/many/infer")
    assert {each["name"]: each["data"] for each in answer["outputs"]} == {"sum": [13.0, 27.0], "b": [10, 20]}
    _, answer = infer(A, B, path="/v2/models/many/infer", outputs=[{"name": "b"}])
    assert [each["name"] for each in answer["outputs"]] == ["b"]
    assert many("scalar", X)[1]["outputs"] == [{"name": "total", "datatype": "FP32", "shape": [], "data": [6.0]}]
    assert many("default", X)[1]["outputs"][0]["data"] == [12.0, 14.0]


def test_binary_tensors_go_both_ways():
    x = {**X, "parameters": {"binary_data_size": 8}}
    del x["data"]
    text = json.dumps({"inputs": [x], "parameters": {"binary_data_output": True}}).encode()
    response = respond("POST", "/v2/models/half/infer", text + np.float32([2, 4]).tobytes(), {LENGTH: str(len(text))})
    headers = dict(response.headers)
    size = int(headers.pop("Inference-Header-Content-Length"))
    assert headers == {"Content-Type": "application/octet-stream"}
    assert json.loads(response.body[:size])["outputs"][0]["parameters"] == {"binary_data_size": 8}
    assert np.frombuffer(response.body[size:], np.float32).tolist() == [3, 4]


def test_a_body_may_be_the_only_input():
    response = respond("POST", "/v2/models/half/infer", np.float32([2, 4]).tobytes(), {LENGTH: "0"})
    size = int(dict(response.headers)["Inference-Header-Content-Length"])
    assert np.frombuffer(response.body[size:], np.float32).tolist() == [3, 4]


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_bodies_may_be_compressed_and_lengths_are_those_of_what_was_compressed(encoding, compress):
    x = {"name": "x", "datatype": "FP32", "shape": [2], "parameters": {"binary_data_size": 8}}
    text = json.dumps({"inputs": [x]}).encode()
    body = compress(text + np.float32([2, 4]).tobytes())
    headers = {"content-encoding": encoding, LENGTH: str(len(text))}
    assert asked("POST", "/v2/models/half/infer", body, headers=headers)[1]["outputs"] == [Y]
    status, answer = asked("POST", "/v2/models/half/infer", body[:-5], headers=headers)
    assert (status, answer["error"].startswith(f"JSON Parse error: The document is empty: the {encoding}")) == (
        400,
        True,
    )


@pytest.mark.parametrize(
    ("path", "more", "status", "message"),
    [
        ("/v2/models/none/infer", {}, 404, "Servable not found for request: Latest(none)"),
        ("/v2/models/half/versions/2/infer", {}, 404, "Servable not found for request: Specific(half, 2)"),
        ("/v2/models/half/versions/stable/infer", {}, 400, "Unrecognized servable version label: stable"),
        ("/v2/models/half/versions/9223372036854775808/infer", {}, 400, "model version: must be at most"),
        ("/v2/models/half/infer", {"outputs": [{"name": "q"}]}, 400, "output tensor alias not found in signature: q"),
        ("/v2/models/half/infer", {"inputs": []}, 400, "input size does not match signature: 0!=1"),
        ("/v2/models/half/infer", {"inputs": [X, B]}, 400, "input 'b': the signature has no such input"),
        ("/v2/models/half/infer", {"inputs": [{**X, "shape": [2, 1]}]}, 400, "input 'x': the shape must fit"),
        (
            "/v2/models/half/infer",
            {"parameters": {"signature_name": "s"}},
            400,
            "parameter 'signature_name': the model",
        ),
        ("/v2/models/half/infer", {"parameters": {"timeout": -1}}, 400, "parameter 'timeout': must be an integer"),
        ("/v2/models/many/infer", {"parameters": {"signature_name": "full"}}, 429, "the queue is full"),
        ("/v2/models/many/infer", {"parameters": {"signature_name": "away"}}, 503, "not now"),
        ("/v2/models/many/infer", {"parameters": {"signature_name": "long"}}, 503, "y" * 1024 + "...TRUNCATED"),
        (
            "/v2/models/half/infer",
            {"outputs": [{"name": "y", "parameters": {"classification": 2}}]},
            501,
            "output 'y': the parameter 'classification' is not served",
        ),
        ("/v2/models/half/generate", {}, 404, "Not found: /v2/models/half/generate"),
        ("/v2/models/half/stats", {}, 404, "Not found: /v2/models/half/stats"),
    ],
)
def test_a_request_that_cannot_be_answered_says_why(path, more, status, message):
    have, answer = infer(*more.pop("inputs", [X]), path=path, **more)
    assert (have, list(answer)) == (status, ["error"])
    assert answer["error"].startswith(message)


def test_a_name_as_long_as_the_request_is_not_sent_back():
    assert len(infer({**X, "name": "n" * 100_000})[1]["error"]) < 1100
    assert len(asked("GET", "/v2/" + "n" * 100_000)[1]["error"]) < 1100


def test_an_unexpected_failure_is_logged_and_not_told(caplog):
    with caplog.at_level(logging.ERROR):
        status, answer = many("broken", X)
    assert (status, "secret" in answer["error"]) == (500, False)
    assert "a secret of the server" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v2", "GET"),
        ("POST", "/v2/health/live", "GET"),
        ("GET", "/v2/models/half/infer", "POST"),
        ("PUT", "/v2/models/half", "GET"),
        ("GET", "/v2/repository/index", "POST"),
        ("DELETE", "/v2/repository/models/half/load", "POST"),
    ],
)
def test_another_verb_is_not_allowed(method, path, allowed):
    response = respond(method, path)
    assert (response.status, dict(response.headers)["Allow"]) == (405, allowed)
    assert json.loads(response.body)["error"].startswith(f"Method not allowed: {method} {path}. Use {allowed}.")


def test_the_server_tells_that_it_is_alive_and_whether_it_is_ready():
    assert asked("GET", "/v2/health/live") == (200, {"live": True})
    assert asked("GET", "/v2/health/ready") == (200, {"ready": True})
    assert asked("GET", "/v2/health/ready", api=api_of(is_ready=lambda: False)) == (503, {"ready": False})


def test_the_server_tells_its_name_and_extensions():
    status, answer = asked("GET", "/v2")
    assert (status, answer["name"]) == (200, "tenon")
    assert answer["extensions"] == ["binary_tensor_data", "schedule_policy"]
    assert "model_repository" in asked("GET", "/v2/", api=api_of(repository=Loading()))[1]["extensions"]


def test_a_model_describes_itself():
    status, answer = asked("GET", "/v2/models/half")
    assert status == 200
    assert answer == {
        "name": "half",
        "versions": ["1", "3"],
        "platform": "tensorflow_savedmodel",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1]}],
        "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1]}],
        "properties": {"engine.serving_default": ""},
    }
    assert asked("GET", "/v2/models/none")[0] == asked("GET", "/v2/models/half/versions/2")[0] == 404


@pytest.mark.parametrize(
    ("path", "status", "answer"),
    [
        ("half", 200, {"name": "half", "ready": True}),
        ("half/versions/3", 200, {"name": "half", "ready": True}),
        ("half/versions/2", 503, {"name": "half", "ready": False}),
        ("half/versions/stable", 503, {"name": "half", "ready": False}),
        ("none", 404, {"error": "Model not found: none. GET /v2/models lists those known."}),
    ],
)
def test_a_model_tells_whether_it_is_ready(path, status, answer):
    assert asked("GET", f"/v2/models/{path}/ready") == (status, answer)


def test_models_are_listed_with_their_states():
    api = api_of(manager(failure=DataLossError("damaged")))
    assert asked("GET", "/v2/models", api=api) == (200, {"models": ["half", "many"]})
    ready = [
        {"name": "half", "version": "1", "state": "READY"},
        {"name": "half", "version": "3", "state": "READY"},
        {"name": "many", "version": "7", "state": "READY"},
    ]
    damaged = {"name": "half", "version": "2", "state": "UNAVAILABLE", "reason": "damaged"}
    for body in (b"", {}, {"ready": False}):
        assert asked("POST", "/v2/repository/index", body, api=api) == (200, [ready[0], damaged, *ready[1:]])
    assert asked("POST", "/v2/repository/index", {"ready": True}, api=api) == (200, ready)
    api = api_of(repository=Loading([ModelIndex("new")]))
    assert asked("POST", "/v2/repository/index", api=api) == (200, [{"name": "new"}])


def test_models_are_loaded_and_unloaded_by_the_repository():
    repository = Loading()
    api = api_of(repository=repository)
    assert asked("POST", "/v2/repository/models/new/load", {}, api=api) == (200, {})
    unload = {"parameters": {"unload_dependents": False}}
    assert asked("POST", "/v2/repository/models/half/unload", unload, api=api) == (200, {})
    assert repository.told == [("load", "new"), ("unload", "half")]


@pytest.mark.parametrize(
    ("path", "body", "repository", "status", "message"),
    [
        ("models/half/load", b"", None, 501, "model repository: clients may not load and unload"),
        ("models/half/unload", b"", None, 501, "model repository: clients may not load and unload"),
        ("models/half/load", b"", Loading(error=NotFoundError("no such model")), 404, "no such model"),
        ("models/half/load", {"parameters": {"config": "{}"}}, Loading(), 501, "load: a model is loaded as it is"),
        ("models/half/load", {"parameters": {"file:1/model": "b"}}, Loading(), 501, "load: a model is loaded as it is"),
        ("models/half/load", {"repository_name": "r"}, Loading(), 501, "repository_name: the server has one"),
        ("models/half/load", {"repository_name": 5}, Loading(), 501, "repository_name: the server has one"),
        ("models/half/load", b"[]", Loading(), 400, "The request must be a JSON object"),
        ("models/half/load", {"parameters": [1]}, Loading(), 400, "The request must be a JSON object"),
        ("models/half/unload", b"{", Loading(), 400, "JSON Parse error"),
        ("index", {"repository_name": "r"}, None, 501, "repository_name: the server has one"),
    ],
)
def test_what_a_repository_cannot_do_is_refused(path, body, repository, status, message):
    have, answer = asked("POST", f"/v2/repository/{path}", body, api=api_of(repository=repository))
    assert (have, list(answer)) == (status, ["error"])
    assert answer["error"].startswith(message)


@pytest.mark.parametrize(
    ("method", "path", "seen"),
    [
        ("GET", "/v2", [("servermetadata", None), None]),
        ("GET", "/v2/models", [("index", None), "None", None]),
        ("POST", "/v2/repository/index", [("index", None), "None", None]),
        ("GET", "/v2/models/half", [("metadata", None), "Latest(half)", None]),
        ("GET", "/v2/models/half/versions/1/ready", [("status", None), "Specific(half, 1)", None]),
        ("POST", "/v2/repository/models/a/load", [("load", None), "Latest(a)", None]),
        ("POST", "/v2/repository/models/a/unload", [("unload", None), "Latest(a)", None]),
        ("POST", "/v2/models/half/infer", [("infer", None), "Latest(half)", "INVALID_ARGUMENT"]),
        ("GET", "/v2/else", [("malformed", None), "NOT_FOUND"]),
        ("GET", "/v2/models/half/infer", [("malformed", None), "INVALID_ARGUMENT"]),
        ("GET", "/v2/health/live", []),
        ("GET", "/v2/health/ready", []),
    ],
)
def test_interceptors_see_everything_but_the_probes(method, path, seen):
    watching = Watching()
    response = respond(method, path, api=InferenceApi(Pipeline(manager(), [watching]), repository=Loading()))
    assert watching.seen == seen
    assert (("x-answered-by", "a") in response.headers) is (response.status == 200 and bool(seen))


def test_who_may_not_ask_gets_nothing():
    watching = Watching(ResourceExhaustedError("slowly", retry_after=2.5))
    api = InferenceApi(Pipeline(manager(), [watching]), repository=Loading())
    for method, path in (("GET", "/v2/models"), ("GET", "/v2/models/half/ready"), ("POST", "/v2/models/half/infer")):
        response = respond(method, path, api=api)
        assert (response.status, dict(response.headers)["Retry-After"]) == (429, "3")
    assert respond("POST", "/v2/repository/models/half/unload", api=api).status == 429


def test_priority_and_timeout_reach_the_run():
    models = manager()
    parameters = {"signature_name": "float32", "priority": 3, "timeout": 5_000_000}

    async def main():
        body = json.dumps({"inputs": [X], "parameters": parameters}).encode()
        before = asyncio.get_running_loop().time()
        request = HttpRequest.of("POST", "/v2/models/many/infer", body)
        assert (await InferenceApi(Pipeline(models)).respond(request)).status == 200
        with models.servable_handle(ServableRequest.latest("many")) as handle:
            options = handle.servable.last_options
        assert options.priority is Priority.LOW
        assert before + 5 <= options.deadline <= asyncio.get_running_loop().time() + 5

    asyncio.run(main())


def test_a_timeout_is_answered_when_it_is_over_wherever_the_request_waits():
    api = api_of(manager(asyncio.Event()))
    status, error = many("float32", X, parameters={"timeout": 1000}, api=api)
    assert (status, error) == (504, {"error": "parameter 'timeout': it is over, and the answer is not there."})


def test_the_error_of_a_timeout_has_the_form_of_the_api():
    response = InferenceApi(Pipeline(manager())).error(TenonError("what"))
    assert (response.status, response.body) == (500, b'{"error":"what"}')


@settings(max_examples=200)
@given(
    st.sampled_from(
        [b"", json.dumps({"inputs": [X]}).encode(), json.dumps({"inputs": [A, B], "outputs": []}).encode()]
    ),
    st.lists(st.tuples(st.integers(0, 150), st.binary(max_size=4)), max_size=3),
    st.sampled_from(["half", "many"]),
    st.none() | st.integers(0, 200).map(str) | st.text(max_size=3),
)
def test_no_bytes_make_the_server_fail(body, edits, model, length):
    for place, piece in edits:
        body = body[:place] + piece + body[place + len(piece) :]
    headers = {} if length is None else {LENGTH: length}
    status = respond("POST", f"/v2/models/{model}/infer", body, headers).status
    assert status in (200, 400, 501)
