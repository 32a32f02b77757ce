""":classify and :regress in process: requests in, responses out."""

import asyncio
import gzip
import json

import pytest

from tenon.serving.answering import Pipeline
from tenon.serving.http import HttpRequest
from tenon.serving.rest import RestApi
from tests.serving.examples import BAD_FOR_CLASSIFY, BAD_FOR_REGRESS, manager

ROWS = [{"x": 0.25}, {"x": 1}]


def respond(path, body, headers=None):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = HttpRequest.of("POST", f"/v1/models/{path}", data, headers)
    response = asyncio.run(RestApi(Pipeline(manager())).respond(request))
    return response.status, response.body


def test_classify_answers_pairs():
    body = b'{"results":[[["low",0.75],["high",0.25]],[["low",0.0],["high",1.0]]]}'
    assert respond("m:classify", {"examples": ROWS}) == (200, body)


def test_regress_answers_numbers():
    assert respond("m:regress", {"examples": ROWS, "signature_name": "regress"}) == (200, b'{"results":[0.5,2.0]}')


def test_a_context_is_part_of_every_example():
    body = {"examples": [{}, {"x": 0.5}], "context": {"x": 3.0}, "signature_name": "regress"}
    assert respond("m/versions/3:regress", body) == (200, b'{"results":[6.0,1.0]}')


def test_bodies_may_be_compressed():
    data = gzip.compress(json.dumps({"examples": ROWS, "signature_name": "regress"}).encode())
    assert respond("m:regress", data, {"content-encoding": "gzip"})[0] == 200


def test_infinities_are_bare_tokens():
    body = {"examples": [{"x": 1}, {"x": -1}], "signature_name": "infinite"}
    assert respond("m:regress", body) == (200, b'{"results":[Infinity,-Infinity]}')
    status, text = respond("m:classify", {"examples": [{"x": 2}], "signature_name": "infinite_scores"})
    assert (status, text) == (200, b'{"results":[[["",-Infinity],["",Infinity]]]}')


def bad(action, signature):
    status, text = respond(f"m:{action}", {"examples": ROWS, "signature_name": signature})
    return status, json.loads(text)["error"]


@pytest.mark.parametrize(("signature", "text"), BAD_FOR_CLASSIFY.items())
def test_a_bad_classification_is_answered_with_its_reason(signature, text):
    status, error = bad("classify", signature)
    assert (status, error[: len(text)]) == (400, text)


@pytest.mark.parametrize(("signature", "text"), BAD_FOR_REGRESS.items())
def test_a_bad_regression_is_answered_with_its_reason(signature, text):
    status, error = bad("regress", signature)
    assert (status, error[: len(text)]) == (400, text)


@pytest.mark.parametrize("action", ["classify", "regress"])
@pytest.mark.parametrize(
    ("path", "body", "status", "text"),
    [
        ("m", {}, 400, "When method is classify, key 'examples' is expected"),
        ("m", b"", 400, "JSON Parse error: The document is empty"),
        ("m", {"examples": [{"x": None}]}, 400, "Feature: x: JSON Value: null"),
        ("n", {"examples": [{}]}, 404, "Servable not found for request: Latest(n)"),
        ("m/labels/x", {"examples": [{}]}, 400, "Unrecognized servable version label: x"),
    ],
)
def test_a_bad_request_is_answered_with_its_reason(action, path, body, status, text):
    have, answer = respond(f"{path}:{action}", body)
    assert (have, json.loads(answer)["error"][: len(text)]) == (status, text)


def test_labels_must_be_text():
    status, error = bad("classify", "not_text")
    assert (status, error[:23]) == (400, "classes must be UTF-8 t")
