"""One line of the audit: what stands in it, and the chain of hashes through all of them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

FIRST_HASH = "0" * 64
"""What the first line has in the place of its predecessor's hash."""

_MAX_TEXT = 256
_EMPTY = '""'
_MIDDLE = ("event", "client", "credential", "action", "model", "version", "signature", "protocol", "outcome", "reason")
"""What stands between time and latency, in this order; few values of it are new."""

_FIRST, _LAST = 1, 1 + len(_MIDDLE)


class AuditRecord(NamedTuple):
    """What happened. Never a payload, never a secret.

    Args:
        time: when it was over, in seconds since the epoch.
        event: the kind: ``request``, or what the server itself did.
        client: who asked; empty where nobody could prove who they are.
        credential: what proved it; an issuer or the id of a key.
        action: what was asked.
        model: of which model.
        version: of which version, where one answered.
        signature: of which signature.
        protocol: how: ``rest``, ``grpc``.
        outcome: the canonical code's name.
        reason: why it was refused.
        latency: seconds.
        request_id: the client's name for the request.
        remote: the client's address.
    """

    time: float
    event: str = "request"
    client: str = ""
    credential: str = ""
    action: str = ""
    model: str = ""
    version: int | None = None
    signature: str = ""
    protocol: str = ""
    outcome: str = "OK"
    reason: str = ""
    latency: float = 0.0
    request_id: str = ""
    remote: str = ""


def render(record: AuditRecord, sequence: int, previous: str) -> bytes:
    """Return the line, without its end: JSON in ASCII, every control character escaped, long texts cut.

    Args:
        record: what happened.
        sequence: the number of the line.
        previous: the hash of the line before.
    """
    name = record.request_id
    return (
        f'{{"seq":{sequence},"time":"{_rfc3339(record.time)}",{_middle(*record[_FIRST:_LAST])},'
        f'"latency_ms":{record.latency * 1e3:.3f},"request_id":{_text(name) if name else _EMPTY},'
        f'"remote":{_remote(record.remote)},"prev":"{previous}"}}'
    ).encode("ascii")


@lru_cache(maxsize=1024)
def _middle(*values: Any) -> str:
    """Return the fields that many lines have in common."""
    return ",".join(f'"{name}":{_text(value)}' for name, value in zip(_MIDDLE, values, strict=True))


def parse_line(line: bytes) -> dict[str, Any] | None:
    """Return the fields of a line, or ``None`` for what is none, such as one that a killed process left unfinished."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and type(fields.get("seq")) is int else None


def chain_hash(lines: Sequence[bytes]) -> str:
    """Return the hash by which a line refers to what is before it: the last whole line and what is torn after it."""
    return line_hash(b"\n".join(lines))


def line_hash(line: bytes) -> str:
    """Return the hash by which a line refers to a whole one before it."""
    return sha256(line).hexdigest()


def _text(value: Any) -> str:
    """Return JSON in ASCII of a text, a number or nothing."""
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        value = value[:_MAX_TEXT] + "..."
    try:
        text = orjson.dumps(value)
    except TypeError:  # a text with half a character, or a number of more than 64 bits
        text = b"\xff"
    return (text.decode() if text.isascii() else json.dumps(value)).replace("\x7f", "\\u007f")


@lru_cache(maxsize=1024)
def _remote(address: str) -> str:
    """Return JSON of a client's address; a connection has one for all of its lines."""
    return _text(address)


def _rfc3339(seconds: float) -> str:
    second, micros = divmod(round(seconds * 1e6), 1_000_000)
    return f"{_second(second)}.{micros:06d}Z"


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
