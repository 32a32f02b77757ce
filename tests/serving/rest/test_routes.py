"""Paths of the REST API."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, TenonError
from tenon.serving import ServableRequest
from tenon.serving.rest._routes import Action, is_api_path, parse_target

LATEST = ServableRequest.latest("m")
SECOND = ServableRequest.specific("m", 2)
LABEL = ServableRequest("m", label="stable")


@pytest.mark.parametrize(
    ("method", "path", "action", "request_"),
    [
        ("GET", "/v1/models/m", Action.STATUS, LATEST),
        ("GET", "/v1/models/m/versions/2", Action.STATUS, SECOND),
        ("GET", "/v1/models/m/labels/stable", Action.STATUS, LABEL),
        ("GET", "/v1/models/m/metadata", Action.METADATA, LATEST),
        ("GET", "/v1/models/m/versions/2/metadata", Action.METADATA, SECOND),
        ("GET", "/v1/models/m/labels/stable/metadata", Action.METADATA, LABEL),
        ("POST", "/v1/models/m:predict", Action.PREDICT, LATEST),
        ("POST", "/v1/models/m/versions/2:predict", Action.PREDICT, SECOND),
        ("POST", "/v1/models/m/labels/stable:predict", Action.PREDICT, LABEL),
        ("POST", "/v1/models/m:classify", Action.CLASSIFY, LATEST),
        ("POST", "/v1/models/m:regress", Action.REGRESS, LATEST),
        ("POST", "/V1/MODELS/m/Versions/2:predict", Action.PREDICT, SECOND),
        ("GET", "/V1/Models/m/Labels/stable", Action.STATUS, LABEL),
        ("GET", "/v1/models/M", Action.STATUS, ServableRequest.latest("M")),
        ("GET", "/v1/models/a b\u00e9.-_+%", Action.STATUS, ServableRequest.latest("a b\u00e9.-_+%")),
        ("GET", "/v1/models/a%2Fb%3ac%25", Action.STATUS, ServableRequest.latest("a/b:c%")),
        ("GET", "/v1/models/m/labels/a%2fb%252F", Action.STATUS, ServableRequest("m", label="a/b%2F")),
        ("GET", "/v1/models/m/labels/a b\u00e9", Action.STATUS, ServableRequest("m", label="a b\u00e9")),
        ("GET", "/v1/models/m/versions/0009223372036854775807", Action.STATUS, ServableRequest("m", 2**63 - 1)),
        ("GET", f"/v1/models/m/versions/{'0' * 5000}2", Action.STATUS, SECOND),
        ("GET", "/v1/models/m/versions/00", Action.STATUS, ServableRequest("m", 0)),
        ("GET", "/v1/models/metadata", Action.STATUS, ServableRequest.latest("metadata")),
    ],
)
def test_every_documented_path_is_understood(method, path, action, request_):
    target = parse_target(method, path)
    assert (target.action, target.request) == (action, request_)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/"),
        ("GET", "/v1/models/"),
        ("GET", "/v1/models/m/"),
        ("GET", "/v1/models/m/versions"),
        ("GET", "/v1/models/m/versions/"),
        ("GET", "/v1/models/m/versions/x"),
        ("GET", "/v1/models/m/versions/-1"),
        ("GET", "/v1/models/m/versions/\u0661"),
        ("GET", "/v1/models/m/labels/"),
        ("GET", "/v1/models/m/labels/a/b"),
        ("GET", "/v1/models/m/versions/1/labels/a"),
        ("GET", "/v1/models/m/METADATA"),
        ("GET", "/v1/models/m:predict"),
        ("POST", "/v1/models/m"),
        ("POST", "/v1/models/m/metadata"),
        ("POST", "/v1/models/m:predict/"),
        ("POST", "/v1/models/m:PREDICT"),
        ("POST", "/v1/models/m:Predict"),
        ("POST", "/v1/models/m:pred\u0131ct"),
        ("POST", "/v1/models/m:regre\u017f\u017f"),
        ("POST", "/v1/models/m:reload"),
        ("POST", "/v1/models/:predict"),
        ("PUT", "/v1/models/m:predict"),
        ("DELETE", "/v1/models/m"),
        ("HEAD", "/v1/models/m"),
        ("PATCH", "/v1/models/m"),
    ],
)
def test_anything_else_is_malformed(method, path):
    with pytest.raises(InvalidArgumentError, match="^" + re.escape(f"Malformed request: {method} {path}")):
        parse_target(method, path)


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/models/m"), ("POST", "/v1/models/m:predict")])
def test_a_query_string_is_malformed(method, path):
    with pytest.raises(InvalidArgumentError, match="^" + re.escape(f"Malformed request: {method} {path}?x=y")):
        parse_target(method, path, "x=y")


def test_the_list_of_all_models_is_not_offered():
    with pytest.raises(InvalidArgumentError, match=r"^Missing model name in request\.$"):
        parse_target("GET", "/v1/models")


@pytest.mark.parametrize("version", [2**63, 10**25, "9" * 10_000])
def test_a_version_must_fit_an_int64(version):
    with pytest.raises(InvalidArgumentError, match=f"^Failed to convert version: {version}"):
        parse_target("POST", f"/v1/models/m/versions/{version}:predict")


@pytest.mark.parametrize(
    ("path", "answer"),
    [("/v1/", True), ("/V1/x", True), ("/v1", False), ("/v2/", False), ("/", False), ("", False), ("x/v1/", False)],
)
def test_only_paths_under_v1_belong_to_the_api(path, answer):
    assert is_api_path(path) is answer


@given(st.sampled_from(["GET", "POST", "PUT"]), st.text() | st.text().map(lambda tail: "/v1/models/" + tail))
def test_no_path_raises_anything_but_a_tenon_error(method, path):
    with suppress(TenonError):
        assert parse_target(method, path).request.name in path
