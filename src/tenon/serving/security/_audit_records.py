"""One line of the audit: what stands in it, and the chain of hashes through all of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

FIRST_HASH = "0" * 64
"""What the first line has in the place of its predecessor's hash."""

_MAX_TEXT = 256
_TEXTS = ("client", "credential", "action", "model", "signature", "protocol", "request_id", "remote", "reason")


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
    fields: dict[str, Any] = {
        "seq": sequence,
        "time": _rfc3339(record.time),
        "event": record.event,
        "outcome": record.outcome,
        "latency_ms": round(record.latency * 1e3, 3),
    }
    for name in _TEXTS:
        value = getattr(record, name)
        if value:
            fields[name] = value if len(value) <= _MAX_TEXT else value[:_MAX_TEXT] + "..."
    if record.version is not None:
        fields["version"] = record.version
    fields["prev"] = previous
    return _ascii(fields)


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


def _ascii(fields: dict[str, Any]) -> bytes:
    try:
        line = orjson.dumps(fields)
    except TypeError:  # a text with half a character, or a number of more than 64 bits
        line = b"\xff"
    if not line.isascii():
        line = json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode()
    return line.replace(b"\x7f", b"\\u007f")


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
