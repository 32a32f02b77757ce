"""The protocol over REST, without a web server: one request in, one response out."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from time import monotonic
from typing import Any, Final

import orjson

from tenon.base import InternalError, InvalidArgumentError, NotFoundError, TenonError
from tenon.serving.answering import Call, Pipeline, Protocol
from tenon.serving.http import (
    JSON_HEADERS,
    Headers,
    HttpApi,
    HttpRequest,
    Response,
    error_body,
    error_headers,
    http_status,
    inflated_body,
)
from tenon.serving.inference_protocol._infer_answer import infer_answer
from tenon.serving.inference_protocol._infer_body import parse_infer_body
from tenon.serving.inference_protocol._metadata import Server
from tenon.serving.inference_protocol._repository import Repository
from tenon.serving.inference_protocol._requests import infer, shortened
from tenon.serving.inference_protocol._routes import Action, Target, WrongMethodError, is_api_path, parse_target
from tenon.serving.json_tensors import parse_json

HEADER_LENGTH: Final = "Inference-Header-Content-Length"
"""The header that tells how many bytes of a body are JSON."""

MALFORMED: Final = "malformed"
"""What metrics call a request whose line makes no sense."""

_HEADER_LENGTH_KEY: Final = HEADER_LENGTH.lower()

_OPEN: Final = frozenset((Action.LIVE.api, Action.READY.api))
"""What is answered without being let in."""

_REMEMBERED_TARGETS: Final = 4096
_REMEMBERED_CHARACTERS: Final = 256  # of a path; longer ones are read anew, so that clients cannot fill the memory

_log: Final = logging.getLogger("tenon.serving")

Answer = Callable[[Call, HttpRequest], Awaitable[Response]]


class InferenceApi(HttpApi):
    """Answer the Open Inference Protocol's REST requests, with the binary tensor data extension.

    Where implementations differ: a version that is no number is a label; data may be nested or flat; numbers that do
    not fit their datatype are refused, and FP16 and BF16 may stand in JSON too; a string of BYTES may be
    ``{"b64": ...}``; a query string and unknown keys and parameters are ignored; readiness is told by the status
    (200 or 503, and 404 for a model that nobody knows) and by a body. Statistics, traces, log settings,
    shared memory and ``generate`` are 404.

    Belongs to the event loop of its manager; any number of coroutines may call ``respond``.

    Args:
        pipeline: the way to the versions.
        repository: loads and unloads models; without it that is 501, and the index has what the manager knows.
        is_ready: tells ``/v2/health/ready`` whether requests are welcome; without it, whether every model has a
            version that answers. ``live`` and ``ready`` need no credentials: they tell nothing of the models.

    Example:
        >>> import asyncio
        >>> from tenon.serving.testing import StaticManager, half_plus_two
        >>> api = InferenceApi(Pipeline(StaticManager({"m": {1: half_plus_two()}})))
        >>> body = b'{"inputs": [{"name": "x", "datatype": "FP32", "shape": [2], "data": [1, 5]}]}'
        >>> asyncio.run(api.respond(HttpRequest.of("POST", "/v2/models/m/infer", body))).body
        b'{"model_name":"m","model_version":"1","outputs":[{"name":"y","datatype":"FP32","shape":[2],"data":[2.5,4.5]}]}'
    """

    def __init__(
        self, pipeline: Pipeline, *, repository: Repository | None = None, is_ready: Callable[[], bool] | None = None
    ) -> None:
        self._pipeline = pipeline
        self._server = Server(pipeline, repository, is_ready)
        self._targets: dict[tuple[str, str], Target] = {}
        self._answers: Mapping[Action, Answer] = {
            Action.LIVE: self._live,
            Action.READY: self._ready,
            Action.SERVER_METADATA: self._server_metadata,
            Action.MODELS: self._models,
            Action.INDEX: self._index,
            Action.MODEL_METADATA: self._model_metadata,
            Action.MODEL_READY: self._model_ready,
            Action.INFER: self._infer,
            Action.LOAD: self._load,
            Action.UNLOAD: self._unload,
        }

    def handles(self, path: str) -> bool:
        """Tell whether a path is ``/v2`` or begins with ``/v2/``."""
        return is_api_path(path)

    async def respond(self, request: HttpRequest) -> Response:
        """Answer one request; never raises for anything that a client sends.

        Args:
            request: ``inference-header-content-length``, ``content-encoding`` and the headers that interceptors ask
                for are looked at.

        Returns:
            The response. An error is ``{"error": text}`` with the status of ``http_status``, or 405 for another verb;
            what went wrong inside the server is logged and not told.
        """
        try:
            target = self._targets.get((request.method, request.path))
            call, answer = self._read_line(request, target)
            work = partial(answer, call, request)
            response = await (work() if call.api in _OPEN else self._pipeline.answer(call, work))
            return response._replace(headers=response.headers + call.reply) if call.reply else response
        except TenonError as error:
            return self.error(error)
        except Exception:
            _log.exception("%s %s failed", request.method, request.path)
            return self.error(InternalError("Internal error. The server's log has the details."))

    def error(self, error: TenonError) -> Response:
        """Return ``{"error": text}`` with the error's status and headers."""
        headers, body = JSON_HEADERS + error_headers(error), error_body(shortened(error.message))
        if isinstance(error, WrongMethodError):
            return Response(405, [*headers, ("Allow", error.allowed)], body)
        return Response(http_status(error), headers, body)

    def _read_line(self, request: HttpRequest, target: Target | None) -> tuple[Call, Answer]:
        """Return what is asked, and what answers it; a request line that makes no sense is a call too, for the gate."""
        now = monotonic()
        header, deadline, remote = request.headers.get, request.deadline, request.remote
        try:
            action, asked = target or self._find_target(request.method, request.path)
        except TenonError as error:
            return Call(Protocol.REST, MALFORMED, header, now, deadline, None, remote), partial(_tell, error)
        return Call(Protocol.REST, action.api, header, now, deadline, asked, remote), self._answers[action]

    def _find_target(self, method: str, path: str) -> Target:
        target = parse_target(method, path)
        if len(path) > _REMEMBERED_CHARACTERS:
            return target
        if len(self._targets) >= _REMEMBERED_TARGETS:
            self._targets.clear()
        self._targets[method, path] = target
        return target

    async def _live(self, call: Call, request: HttpRequest) -> Response:
        del call, request
        return _json({"live": True})

    async def _ready(self, call: Call, request: HttpRequest) -> Response:
        del call, request
        ready = self._server.is_ready()
        return _json({"ready": ready}, 200 if ready else 503)

    async def _infer(self, call: Call, request: HttpRequest) -> Response:
        self._pipeline.admit(call)
        data = await inflated_body(request)
        call.check_size(len(data))
        body = parse_infer_body(data, request.headers.get(_HEADER_LENGTH_KEY))
        prediction = await infer(self._pipeline, call, body.parameters, body.read_inputs, body.outputs)
        answer, header_length = infer_answer(body, prediction)
        return Response(200, JSON_HEADERS if header_length is None else _binary_headers(header_length), answer)

    async def _server_metadata(self, call: Call, request: HttpRequest) -> Response:
        del call, request
        return _json(self._server.metadata())

    async def _models(self, call: Call, request: HttpRequest) -> Response:
        del request
        self._pipeline.admit_to_server(call)
        return _json({"models": list(dict.fromkeys(line.name for line in self._server.index()))})

    async def _index(self, call: Call, request: HttpRequest) -> Response:
        self._pipeline.admit_to_server(call)
        asked = await _document(request)
        lines = self._server.index(_repository_name(asked), asked.get("ready") is True)
        return _json([{key: value for key, value in vars(line).items() if value} for line in lines])

    async def _model_metadata(self, call: Call, request: HttpRequest) -> Response:
        del request
        self._pipeline.admit(call)
        return _json(self._server.model_metadata(call))

    async def _model_ready(self, call: Call, request: HttpRequest) -> Response:
        del request
        asked = self._pipeline.admit(call)
        ready = self._server.model_is_ready(asked)
        if not ready and not self._server.is_known(asked.name):
            raise NotFoundError(f"Model not found: {asked.name}. GET /v2/models lists those known.")
        return _json({"name": asked.name, "ready": ready}, 200 if ready else 503)

    async def _load(self, call: Call, request: HttpRequest) -> Response:
        name = self._pipeline.admit(call).name
        asked = await _document(request)
        await self._server.load(name, _repository_name(asked), asked.get("parameters") or ())
        return _json({})

    async def _unload(self, call: Call, request: HttpRequest) -> Response:
        name = self._pipeline.admit(call).name
        await self._server.unload(name, _repository_name(await _document(request)))
        return _json({})


def _binary_headers(header_length: int) -> Headers:
    return [("Content-Type", "application/octet-stream"), (HEADER_LENGTH, str(header_length))]


def _json(document: Any, status: int = 200) -> Response:
    return Response(status, JSON_HEADERS, orjson.dumps(document))


async def _tell(error: TenonError, call: Call, request: HttpRequest) -> Response:
    del call, request
    raise error


async def _document(request: HttpRequest) -> Mapping[str, Any]:
    """Return the JSON object that a request about the repository has, perhaps, in its body."""
    body = await inflated_body(request)
    document = parse_json(body) if body.strip() else {}
    if type(document) is not dict or type(document.get("parameters") or {}) is not dict:
        raise InvalidArgumentError("The request must be a JSON object, and its 'parameters' one too, or empty.")
    return document


def _repository_name(asked: Mapping[str, Any]) -> str:
    name = asked.get("repository_name") or ""
    return name if type(name) is str else repr(name)
