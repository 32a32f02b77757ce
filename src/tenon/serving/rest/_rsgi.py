"""The REST API as an application of granian, the web server."""

from __future__ import annotations

from typing import Any

from granian.rsgi import ProtocolClosed

from tenon.base import DeadlineExceededError
from tenon.serving.answering import Deadlines
from tenon.serving.rest._api import HTTP_STATUS, Response, RestApi

DEFAULT_MAX_REQUEST_BYTES = 100 * 2**20
DEFAULT_TIMEOUT_SECONDS = 30.0


class _TooLargeError(Exception):
    """The body is larger than the server takes."""


class RsgiApp:
    """Serve a ``RestApi`` over granian's RSGI.

    Run it with ``granian.server.embed.Server(app, websockets=False)`` in the event loop of the manager, with the
    default ``task_impl``: the timeout needs asyncio's own tasks. Granian percent-decodes a path before anything sees
    it, so a model whose name holds a slash cannot be named, encoded or not.

    Args:
        api: what answers.
        max_request_bytes: a body above it is answered 413 without being read to its end.
        timeout: seconds from the head of a request to its answer; 504 after that.
    """

    def __init__(
        self,
        api: RestApi,
        *,
        max_request_bytes: int = DEFAULT_MAX_REQUEST_BYTES,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> None:
        self._api = api
        self._max_request_bytes = max_request_bytes
        self._deadlines = Deadlines(timeout)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one HTTP request; the arguments are granian's."""
        try:
            response = await self._deadlines.run(self._respond(scope, protocol))
        except ProtocolClosed:
            return  # the client went away in the middle of its body
        except DeadlineExceededError as error:
            response = self._api.error(HTTP_STATUS[error.code], error.message)
        protocol.response_bytes(response.status, response.headers, response.body)

    async def _respond(self, scope: Any, protocol: Any) -> Response:
        method, headers = scope.method, scope.headers  # granian makes them anew at every look
        try:
            body = await self._read_body(headers, protocol) if method == "POST" else b""
        except _TooLargeError:
            limit = self._max_request_bytes
            return self._api.error(413, f"The request body must be at most {limit} bytes. Send smaller batches.")
        return await self._api.respond(method, scope.path, scope.query_string, headers, body)

    async def _read_body(self, headers: Any, protocol: Any) -> bytes:
        length = headers.get("content-length")
        if length is None:
            return await self._read_chunks(protocol)
        if int(length) > self._max_request_bytes:
            raise _TooLargeError
        body: bytes = await protocol()
        return body

    async def _read_chunks(self, protocol: Any) -> bytes:
        body = bytearray()
        async for chunk in protocol:
            body += chunk
            if len(body) > self._max_request_bytes:
                raise _TooLargeError
        return bytes(body)
