"""The descriptions say what is so: every request that they allow, and others, get answers that they describe."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tenon.serving.answering import Pipeline
from tenon.serving.console import AdminApi
from tenon.serving.console._routes import ROUTES
from tenon.serving.console._static import static_files
from tenon.serving.http import HttpRequest
from tenon.serving.inference_protocol import InferenceApi
from tenon.serving.rest import ProbeApi, RestApi
from tests.serving import doubles
from tests.serving.console.doubles import World

APIS = {
    "admin": lambda: [ProbeApi(lambda: True, lambda: True), AdminApi(rolled_back().controls)],
    "tensorflow_serving": lambda: [RestApi(Pipeline(doubles.manager()))],
    "open_inference_protocol": lambda: [InferenceApi(Pipeline(doubles.manager()))],
}
FILES = {name: json.loads(static_files()[f"/openapi/{name}.json"].content) for name in APIS}
OPERATIONS = [
    (name, method, path) for name, schema in FILES.items() for path, item in schema["paths"].items() for method in item
]
NOT_BROKEN = ("/load", "/unload", "/index", "/infer", "/ready")
"""501 and 503 are no failures of theirs: no repository, no shared memory, a version that is not there."""

KNOWN = {"model": "half", "version": 3, "label": "champion"}
"""What takes the place of some parameters, so that not all requests end at a model that nobody knows."""


def rolled_back():
    world = World()
    world.roll_back()
    return world


def test_every_operation_is_described_and_no_other():
    described = {(method.upper(), path) for name, method, path in OPERATIONS if name == "admin"}
    probes = {("GET", path) for path in ("/livez", "/startupz", "/readyz")}
    assert described == {(route.method, route.template) for route in ROUTES} | probes


@pytest.fixture(scope="module")
def schemathesis():
    """Imported late: it is large."""
    return pytest.importorskip("schemathesis")


@pytest.fixture(scope="module")
def loop():
    with asyncio.Runner() as runner:
        yield runner


def respond(loop, apis, case):
    """Send what schemathesis made, and return what it wants to see."""
    import requests

    prepared = requests.Request(**case.as_transport_kwargs(base_url="http://localhost")).prepare()
    path, _, query = prepared.path_url.partition("?")
    headers = {name.lower(): value for name, value in prepared.headers.items()}
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
    request = HttpRequest.of(prepared.method, requests.utils.unquote(path), body, headers, query)
    api = next(api for api in apis if api.handles(request.path))
    return prepared, loop.run(api.respond(request))


@pytest.mark.parametrize(("name", "method", "path"), OPERATIONS)
def test_whatever_comes_the_answer_is_one_that_is_described(schemathesis, loop, name, method, path):
    from schemathesis import Response
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    apis = APIS[name]()
    checks = [content_type_conformance, response_schema_conformance, status_code_conformance]
    if not path.endswith(NOT_BROKEN):
        checks.append(not_a_server_error)
    operation = schemathesis.openapi.from_dict(FILES[name])[path][method.upper()]

    @seed(4)
    @settings(
        max_examples=8, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(operation.as_strategy())
    def check(case):
        case.path_parameters = {
            key: KNOWN[key] if len(str(value)) % 2 else value for key, value in (case.path_parameters or {}).items()
        }
        case.headers = {**(case.headers or {}), "Host": "localhost", "X-Tenon-Admin": "1"}
        prepared, response = respond(loop, apis, case)
        assert response.status != 500
        headers = {}
        for key, value in response.headers:
            headers.setdefault(key.lower(), []).append(value)
        case.validate_response(Response(response.status, headers, response.body, prepared, 0.0, False), checks=checks)

    check()
