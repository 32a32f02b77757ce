"""Paths of the REST API."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError, NotFoundError
from tenon.serving.inference_protocol._routes import Action, Target, is_api_path, parse_target
from tenon.serving.servables import ServableRequest

M, M3 = ServableRequest("m"), ServableRequest("m", 3)


@pytest.mark.parametrize(
    ("path", "action", "request_"),
    [
        ("/v2", Action.SERVER_METADATA, None),
        ("/v2/", Action.SERVER_METADATA, None),
        ("/v2/health/live", Action.LIVE, None),
        ("/v2/health/ready", Action.READY, None),
        ("/v2/models", Action.MODELS, None),
        ("/v2/models/", Action.MODELS, None),
        ("/v2/repository/index", Action.INDEX, None),
        ("/v2/models/m", Action.MODEL_METADATA, M),
        ("/v2/models/m/", Action.MODEL_METADATA, M),
        ("/v2/models/m/versions/3", Action.MODEL_METADATA, M3),
        ("/v2/models/m/versions/stable", Action.MODEL_METADATA, ServableRequest("m", None, "stable")),
        ("/v2/models/m/ready", Action.MODEL_READY, M),
        ("/v2/models/m/versions/3/ready", Action.MODEL_READY, M3),
        ("/v2/models/m/infer", Action.INFER, M),
        ("/v2/models/m/versions/3/infer", Action.INFER, M3),
        ("/v2/models/ready", Action.MODEL_METADATA, ServableRequest("ready")),
        ("/v2/models/a:b é/infer", Action.INFER, ServableRequest("a:b é")),
        ("/v2/models/a%2Fb/versions/x%3A%25/infer", Action.INFER, ServableRequest("a/b", None, "x:%")),
        ("/v2/repository/models/a%2Fb/load", Action.LOAD, ServableRequest("a/b")),
        ("/v2/repository/models/m/load", Action.LOAD, M),
        ("/v2/repository/models/m/unload", Action.UNLOAD, M),
    ],
)
def test_a_path_says_what_is_asked_of_which_model(path, action, request_):
    assert parse_target(action.method, path) == Target(action, request_)


@pytest.mark.parametrize(
    "path",
    [
        *("/v2/health", "/v2/repository", "/v2//", "/v2/models/m/stats", "/v2/models/m/config", "/v2/models/stats/x"),
        *("/v2/models/m/versions", "/v2/models/m/versions/3/load", "/v2/models//infer", "/v2/models/m/generate"),
        *("/v2/logging", "/v2/trace/setting", "/v2/systemsharedmemory/status", "/v2/MODELS/m/infer\n", "/V2/models"),
    ],
)
def test_there_is_nothing_elsewhere(path):
    with pytest.raises(NotFoundError, match="Not found: "):
        parse_target("GET", path)


@given(st.text(max_size=30))
def test_any_path_is_a_target_or_refused(text):
    with contextlib.suppress(NotFoundError, InvalidArgumentError):
        assert isinstance(parse_target("GET", "/v2" + text), Target)


@pytest.mark.parametrize(("path", "is_ours"), [("/v2", True), ("/v2/x", True), ("/v22", False), ("/v1/models", False)])
def test_the_api_knows_its_own_paths(path, is_ours):
    assert is_api_path(path) is is_ours
