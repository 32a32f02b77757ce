"""The head of an HTTP/1.1 request: its bytes to what they say, strictly by RFC 9112."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from tenon.serving.security import Credential

MAX_HEAD_BYTES = 2**16
"""A longer head is refused."""

MAX_HEADERS = 100
"""More header lines are refused."""

END = b"\r\n\r\n"
"""What a head ends with."""

_REMEMBERED_BYTES = 2048  # of a head; longer ones are read anew, so that clients cannot fill the memory with them
_REMEMBERED_HEADS = 8

_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e\x80-\xff]+) HTTP/(\d)\.(\d)")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_KEPT = re.compile(rb"%(2[fF5]|3[aA])")  # slashes and colons in a name do not end it; percent signs tell them apart
_ABSOLUTE = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)
_LENGTH = re.compile(r"[0-9]{1,18}")
_CREDENTIALS = frozenset({"authorization", "x-api-key"})


class BadRequestError(Exception):
    """What came is no request that the server reads; the connection ends with the answer.

    Args:
        status: of the answer.
        reason: for the client.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True, slots=True)
class RequestHead:
    """What the head of a request says.

    Args:
        method: the HTTP verb.
        path: percent-decoded, but for slashes, colons and percent signs: who takes it apart decodes these.
        query: what stands behind the question mark, as sent.
        headers: by name in lower case; the values of one name are joined with commas.
        length: bytes of the body; 0 for none, ``None`` for a chunked one.
        keeps_alive: whether the connection may serve another request.
        expects_continue: whether the client waits for leave to send the body.
        is_old: whether it is HTTP/1.0.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    length: int | None
    keeps_alive: bool
    expects_continue: bool
    is_old: bool


_NO_HEAD = RequestHead("", "", "", {}, 0, False, False, True)


class HeadReader:
    r"""Read heads, and remember them: a client that repeats a request repeats its bytes, and one look-up reads them.

    Belongs to one connection, so credentials that stand in heads are forgotten with it.

    Attributes:
        text: of the last head that was remembered, and so what the next request begins with, most likely: to compare
            is cheaper than to look for its end and to look it up. Empty where there is none.
        head: what that head says.

    Example:
        >>> head = HeadReader().read(b"GET /v1/models/a%20b?x HTTP/1.1\r\nHost: h\r\n\r\n")
        >>> head.method, head.path, head.query, head.headers["host"], head.length, head.keeps_alive
        ('GET', '/v1/models/a b', 'x', 'h', 0, True)
    """

    def __init__(self) -> None:
        self._known: dict[bytes, RequestHead] = {}
        self.text, self.head = b"", _NO_HEAD

    def read(self, text: bytes) -> RequestHead:
        """Return what a head says.

        Args:
            text: with its empty line.

        Raises:
            BadRequestError: it breaks a rule.
        """
        head = self._known.get(text)
        if head is None:
            head = parse_head(text)
            if len(text) > _REMEMBERED_BYTES:
                return head
            if len(self._known) >= _REMEMBERED_HEADS:
                self._known.clear()
            self._known[text] = head
        self.text, self.head = text, head
        return head


def parse_head(text: bytes) -> RequestHead:
    """Read a head.

    Args:
        text: with its empty line.

    Raises:
        BadRequestError: it breaks a rule; where two readers could see two different bodies, that is one.
    """
    lines = text[: -len(END)].split(b"\r\n")
    line = _LINE.fullmatch(lines[0])
    if line is None:
        raise BadRequestError(400, "The request line must be METHOD TARGET HTTP/1.1.")
    method, target, major, minor = line.groups()
    if major != b"1":
        raise BadRequestError(400, "Speak HTTP/1.1.")
    headers = _headers(lines[1:])
    is_old = minor == b"0"
    if "host" not in headers and not is_old:
        raise BadRequestError(400, "A request must have one Host header.")
    path, query = _target(target)
    options = {option.strip().lower() for option in headers.get("connection", "").split(",")}
    return RequestHead(
        method.decode(),
        path,
        query,
        headers,
        _length(headers, is_old),
        "close" not in options and (not is_old or "keep-alive" in options),
        _expects_continue(headers, is_old),
        is_old,
    )


def _headers(lines: list[bytes]) -> dict[str, str]:
    if len(lines) > MAX_HEADERS:
        raise BadRequestError(431, f"A request must have at most {MAX_HEADERS} headers.")
    headers: dict[str, str] = {}
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise BadRequestError(400, "A header must be NAME: VALUE, in one line.")
        name, value = match[1].decode().lower(), match[2].decode("latin-1").rstrip(" \t")
        if name not in headers:
            headers[name] = Credential(value) if name in _CREDENTIALS else value
        elif name == "host" or (name == "content-length" and headers[name] != value):
            raise BadRequestError(400, f"A request must have one {name} header.")
        elif name != "content-length":
            headers[name] += f", {value}"
    return headers


def _length(headers: Mapping[str, str], is_old: bool) -> int | None:
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if coding is not None:
        if length is not None or is_old:
            raise BadRequestError(400, "Transfer-Encoding stands alone, in HTTP/1.1.")
        if coding.lower() != "chunked":
            raise BadRequestError(501, "The only transfer encoding is chunked.")
        return None
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length):
        raise BadRequestError(400, "Content-Length must be a number of bytes.")
    return int(length)


def _expects_continue(headers: Mapping[str, str], is_old: bool) -> bool:
    expectation = headers.get("expect")
    if expectation is None or is_old:
        return False
    if expectation.lower() != "100-continue":
        raise BadRequestError(417, "The only expectation is 100-continue.")
    return True


def _target(target: bytes) -> tuple[str, str]:
    absolute = _ABSOLUTE.match(target)
    if absolute is not None:
        target = target[absolute.end() :] or b"/"
    if not target.startswith((b"/", b"*", b"?")):
        raise BadRequestError(400, "The request target must be a path.")
    path, _, query = target.partition(b"?")
    if b"%" in path:
        path = unquote_to_bytes(_KEPT.sub(rb"%25\1", path))
    try:
        return path.decode(), query.decode("latin-1")
    except UnicodeDecodeError as error:
        raise BadRequestError(400, "The path must be UTF-8.") from error
