"""What stands in a body: JSON of errors, gzip."""

from __future__ import annotations

import zlib

import orjson

from tenon.base import InvalidArgumentError
from tenon.serving.http._messages import Headers, HttpRequest

JSON_HEADERS: Headers = [("Content-Type", "application/json")]
"""The headers of a response in JSON; not to be changed."""

MAX_INFLATED_BYTES = 100 * 2**20
"""How large a body may become that a client has compressed."""

_ENCODINGS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""How bodies may be compressed, and what zlib calls it."""


def error_body(message: str) -> bytes:
    """Return the JSON of an error, as TensorFlow Serving and the Open Inference Protocol have it.

    Args:
        message: any text; what is no UTF-8 is replaced.

    Example:
        >>> error_body("no such model")
        b'{"error":"no such model"}'
    """
    return orjson.dumps({"error": message.encode(errors="replace").decode()})


def plain_body(request: HttpRequest) -> bytes | None:
    """Return a body that has come and is not compressed; ``None`` leaves it to ``inflated_body``.

    Args:
        request: as for ``inflated_body``.
    """
    return None if request.headers.get("content-encoding") else request.content


async def inflated_body(request: HttpRequest) -> bytes:
    """Read a body and undo its compression.

    Args:
        request: its header ``content-encoding`` says whether the body is gzip or deflate.

    Raises:
        InvalidArgumentError: it says so and cannot be inflated, or to more than ``MAX_INFLATED_BYTES``; as in
            TensorFlow Serving, what cannot be undone counts as an empty document.
    """
    body = await request.body()
    encoding = request.headers.get("content-encoding")
    return _inflate(body, encoding.lower()) if encoding else body


def _inflate(body: bytes, encoding: str) -> bytes:
    found = next((name for name in _ENCODINGS if name in encoding), None)
    if found is None:
        return body
    inflater = zlib.decompressobj(_ENCODINGS[found])
    try:
        text = inflater.decompress(body, MAX_INFLATED_BYTES + 1)
    except zlib.error as error:
        raise _not_inflated(found, str(error)) from error
    if not inflater.eof or len(text) > MAX_INFLATED_BYTES:
        raise _not_inflated(found, f"it is cut short, or holds more than {MAX_INFLATED_BYTES} bytes")
    return text


def _not_inflated(encoding: str, reason: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"JSON Parse error: The document is empty: the {encoding} body could not be inflated: {reason}. "
        "Send it as it is."
    )
