"""Responses as bytes of HTTP/1.1."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from email.utils import formatdate
from http import HTTPStatus

from tenon.serving.http._messages import Headers, Response

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""What tells a client to send its body."""

_MAX_KNOWN = 256
_NO_BODY = frozenset({204, 304})


class ResponseWriter:
    r"""Write responses; what equal ones have in common, all but the length and the body, is made once a second.

    Args:
        clock: seconds since the epoch.

    Example:
        >>> text = ResponseWriter().write(Response(200, [("Content-Type", "text/plain")], b"hello"))
        >>> text.partition(b"\r\n")[0], text.endswith(b"\r\nContent-Length: 5\r\n\r\nhello")
        (b'HTTP/1.1 200 OK', True)
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock, self._second = clock, 0
        self._last, self._last_status = b"", 0
        self._last_headers: Headers | None = None  # lists of headers do not change, so the same is as good as an equal
        self._known: dict[tuple[int, tuple[tuple[str, str], ...]], bytes] = {}

    def write(self, response: Response, connection: str = "", *, has_body: bool = True) -> bytes:
        """Return all of a response.

        Args:
            response: the response.
            connection: the value of the header ``Connection``; empty to leave it out.
            has_body: whether the body follows; the answer to HEAD only tells its length.

        Raises:
            ValueError: a header would forge others.
        """
        status, headers, body = response
        now = self._clock()
        if not self._second <= now < self._second + 1:
            self._turn_to(int(now))
        if headers is self._last_headers and status == self._last_status and not connection:
            head = self._last
        else:
            head = self._last = self._head(
                status, (*headers, ("Connection", connection)) if connection else (*headers,)
            )
            self._last_status, self._last_headers = status, None if connection else headers
        if status in _NO_BODY:
            return head + b"\r\n"
        return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body if has_body else b"")

    def _turn_to(self, second: int) -> None:
        self._second, self._last_headers = second, None
        self._known.clear()

    def _head(self, status: int, lines: tuple[tuple[str, str], ...]) -> bytes:
        if len(self._known) > _MAX_KNOWN:
            self._known.clear()
        head = self._known.get((status, lines))
        if head is None:
            date = formatdate(self._second, usegmt=True)
            head = self._known[status, lines] = _written(status, [*lines, ("Date", date)])
        return head


def _written(status: int, lines: Sequence[tuple[str, str]]) -> bytes:
    text = "".join(f"{name}: {value}\r\n" for name, value in lines)
    if text.count("\r") + text.count("\n") != 2 * len(lines) or "\0" in text:
        raise ValueError(f"a header of a response must be one line; received {text!r}")
    return f"HTTP/1.1 {status} {_phrase(status)}\r\n{text}".encode("latin-1")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
