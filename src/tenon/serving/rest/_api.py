"""TensorFlow Serving's REST API, without a web server: one request in, one response out."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

import orjson
from google.protobuf import json_format

from tenon.base import Code, InvalidArgumentError, TenonError, UnimplementedError
from tenon.formats import descriptor_pool
from tenon.serving.answering import model_metadata, model_status, predict
from tenon.serving.json_tensors import decode_inputs, encode_outputs, parse_predict_body
from tenon.serving.rest._routes import Action, Target, is_api_path, parse_target
from tenon.serving.servables import Manager

_LOGGER = logging.getLogger(__name__)

HTTP_STATUS = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}
"""The HTTP status of every canonical code, as TensorFlow Serving maps them."""

_MAX_INFLATED_BYTES = 100 * 2**20
_GZIP = 16 + zlib.MAX_WBITS
_REMEMBERED_TARGETS = 4096
_REMEMBERED_CHARACTERS = 256  # of a path; longer ones are read anew, so that clients cannot fill the memory with them

Headers = list[tuple[str, str]]
_JSON: Headers = [("Content-Type", "application/json")]
_HTML: Headers = [("Content-Type", "text/html")]
_CORS: Headers = [
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Allow-Methods", "POST, GET"),
    ("Access-Control-Allow-Headers", "Content-Type"),
]
_NOT_FOUND_PAGE = b"<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>\n"


class Response(NamedTuple):
    """An HTTP response.

    Args:
        status: the status code.
        headers: names and values; not to be changed.
        body: the bytes, perhaps none.
    """

    status: int
    headers: Headers
    body: bytes


class RequestHeaders(Protocol):
    """Whatever finds a header's value by its name in lower case; a dict does."""

    def get(self, key: str, default: Any = None, /) -> Any:
        """Return the value, or ``default``."""


class RestApi:
    """Answer TensorFlow Serving's REST requests: status, metadata and ``:predict``.

    Belongs to the event loop of its manager; any number of coroutines may call ``respond``.

    Args:
        manager: where the versions live.
        enable_cors: add the headers with which browsers let any web page call the API.

    Example:
        >>> import asyncio
        >>> from tenon.serving.testing import StaticManager, half_plus_two
        >>> api = RestApi(StaticManager({"m": {1: half_plus_two()}}))
        >>> body = b'{"instances": [1.0, 5.0]}'
        >>> asyncio.run(api.respond("POST", "/v1/models/m:predict", "", {}, body)).body
        b'{"predictions":[2.5,4.5]}'
    """

    def __init__(self, manager: Manager, *, enable_cors: bool = False) -> None:
        self._manager = manager
        self._cors = _CORS if enable_cors else []
        self._json = _JSON + self._cors
        self._targets: dict[tuple[str, str], Target] = {}
        self._answers: dict[Action, Callable[[Target, RequestHeaders, bytes], Awaitable[bytes]]] = {
            Action.PREDICT: self._predict,
            Action.STATUS: partial(self._describe, model_status),
            Action.METADATA: partial(self._describe, model_metadata),
            Action.CLASSIFY: _refuse,
            Action.REGRESS: _refuse,
        }

    async def respond(self, method: str, path: str, query: str, headers: RequestHeaders, body: bytes) -> Response:
        """Answer one request; never raises for anything that a client sends.

        Args:
            method: the HTTP verb in capitals.
            path: the path, percent-decoded.
            query: the query string without its question mark; the API has none, so any is refused.
            headers: of the request; ``content-encoding`` and ``origin`` are looked at.
            body: the bytes, still compressed if ``content-encoding`` says so.

        Returns:
            The response. An error is ``{"error": text}`` with the status of ``HTTP_STATUS``; what went wrong inside
            the server is logged and not told.
        """
        target = None if query else self._targets.get((method, path))
        try:
            if target is None:
                if method == "OPTIONS" or not is_api_path(path):
                    return self._respond_outside(path, headers)
                target = self._find_target(method, path, query)
            return Response(200, self._json, await self._answers[target.action](target, headers, body))
        except TenonError as error:
            return self.error(HTTP_STATUS[error.code], error.message)
        except Exception:
            _LOGGER.exception("%s %s failed", method, path)
            return self.error(500, "Internal error. The server's log has the details.")

    def error(self, status: int, message: str) -> Response:
        """Return the response that tells an error."""
        text = message.encode(errors="replace").decode()
        return Response(status, self._json, orjson.dumps({"error": text}))

    def _respond_outside(self, path: str, headers: RequestHeaders) -> Response:
        if not is_api_path(path):
            return Response(404, _HTML + self._cors, _NOT_FOUND_PAGE)
        origin = headers.get("origin") or ""
        return Response(200 if "http://" in origin or "https://" in origin else 400, self._cors, b"")

    def _find_target(self, method: str, path: str, query: str) -> Target:
        target = parse_target(method, path, query)
        if len(path) > _REMEMBERED_CHARACTERS:
            return target
        if len(self._targets) >= _REMEMBERED_TARGETS:
            self._targets.clear()
        self._targets[method, path] = target
        return target

    async def _predict(self, target: Target, headers: RequestHeaders, body: bytes) -> bytes:
        encoding = headers.get("content-encoding")
        parsed = parse_predict_body(_inflate(body) if encoding and "gzip" in encoding.lower() else body)
        read_inputs = partial(decode_inputs, parsed)
        prediction = await predict(
            self._manager, target.request, parsed.signature_name, read_inputs, _unknown_signature
        )
        return encode_outputs(parsed.form, prediction.outputs)

    async def _describe(
        self, ask: Callable[[Manager, Any], Any], target: Target, headers: RequestHeaders, body: bytes
    ) -> bytes:
        del headers, body  # a GET has neither
        text: str = json_format.MessageToJson(
            ask(self._manager, target.request),
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
            descriptor_pool=descriptor_pool(),
        )
        return text.encode()


async def _refuse(target: Target, headers: RequestHeaders, body: bytes) -> bytes:
    del headers, body
    name = target.request.name
    raise UnimplementedError(
        f":{target.action.value} is not served, for it needs TensorFlow's parser of tf.Example. "
        f"Send the input tensors to /v1/models/{name}:predict; it runs every signature."
    )


def _unknown_signature(name: str) -> InvalidArgumentError:
    return InvalidArgumentError(f'Serving signature name: "{name}" not found in signature def')


def _inflate(body: bytes) -> bytes:
    """Undo gzip; what cannot be undone counts as an empty document, as in TensorFlow Serving."""
    inflater = zlib.decompressobj(_GZIP)
    try:
        text = inflater.decompress(body, _MAX_INFLATED_BYTES + 1)
    except zlib.error as error:
        raise _not_inflated(str(error)) from error
    if not inflater.eof or len(text) > _MAX_INFLATED_BYTES:
        raise _not_inflated(f"it is cut short, or holds more than {_MAX_INFLATED_BYTES} bytes")
    return text


def _not_inflated(reason: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"JSON Parse error: The document is empty: the gzip body could not be inflated: {reason}. Send it as it is."
    )
