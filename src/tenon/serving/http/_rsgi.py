"""APIs as an application of granian, the web server."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Sequence
from functools import partial
from typing import Any

from granian.rsgi import ProtocolClosed

from tenon.base import CancelledError, Code, DeadlineExceededError, InvalidArgumentError
from tenon.serving.http._deadlines import Deadlines
from tenon.serving.http._messages import HTTP_STATUS, BodyTooLargeError, HttpApi, HttpRequest

DEFAULT_MAX_REQUEST_BYTES = 100 * 2**20
DEFAULT_TIMEOUT_SECONDS = 30.0


_LAST = ("Connection", "close")
_WITH_BODY = ("POST", "PUT")
_NOBODY_LISTENS = HTTP_STATUS[Code.CANCELLED]


class RsgiApp:
    """Serve APIs over granian's RSGI; the first that handles a path answers.

    Run it with ``granian.server.embed.Server(app, websockets=False)`` in the event loop of the manager, with the
    default ``task_impl``: the timeout needs asyncio's own tasks. Granian percent-decodes a path before anything sees
    it, so a model whose name holds a slash cannot be named, encoded or not.

    Args:
        apis: what answers; the last one takes the paths that nobody else wants.
        max_request_bytes: a body above it is answered 413 without being read to its end.
        timeout: seconds from the head of a request to its answer; 504 after that.

    Raises:
        InvalidArgumentError: there is no API.
    """

    def __init__(
        self,
        apis: Sequence[HttpApi],
        *,
        max_request_bytes: int = DEFAULT_MAX_REQUEST_BYTES,
        timeout: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> None:
        if not apis:
            raise InvalidArgumentError("apis: at least one API must answer; received none.")
        self._apis, self._last = tuple(apis[:-1]), apis[-1]
        self._max_request_bytes = max_request_bytes
        self._timeout = timeout
        self._deadlines = Deadlines(timeout)
        self._is_leaving = False

    def leave(self) -> None:
        """Tell every client with its next answer that the connection ends there, so that it opens another one."""
        self._is_leaving = True

    def successor(self) -> RsgiApp:
        """Return the same application for another web server, which does not leave when this one does."""
        made = copy.copy(self)
        made._is_leaving = False
        return made

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer one HTTP request; the arguments are granian's."""
        method, asked, path = scope.method, scope.headers, scope.path  # granian makes them anew at every look
        api = self._api(path)
        read_body = partial(self._read_body, asked, protocol) if method in _WITH_BODY else _no_body
        due = asyncio.get_running_loop().time() + self._timeout
        request = HttpRequest(method, path, scope.query_string, asked, read_body, scope.client, due)
        try:
            response = await self._deadlines.run(api.respond(request))
        except DeadlineExceededError as error:
            response = api.error(error)
        if response.status != _NOBODY_LISTENS:
            headers = [*response.headers, _LAST] if self._is_leaving else response.headers
            protocol.response_bytes(response.status, headers, response.body)

    def _api(self, path: str) -> HttpApi:
        for api in self._apis:
            if api.handles(path):
                return api
        return self._last

    async def _read_body(self, headers: Any, protocol: Any) -> bytes:
        length = headers.get("content-length")
        try:
            if length is None:
                return await self._read_chunks(protocol)
            if int(length) > self._max_request_bytes:
                raise self._too_large()
            body: bytes = await protocol()
        except ProtocolClosed as error:
            raise CancelledError("The client went away in the middle of its body.") from error
        return body

    async def _read_chunks(self, protocol: Any) -> bytes:
        body = bytearray()
        async for chunk in protocol:
            body += chunk
            if len(body) > self._max_request_bytes:
                raise self._too_large()
        return bytes(body)

    def _too_large(self) -> BodyTooLargeError:
        return BodyTooLargeError(
            f"The request body must be at most {self._max_request_bytes} bytes. Send smaller batches."
        )


async def _no_body() -> bytes:
    return b""
