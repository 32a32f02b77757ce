"""An HTTP request and its response, without a web server."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol

from tenon.base import Code, InvalidArgumentError, ResourceExhaustedError, TenonError

HTTP_STATUS: Mapping[Code, int] = {
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


class BodyTooLargeError(InvalidArgumentError):
    """The body is larger than the server takes; HTTP has a status of its own for it."""


def http_status(error: TenonError) -> int:
    """Return the status with which an error is told.

    Args:
        error: what went wrong.

    Example:
        >>> http_status(BodyTooLargeError("at most 5 bytes")), http_status(InvalidArgumentError("no JSON"))
        (413, 400)
    """
    return 413 if isinstance(error, BodyTooLargeError) else HTTP_STATUS[error.code]


def error_headers(error: TenonError) -> list[tuple[str, str]]:
    """Return the headers that tell a client what to do about an error: when to ask again, how to say who it is.

    Args:
        error: what went wrong.

    Example:
        >>> error_headers(ResourceExhaustedError("too many", retry_after=0.2))
        [('Retry-After', '1')]
    """
    if isinstance(error, ResourceExhaustedError) and error.retry_after is not None:
        return [("Retry-After", str(max(1, math.ceil(error.retry_after))))]
    return [("WWW-Authenticate", "Bearer")] if error.code is Code.UNAUTHENTICATED else []


Headers = list[tuple[str, str]]


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

    def get(self, key: str, /) -> Any:
        """Return the value, or ``None``."""


class HttpRequest:
    """An HTTP request whose body is read only when somebody asks for it.

    Args:
        method: the HTTP verb in capitals.
        path: the path, percent-decoded but for slashes, colons and percent signs: who takes it apart decodes these.
        query: the query string without its question mark.
        headers: of the request.
        read_body: reads the body to its end.
        remote: the address of the client, where it is known.
        deadline: the event loop's time at which the answer is due; ``None`` for none.
        content: the body, where all of it has come; ``body`` returns it, too.

    Example:
        >>> import asyncio
        >>> asyncio.run(HttpRequest.of("POST", "/v1/models/m:predict", b"{}").body())
        b'{}'
    """

    __slots__ = ("body", "content", "deadline", "headers", "method", "path", "query", "remote")

    def __init__(
        self,
        method: str,
        path: str,
        query: str,
        headers: RequestHeaders,
        read_body: Callable[[], Awaitable[bytes]],
        remote: str = "",
        deadline: float | None = None,
        content: bytes | None = None,
    ) -> None:
        self.method, self.path, self.query, self.headers = method, path, query, headers
        self.body, self.remote, self.deadline, self.content = read_body, remote, deadline, content

    @classmethod
    def of(
        cls, method: str, path: str, body: bytes = b"", headers: RequestHeaders | None = None, query: str = ""
    ) -> HttpRequest:
        """Make a request whose body is there already; the arguments are those of ``HttpRequest``."""

        async def read_body() -> bytes:
            return body

        return cls(method, path, query, {} if headers is None else headers, read_body)


class HttpApi(ABC):
    """Answers the requests of some paths; several of them share one port."""

    @abstractmethod
    def handles(self, path: str) -> bool:
        """Tell whether a path is this API's, well formed or not."""

    @abstractmethod
    async def respond(self, request: HttpRequest) -> Response:
        """Answer one request; never raises for anything that a client sends."""

    @abstractmethod
    def error(self, error: TenonError) -> Response:
        """Return the response that tells an error in this API's form."""
