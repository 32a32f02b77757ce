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
_MIDDLE = ("event", "client", "credential", "action", "model", "version", "signature", "protocol", "outcome", "reason")
"""What stands between time and latency, in this order; few values of it are new."""


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
    (when, event, client, credential, action, model, version) = record[:7]
    (signature, protocol, outcome, reason, latency, request_id, remote) = record[7:]
    middle = _middle(event, client, credential, action, model, version, signature, protocol, outcome, reason)
    return b'{"seq":%d,"time":"%b",%b,"latency_ms":%b,"request_id":%b,"remote":%b,"prev":"%b"}' % (
        *(sequence, _rfc3339(when).encode(), middle, orjson.dumps(round(latency * 1e3, 3))),
        *(_text(request_id), _text(remote), previous.encode()),
    )


@lru_cache(maxsize=1024)
def _middle(*values: Any) -> bytes:
    """Return the fields that many lines have in common."""
    return b",".join(b'"%b":%b' % (name.encode(), _text(value)) for name, value in zip(_MIDDLE, values, strict=True))


def parse_line(line: bytes) -> dict[str, Any] | None:
    """Return the fields of a line, or ``None`` for what is none, such as one that a killed process left unfinished."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) and type(fields.get("seq")) is int else None


def chain_hash(lines: Sequence[bytes]) -> str:
    """Return the hash by which a line refers to what is before it: the last whole line and what is torn after it."""
    return sha256(b"\n".join(lines)).hexdigest()


def _text(value: Any) -> bytes:
    """Return JSON in ASCII of a text, a number or nothing."""
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        value = value[:_MAX_TEXT] + "..."
    try:
        text = orjson.dumps(value)
    except TypeError:  # a text with half a character, or a number of more than 64 bits
        text = b"\xff"
    if not text.isascii():
        text = json.dumps(value).encode()
    return text.replace(b"\x7f", b"\\u007f")


def _rfc3339(seconds: float) -> str:
    micros = round(seconds * 1e6)
    return f"{_second(micros // 1_000_000)}.{micros % 1_000_000:06d}Z"


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
