"""API keys: long random secrets that only their owner has; we keep salted hashes.

A key is ``tenon_ID.SECRET`` with 256 random bits, so a fast hash protects it as well as a slow one would, and a wrong
key costs the server a microsecond. Keys that people choose would need a slow hash, and are not accepted.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tenon.base import AlreadyExistsError, InvalidArgumentError, UnauthenticatedError, write_file
from tenon.serving.security._identity import Identity, parse_scopes
from tenon.serving.security._json_reading import (
    Reader,
    flag,
    items,
    load_json,
    optional,
    read_object,
    text,
    texts,
    timestamp,
)

PREFIX = "tenon_"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEX = re.compile(r"[0-9a-f]{64}")
_SALT = re.compile(r"[0-9a-f]{32,128}")
_REALM = "api-keys"


@dataclass(frozen=True)
class ApiKeyRecord:
    """What a server keeps of an API key.

    Args:
        id: names the key in the audit, and finds the record: letters, digits, ``_`` and ``-``, at most 64.
        client: who uses it; a client may have several keys, so that it can change them without a gap.
        salt: in hexadecimal digits.
        sha256: of salt and secret, in hexadecimal digits.
        scopes: what it allows.
        expires: when it ends, with a time zone; ``None`` for never.
        enabled: whether it is accepted.

    Raises:
        InvalidArgumentError: a field breaks its rule.
    """

    id: str
    client: str
    salt: str
    sha256: str
    scopes: tuple[str, ...]
    expires: datetime | None = None
    enabled: bool = True

    def __post_init__(self) -> None:
        for field, pattern in (("id", _ID), ("salt", _SALT), ("sha256", _HEX)):
            if not pattern.fullmatch(getattr(self, field)):
                raise InvalidArgumentError(f"{field}: must match {pattern.pattern}; received {getattr(self, field)!r}.")
        if not self.client:
            raise InvalidArgumentError(f"client: must not be empty; received {self.client!r} for the key {self.id!r}.")
        if self.expires is not None and self.expires.tzinfo is None:
            raise InvalidArgumentError(f"expires: needs a time zone; received {self.expires.isoformat()}.")
        parse_scopes(self.scopes)


def new_api_key(client: str, scopes: Iterable[str], expires: datetime | None = None) -> tuple[str, ApiKeyRecord]:
    """Make an API key.

    Args:
        client: who will use it.
        scopes: what it allows, for example ``["predict:digits"]``.
        expires: when it ends, with a time zone; ``None`` for never.

    Returns:
        The key, to be shown once and kept by the client, and the record for the server's file.

    Raises:
        InvalidArgumentError: an argument breaks a rule of ``ApiKeyRecord``.

    Example:
        >>> key, record = new_api_key("alice", ["predict:*"])
        >>> key.startswith(f"tenon_{record.id}."), record.client, record.enabled
        (True, 'alice', True)
    """
    id_, secret, salt = secrets.token_hex(8), secrets.token_urlsafe(32), secrets.token_bytes(16)
    record = ApiKeyRecord(id_, client, salt.hex(), _hash(salt, secret), tuple(scopes), expires)
    return f"{PREFIX}{id_}.{secret}", record


def read_api_keys(path: str | os.PathLike[str]) -> tuple[ApiKeyRecord, ...]:
    """Read a file of API keys.

    Args:
        path: a JSON file ``{"keys": [RECORD, ...]}``; a record's fields are those of ``ApiKeyRecord``.

    Raises:
        InvalidArgumentError: the file is not what it must be; the message names the place.
        OSError: it cannot be read.
    """
    return parse_api_keys(Path(path).read_bytes(), str(path))


def add_api_key(path: str | os.PathLike[str], record: ApiKeyRecord) -> None:
    """Add a record to a file of API keys; a running server sees it within seconds. One writer at a time.

    Args:
        path: the file, which is made if it is not there.
        record: what ``new_api_key`` gave.

    Raises:
        AlreadyExistsError: the file has a key of that id.
        InvalidArgumentError: the file is not one of API keys.
        OSError: it cannot be written; it is as it was.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "keys.json"
        >>> add_api_key(file, new_api_key("alice", ["predict:*"])[1])
        >>> [record.client for record in read_api_keys(file)]
        ['alice']
    """
    records = read_api_keys(path) if Path(path).exists() else ()
    if record.id in {known.id for known in records}:
        raise AlreadyExistsError(f"{path}: has an API key of the id {record.id!r} already. Make a new key.")
    document = {"keys": [_as_json(each) for each in (*records, record)]}
    write_file(path, json.dumps(document, indent=2).encode() + b"\n")


def parse_api_keys(content: bytes, source: str) -> tuple[ApiKeyRecord, ...]:
    """Read the content of a file of API keys.

    Raises:
        InvalidArgumentError: it is not what it must be; the message names ``source`` and the place.
    """
    document = read_object(load_json(content, source), source, {"keys": items(_read_record)}, required=("keys",))
    records: tuple[ApiKeyRecord, ...] = document["keys"]
    ids = [record.id for record in records]
    twice = sorted({id_ for id_ in ids if ids.count(id_) > 1}) if len(set(ids)) < len(ids) else []
    if twice:
        raise InvalidArgumentError(f"{source}: keys: ids must differ; received {twice[0]!r} more than once.")
    return records


_FIELDS: dict[str, Reader] = {
    "id": text,
    "client": text,
    "salt": text,
    "sha256": text,
    "scopes": texts,
    "expires": optional(timestamp),
    "enabled": flag,
}


def _read_record(value: Any, place: str) -> ApiKeyRecord:
    fields = read_object(value, place, _FIELDS, required=("id", "client", "salt", "sha256", "scopes"))
    try:
        return ApiKeyRecord(**fields)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"{place}.{error.message}") from error


def _as_json(record: ApiKeyRecord) -> dict[str, Any]:
    expires = None if record.expires is None else record.expires.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {**vars(record), "scopes": list(record.scopes), "expires": expires}


class ApiKeys:
    """The keys of one file, ready to be asked.

    Args:
        records: the records.
    """

    def __init__(self, records: Iterable[ApiKeyRecord]) -> None:
        self._keys: Mapping[str, tuple[ApiKeyRecord, bytes, Identity]] = {
            record.id: (record, bytes.fromhex(record.salt), _identity(record)) for record in records
        }

    def identify(self, key: str, now: float) -> tuple[Identity, float]:
        """Return whose key it is and when it ends, in seconds since the epoch.

        A wrong id takes as long as a wrong secret, and is told the same.

        Raises:
            UnauthenticatedError: the key is wrong, disabled or has expired.
        """
        id_, _, secret = key.removeprefix(PREFIX).partition(".")
        record, salt, identity = self._keys.get(id_, _NOBODY)
        if not hmac.compare_digest(_hash(salt, secret), record.sha256):
            raise UnauthenticatedError("The API key is not known here. Ask for a new one.")
        expires = float("inf") if record.expires is None else record.expires.timestamp()
        if not record.enabled or expires <= now:
            state = "has expired" if record.enabled else "is disabled"
            raise UnauthenticatedError(f"The API key {id_!r} {state}. Ask for a new one.")
        return identity, expires


def _identity(record: ApiKeyRecord) -> Identity:
    return Identity(record.client, f"api-key {record.id}", parse_scopes(record.scopes), _REALM)


def _hash(salt: bytes, secret: str) -> str:
    return sha256(salt + secret.encode()).hexdigest()


def _nobody() -> tuple[ApiKeyRecord, bytes, Identity]:
    salt = secrets.token_bytes(16)
    record = ApiKeyRecord("nobody", "nobody", salt.hex(), _hash(salt, secrets.token_urlsafe(32)), (), enabled=False)
    return record, salt, _identity(record)


_NOBODY = _nobody()
