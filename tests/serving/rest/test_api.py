"""The REST API in process: requests in, responses out."""

import asyncio
import gzip
import json
import logging
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import Code, DataLossError
from tenon.serving.answering import Pipeline
from tenon.serving.http import HTTP_STATUS, HttpRequest
from tenon.serving.rest import RestApi
from tests.serving.doubles import SIGNATURES, manager

JSON = [("Content-Type", "application/json")]
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}


def respond(method, path, body=b"", headers=None, query="", api=None):
    return asyncio.run(
        (api or RestApi(Pipeline(manager()))).respond(HttpRequest.of(method, path, body, headers, query))
    )


def post(path, body, headers=None, **options):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = respond("POST", f"/v1/models/{path}", data, headers, **options)
    assert response.headers == JSON
    return response.status, json.loads(response.body)


def get(path, **options):
    response = respond("GET", f"/v1/models/{path}", **options)
    assert response.headers == JSON
    return response.status, json.loads(response.body)


MATRIX = {"a": [[1, 2], [3, 4]], "b": [10, 20]}
ROWS = [{"a": [1, 2], "b": 10}, {"a": [3, 4], "b": 20}]


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("half:predict", {"instances": [1.0, 2.0, 5.0]}, {"predictions": [2.5, 3.0, 4.5]}),
        ("half:predict", {"instances": [{"x": 1.0}]}, {"predictions": [2.5]}),
        ("half:predict", {"inputs": [1, 2]}, {"outputs": [2.5, 3.0]}),
        ("half:predict", {"inputs": {"x": [1]}}, {"outputs": [2.5]}),
        ("half/versions/1:predict", {"instances": [1]}, {"predictions": [2.5]}),
        ("half:predict", {"instances": [1], "signature_name": "serving_default"}, {"predictions": [2.5]}),
        ("half:predict", {"instances": [1], "signature_name": ""}, {"predictions": [2.5]}),
        ("half:predict", b'{"instances": [1]} and more', {"predictions": [2.5]}),
        ("many:predict", {"instances": ROWS}, {"predictions": [{"sum": 13.0, "b": 10}, {"sum": 27.0, "b": 20}]}),
        ("many:predict", {"inputs": MATRIX}, {"outputs": {"sum": [13.0, 27.0], "b": [10, 20]}}),
        (
            "many:predict",
            {"signature_name": "text", "instances": ["hi", {"b64": "aG8="}]},
            {
                "predictions": [
                    {"text": "hi", "raw_bytes": {"b64": "aGk="}},
                    {"text": "ho", "raw_bytes": {"b64": "aG8="}},
                ]
            },
        ),
        ("many:predict", {"signature_name": "bool", "instances": [True, False]}, {"predictions": [True, False]}),
        ("many:predict", {"signature_name": "int64", "instances": [2**63 - 1]}, {"predictions": [2**63 - 1]}),
        ("many:predict", {"signature_name": "scalar", "inputs": [1, 2]}, {"outputs": 3.0}),
        ("many:predict", {"signature_name": "float32", "inputs": []}, {"outputs": []}),
    ],
)
def test_predict_answers_in_the_form_of_the_question(path, body, answer):
    assert post(path, body) == (200, answer)


def test_numbers_that_json_lacks_travel_both_ways():
    body = b'{"signature_name": "float32", "instances": [NaN, Infinity, -Infinity, 1e39]}'
    response = respond("POST", "/v1/models/many:predict", body)
    assert response.body == b'{"predictions":[NaN,Infinity,-Infinity,Infinity]}'


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("nope:predict", {"instances": [1]}, 404, "Servable not found for request: Latest(nope)"),
        ("half/versions/2:predict", {"instances": [1]}, 404, "Servable not found for request: Specific(half, 2)"),
        ("half/labels/x:predict", {"instances": [1]}, 400, "Unrecognized servable version label: x"),
        ("half/versions/99999999999999999999:predict", {}, 400, "Failed to convert version: 99999999999999999999"),
        (
            "half:predict",
            {"instances": [1], "signature_name": "s"},
            400,
            'Serving signature name: "s" not found in signature def',
        ),
        ("half:predict", b"", 400, "JSON Parse error: The document is empty"),
        ("half:predict", b"{", 400, "JSON Parse error: "),
        ("half:predict", b"\xff", 400, "JSON Parse error: "),
        ("half:predict", b"[" * 500_000, 400, "JSON Parse error: "),
        ("half:predict", {}, 400, "Missing 'inputs' or 'instances' key"),
        ("half:predict", {"instances": []}, 400, 'JSON Value: {"instances": []}'),
        (
            "half:predict",
            {"instances": ["a"]},
            400,
            "Failed to process element: 0 of 'instances' list. Error: INVALID_",
        ),
        ("half:predict", {"inputs": ["a"]}, 400, 'JSON Value: "a" Type: String is not of expected type: float'),
        ("half:predict", {"inputs": 1}, 400, "input 'x': the shape must fit (None,); received ()"),
        ("half:predict", {"instances": [[1]]}, 400, "input 'x': the shape must fit (None,); received (1, 1)"),
        ("many:predict", {"inputs": {"a": [[1, 2]], "b": [1, 2]}}, 400, "inputs: all must have one batch size"),
        ("many:predict", {"signature_name": "float16", "instances": [1]}, 501, "Conversion of JSON Value: [1] to type"),
        (
            "many:predict",
            {"signature_name": "scalar", "instances": [1]},
            400,
            "Tensor name: total has no shape informat",
        ),
        (
            "many:predict",
            {"signature_name": "uneven", "instances": [1, 2]},
            400,
            "Tensor name: z has inconsistent batch",
        ),
        ("many:predict", {"signature_name": "text", "inputs": {"b64": "/w=="}}, 400, "input 'x': the shape must fit"),
        ("many:predict", {"signature_name": "text", "inputs": [{"b64": "/w=="}]}, 400, "output 'text' must be UTF-8"),
        ("many:predict", {"signature_name": "full", "instances": [1]}, 429, "the queue is full"),
        ("many:predict", {"signature_name": "away", "instances": [1]}, 503, "not now"),
        ("half:PREDICT", {"instances": [1]}, 400, "Malformed request: POST /v1/models/half:PREDICT"),
        ("half", {"instances": [1]}, 400, "Malformed request: POST /v1/models/half"),
    ],
)
def test_a_bad_prediction_request_is_answered_with_its_reason(path, body, status, message):
    have, answer = post(path, body)
    assert (have, list(answer)) == (status, ["error"])
    assert answer["error"].startswith(message)


def test_debug_json_in_a_message_is_cut():
    _, answer = post("half:predict", {"instances": [], "rest": "x" * 10_000})
    assert len(answer["error"]) < 400


def test_an_unexpected_failure_is_logged_and_not_told(caplog):
    with caplog.at_level(logging.ERROR):
        status, answer = post("many:predict", {"signature_name": "broken", "instances": [1]})
    assert status == 500
    assert "secret" not in answer["error"]
    assert "a secret of the server" in caplog.text


def test_status_is_json_with_versions_as_strings_and_defaults_printed():
    ok = {"error_code": "OK", "error_message": ""}
    failed = {"error_code": "DATA_LOSS", "error_message": "damaged"}
    api = RestApi(Pipeline(manager(failure=DataLossError("damaged"))))
    third, second, first = (
        {"version": "3", "state": "AVAILABLE", "status": ok},
        {"version": "2", "state": "END", "status": failed},
        {"version": "1", "state": "AVAILABLE", "status": ok},
    )
    assert get("half", api=api) == (200, {"model_version_status": [third, second, first]})
    assert get("half/versions/2", api=api) == (200, {"model_version_status": [second]})
    assert get("half/labels/any", api=api) == (200, {"model_version_status": [third, second, first]})


def test_metadata_is_json_with_everything_printed():
    status, answer = get("half/metadata")
    info = {"dtype": "DT_FLOAT", "tensor_shape": {"dim": [{"size": "-1", "name": ""}], "unknown_rank": False}}
    signature = {
        "inputs": {"x": {**info, "name": "serving_default_x:0"}},
        "outputs": {"y": {**info, "name": "StatefulPartitionedCall:0"}},
        "method_name": "tensorflow/serving/predict",
        "defaults": {},
    }
    assert status == 200
    assert answer["model_spec"] == {"name": "half", "signature_name": "", "version": "3"}
    assert answer["metadata"]["signature_def"]["signature_def"] == {"serving_default": signature}
    assert get("half/versions/1/metadata")[1]["model_spec"]["version"] == "1"
    assert set(get("many/metadata")[1]["metadata"]["signature_def"]["signature_def"]) == set(SIGNATURES)


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("nope", 404, "Could not find any versions of model nope"),
        ("half/versions/9", 404, "Could not find version 9 of model half"),
        ("nope/metadata", 404, "Servable not found for request: Latest(nope)"),
        ("half/versions/9/metadata", 404, "Servable not found for request: Specific(half, 9)"),
        ("half/labels/x/metadata", 400, "Unrecognized servable version label: x"),
        ("half/", 400, "Malformed request: GET /v1/models/half/"),
    ],
)
def test_a_question_about_nothing_is_answered_with_its_reason(path, status, message):
    assert get(path) == (status, {"error": message})


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "PATCH"])
def test_other_verbs_are_malformed(method):
    response = respond(method, "/v1/models/half")
    assert response.status == 400
    assert json.loads(response.body) == {"error": f"Malformed request: {method} /v1/models/half"}


def test_a_query_string_is_malformed_even_on_a_path_that_was_fine_before():
    api = RestApi(Pipeline(manager()))
    assert post("half:predict", {"instances": [1]}, api=api)[0] == 200
    status, answer = post("half:predict", {"instances": [1]}, query="x=y", api=api)
    assert (status, answer) == (400, {"error": "Malformed request: POST /v1/models/half:predict?x=y"})


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/health/ready", "", "*", "/monitoring/prometheus/metrics"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_outside_the_api_nothing_is_found(method, path):
    response = respond(method, path)
    assert (response.status, response.headers) == (404, [("Content-Type", "text/html")])
    assert b"<h1>Not Found</h1>" in response.body


@pytest.mark.parametrize("enabled", [False, True])
@pytest.mark.parametrize(
    ("origin", "status"),
    [({"origin": "https://a.example"}, 200), ({"origin": "http://a"}, 200), ({"origin": "a"}, 400), ({}, 400)],
)
def test_a_preflight_is_answered_by_its_origin(enabled, origin, status):
    response = respond("OPTIONS", "/v1/whatever", headers=origin, api=RestApi(Pipeline(manager()), enable_cors=enabled))
    assert (response.status, response.body) == (status, b"")
    assert dict(response.headers) == (CORS if enabled else {})


def test_cross_origin_headers_are_on_every_answer_once_enabled():
    api = RestApi(Pipeline(manager()), enable_cors=True)
    for method, path in [("GET", "/v1/models/half"), ("GET", "/v1/models/nope"), ("PUT", "/v1/x"), ("GET", "/x")]:
        assert CORS.items() <= dict(respond(method, path, api=api).headers).items()


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "identity, gzip", "x-gzip"])
def test_a_gzip_body_is_inflated(encoding):
    body = gzip.compress(b'{"instances": [1]}')
    assert post("half:predict", body, {"content-encoding": encoding}) == (200, {"predictions": [2.5]})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"instances": [1]}',
        zlib.compress(b'{"instances": [1]}'),
        gzip.compress(b'{"instances": [1]}')[:-9],
        gzip.compress(b'{"instances": [1]}')[:-8] + bytes(8),
    ],
    ids=["empty", "plain", "zlib", "cut short", "bad checksum"],
)
def test_a_body_that_is_no_gzip_counts_as_an_empty_document(body):
    status, answer = post("half:predict", body, {"content-encoding": "gzip"})
    assert status == 400
    assert answer["error"].startswith("JSON Parse error: The document is empty")


def test_a_gzip_bomb_stops_at_100_mebibytes():
    bomb = gzip.compress(b" " * (100 * 2**20 + 1), compresslevel=1)
    status, answer = post("half:predict", bomb, {"content-encoding": "gzip"})
    assert status == 400
    assert "more than 104857600 bytes" in answer["error"]


def test_the_memory_of_paths_is_bounded():
    api = RestApi(Pipeline(manager()))

    async def ask():
        for version in range(10_000):
            await api.respond(HttpRequest.of("GET", f"/v1/models/half/versions/{version}"))
        return await api.respond(HttpRequest.of("GET", "/v1/models/half/versions/1"))

    assert asyncio.run(ask()).status == 200
    assert len(api._lines) <= 4096


def test_long_paths_are_answered_and_not_remembered():
    api = RestApi(Pipeline(manager()))
    assert get("a" * 60_000, api=api)[0] == 404
    assert not api._lines


def test_every_code_has_an_http_status():
    assert set(HTTP_STATUS) == set(Code)


@given(
    st.sampled_from(["GET", "POST", "OPTIONS", "BREW"]),
    st.text().map(lambda tail: "/v1/" + tail)
    | st.text()
    | st.sampled_from(["/v1/models/half:predict", "/v1/models/many"]),
    st.text(max_size=2),
    st.dictionaries(st.sampled_from(["content-encoding", "origin"]), st.sampled_from(["gzip", "http://", "x"])),
    st.binary(),
)
def test_no_request_is_too_odd_to_be_answered(method, path, query, headers, body):
    response = respond(method, path, body, headers, query)
    assert response.status in {200, 400, 404, 501}


@given(st.text(st.characters(exclude_categories=[])))
def test_no_path_breaks_an_error_message(tail):
    response = respond("GET", "/v1/" + tail)
    assert list(json.loads(response.body)) == ["error"]


def test_a_version_in_use_is_released_after_its_answer():
    models = manager()
    post("half:predict", {"instances": [1]}, api=RestApi(Pipeline(models)))
    post("many:predict", {"instances": [1]}, api=RestApi(Pipeline(models)))
    assert set(models.open_handles.values()) == {0}


def test_one_row_of_floats_takes_the_dtype_of_the_signature():
    status, answer = post("many:predict", {"signature_name": "float64", "instances": [0.1]})
    assert (status, answer["predictions"]) == (200, [0.1])
    status, answer = post("many:predict", {"signature_name": "float32", "instances": [0.1, 16777217]})
    assert np.array_equal(np.float32(answer["predictions"]), np.float32([0.1, 16777216]))
