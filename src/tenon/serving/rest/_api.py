"""TensorFlow Serving's REST API, without a web server: one request in, one response out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from time import monotonic
from typing import Any

from google.protobuf import json_format

from tenon.base import InternalError, InvalidArgumentError, TenonError
from tenon.formats import descriptor_pool
from tenon.serving.answering import (
    Call,
    Pipeline,
    Protocol,
    classify,
    model_metadata,
    model_status,
    predict,
    regress,
)
from tenon.serving.http import (
    JSON_HEADERS,
    Headers,
    HttpApi,
    HttpRequest,
    RequestHeaders,
    Response,
    error_body,
    error_headers,
    http_status,
    inflated_body,
    plain_body,
)
from tenon.serving.json_tensors import (
    decode_inputs,
    encode_classifications,
    encode_outputs,
    encode_regressions,
    parse_examples_body,
    parse_predict_body,
)
from tenon.serving.rest._routes import Action, is_api_path, parse_target
from tenon.serving.servables import ServableRequest

_REST = Protocol.REST  # Python 3.11 takes 70 ns to find a member in its class

_LOGGER = logging.getLogger(__name__)

Answer = Callable[[Call, HttpRequest], Awaitable[bytes]]

_Line = tuple[str, ServableRequest, Answer]
"""What a request line asks, of whom, and what answers it."""

MALFORMED = "malformed"
"""What metrics call a request whose line makes no sense."""

_REMEMBERED_LINES = 4096
_REMEMBERED_CHARACTERS = 256  # of a path; longer ones are read anew, so that clients cannot fill the memory with them

_HTML: Headers = [("Content-Type", "text/html")]
_CORS: Headers = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "POST, GET"),
    ("Access-Control-Allow-Headers", "Content-Type"),
]
_NOT_FOUND_PAGE = b"<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n"


class RestApi(HttpApi):
    """Answer TensorFlow Serving's REST requests: status, metadata, ``:predict``, ``:classify`` and ``:regress``.

    Belongs to the event loop of its manager; any number of coroutines may call ``respond``.

    Args:
        pipeline: the way to the versions.
        enable_cors: add the headers with which browsers let any web page call the API.

    Example:
        >>> import asyncio
        >>> from tenon.serving.answering import Pipeline
        >>> from tenon.serving.testing import StaticManager, half_plus_two
        >>> api = RestApi(Pipeline(StaticManager({"m": {1: half_plus_two()}})))
        >>> request = HttpRequest.of("POST", "/v1/models/m:predict", b'{"instances": [1.0, 5.0]}')
        >>> asyncio.run(api.respond(request)).body
        b'{"predictions":[2.5,4.5]}'
    """

    def __init__(self, pipeline: Pipeline, *, enable_cors: bool = False) -> None:
        self._pipeline = pipeline
        self._cors = _CORS if enable_cors else []
        self._json = JSON_HEADERS + self._cors
        self._lines: dict[tuple[str, str], _Line] = {}
        self._answers: dict[Action, Answer] = {
            Action.PREDICT: self._predict,
            Action.STATUS: self._status,
            Action.METADATA: self._metadata,
            Action.CLASSIFY: self._classify,
            Action.REGRESS: self._regress,
        }

    def handles(self, path: str) -> bool:
        """Tell whether a path begins with ``/v1/``, in either case."""
        return is_api_path(path)

    async def respond(self, request: HttpRequest) -> Response:
        """Answer one request; never raises for anything that a client sends.

        Args:
            request: ``content-encoding``, ``origin`` and the headers that interceptors ask for are looked at. The API
                has no query strings, so any is refused.

        Returns:
            The response. An error is ``{"error": text}`` with the status of ``http_status``; what went wrong inside
            the server is logged and not told.
        """
        method, path = request.method, request.path
        line = None if request.query else self._lines.get((method, path))
        if line is None and (method == "OPTIONS" or not is_api_path(path)):
            return self._respond_outside(path, request.headers)
        try:
            call, answer = self._read_line(request, line)
            body = await self._pipeline.answer(call, partial(answer, call, request))
            return Response(200, self._json + call.reply if call.reply else self._json, body)
        except TenonError as error:
            return self.error(error)
        except Exception:
            _LOGGER.exception("%s %s failed", method, path)
            return self.error(InternalError("Internal error. The server's log has the details."))

    def _read_line(self, request: HttpRequest, line: _Line | None) -> tuple[Call, Answer]:
        """Return what is asked, and what answers it; a request line that makes no sense is a call too, for the gate."""
        now = monotonic()
        header, deadline, remote = request.headers.get, request.deadline, request.remote
        try:
            api, asked, answer = line or self._find_line(request.method, request.path, request.query)
        except TenonError as error:
            return Call(_REST, MALFORMED, header, now, deadline, None, remote), partial(_tell, error)
        return Call(_REST, api, header, now, deadline, asked, remote), answer

    def error(self, error: TenonError) -> Response:
        """Return ``{"error": text}`` with the error's status."""
        return Response(http_status(error), self._json + error_headers(error), error_body(error.message))

    def _respond_outside(self, path: str, headers: RequestHeaders) -> Response:
        if not is_api_path(path):
            return Response(404, _HTML + self._cors, _NOT_FOUND_PAGE)
        origin = headers.get("origin") or ""
        return Response(200 if "http://" in origin or "https://" in origin else 400, self._cors, b"")

    def _find_line(self, method: str, path: str, query: str) -> _Line:
        target = parse_target(method, path, query)
        line = target.action.api, target.request, self._answers[target.action]
        if len(path) > _REMEMBERED_CHARACTERS:
            return line
        if len(self._lines) >= _REMEMBERED_LINES:
            self._lines.clear()
        self._lines[method, path] = line
        return line

    async def _predict(self, call: Call, request: HttpRequest) -> bytes:
        self._pipeline.admit(call)
        body = plain_body(request) or await inflated_body(request)
        call.check_size(len(body))
        parsed = parse_predict_body(body)
        read_inputs = partial(decode_inputs, parsed)
        prediction = await predict(self._pipeline, call, parsed.signature_name, read_inputs, _unknown_signature)
        return encode_outputs(parsed.form, prediction.outputs)

    async def _classify(self, call: Call, request: HttpRequest) -> bytes:
        self._pipeline.admit(call)
        body = plain_body(request) or await inflated_body(request)
        call.check_size(len(body))
        asked = parse_examples_body(body)
        return encode_classifications((await classify(self._pipeline, call, *asked)).rows)

    async def _regress(self, call: Call, request: HttpRequest) -> bytes:
        self._pipeline.admit(call)
        body = plain_body(request) or await inflated_body(request)
        call.check_size(len(body))
        asked = parse_examples_body(body)
        return encode_regressions((await regress(self._pipeline, call, *asked)).rows)

    async def _status(self, call: Call, request: HttpRequest) -> bytes:
        del request  # a GET has no body
        return _rendered(model_status(self._pipeline.manager, self._pipeline.admit(call)))

    async def _metadata(self, call: Call, request: HttpRequest) -> bytes:
        del request
        self._pipeline.admit(call)
        return _rendered(model_metadata(self._pipeline, call))


def _rendered(message: Any) -> bytes:
    text: str = json_format.MessageToJson(
        message,
        preserving_proto_field_name=True,
        always_print_fields_with_no_presence=True,
        descriptor_pool=descriptor_pool(),
    )
    return text.encode()


async def _tell(error: TenonError, call: Call, request: HttpRequest) -> bytes:
    del call, request
    raise error


def _unknown_signature(name: str) -> InvalidArgumentError:
    return InvalidArgumentError(f'Serving signature name: "{name}" not found in signature def')
