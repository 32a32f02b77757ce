"""gRPC's own layer: length-prefixed messages, timeouts, status trailers (the protocol document PROTOCOL-HTTP2)."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence
from functools import cache
from struct import Struct

from tenon.base import Code, InternalError, ResourceExhaustedError, TenonError, UnimplementedError
from tenon.serving.http2._headers import header_block
from tenon.serving.http2._stream import Piece

PREFIX = Struct(">BI")
"""What stands before every message: whether it is compressed, and its length."""

ENCODINGS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""How messages may be compressed, and what zlib calls it."""

ACCEPTED_ENCODINGS = ",".join(("identity", *ENCODINGS))

RESPONSE_HEAD = header_block(
    [(":status", "200"), ("content-type", "application/grpc"), ("grpc-accept-encoding", ACCEPTED_ENCODINGS)]
)
"""The header block that begins every answer."""

OK_TRAILERS = header_block([("grpc-status", "0")])
"""The header block that ends an answer with nothing to add."""

_TIMEOUT = re.compile(r"([0-9]{1,8})([HMSmun])")
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_PLAIN = frozenset(range(0x20, 0x7F)) - {ord("%")}

Fields = Sequence[tuple[str, str]]


@cache
def timeout_seconds(text: str) -> float | None:
    """Read the header ``grpc-timeout``; ``None`` if it is malformed, which counts as none.

    Example:
        >>> timeout_seconds("1500m"), timeout_seconds("soon")
        (1.5, None)
    """
    match = _TIMEOUT.fullmatch(text)
    return float(match[1]) * _UNITS[match[2]] if match else None


def framed(message: bytes) -> bytes:
    """Write a message with its prefix.

    Example:
        >>> framed(b"ab").hex()
        '00000000026162'
    """
    return PREFIX.pack(0, len(message)) + message


def unframed(body: Sequence[Piece], encoding: str, limit: int) -> bytes:
    """Read the only message of a body, with a single copy.

    Args:
        body: its pieces.
        encoding: how the message is compressed, if it says that it is.
        limit: bytes of the message, without compression.

    Raises:
        InternalError: there is none, or more than one.
        UnimplementedError: it is compressed in a way that is not known.
        ResourceExhaustedError: it is longer than ``limit``.

    Example:
        >>> unframed([framed(b"ab")], "identity", 10)
        b'ab'
    """
    first = body[0] if body and len(body[0]) >= PREFIX.size else b"".join(body)
    rest = body[1:] if body and first is body[0] else ()
    compressed, size = PREFIX.unpack_from(first) if len(first) >= PREFIX.size else (0, -1)
    message = b"".join((memoryview(first)[PREFIX.size :], *rest))
    if size != len(message):
        received = sum(map(len, body))
        raise InternalError(
            f"a unary request must be one message with its prefix; received {received} bytes that tell {size}."
        )
    return inflated(message, encoding, limit) if compressed else message


def inflated(message: bytes, encoding: str, limit: int) -> bytes:
    """Undo the compression of a message; the arguments and errors are those of ``unframed``."""
    if encoding not in ENCODINGS:
        raise UnimplementedError(f"grpc-encoding must be one of {ACCEPTED_ENCODINGS}; received {encoding!r}.")
    inflater = zlib.decompressobj(ENCODINGS[encoding])
    try:
        plain = inflater.decompress(message, limit + 1)
    except zlib.error as error:
        raise InternalError(f"a message said to be {encoding} does not inflate: {error}.") from error
    if len(plain) > limit:
        raise ResourceExhaustedError(f"a message must be at most {limit} bytes; received more, compressed.")
    if not inflater.eof:
        raise InternalError(f"a message said to be {encoding} is cut short.")
    return plain


def trailers(code: Code, message: str = "", metadata: Fields = ()) -> bytes:
    """Return the header block that ends an answer."""
    return header_block(_status(code, message, metadata))


def refusal(code: Code, message: str, metadata: Fields = ()) -> bytes:
    """Return the header block that is a whole answer: an error before anything was sent."""
    head = ((":status", "200"), ("content-type", "application/grpc"))
    return header_block((*head, *_status(code, message, metadata)))


def pushback(error: TenonError) -> Fields:
    """Return the trailer that tells gRPC's clients when to try again, as ``Retry-After`` does those of HTTP.

    Example:
        >>> pushback(ResourceExhaustedError("too many", retry_after=0.2)), pushback(TenonError("no"))
        ([('grpc-retry-pushback-ms', '200')], ())
    """
    if isinstance(error, ResourceExhaustedError) and error.retry_after is not None:
        return [("grpc-retry-pushback-ms", str(math.ceil(error.retry_after * 1000)))]
    return ()


def _status(code: Code, message: str, metadata: Fields) -> list[tuple[str, str]]:
    fields = [("grpc-status", str(int(code)))]
    if message:
        fields.append(("grpc-message", _percent_encoded(message)))
    return [*fields, *metadata]


def _percent_encoded(text: str) -> str:
    data = text.encode(errors="replace")
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in data)
