"""The security configuration, and the one JSON file that it is read from."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tenon.base import FailedPreconditionError, InvalidArgumentError
from tenon.serving.security._audit_log import AuditConfig
from tenon.serving.security._json_reading import (
    Reader,
    flag,
    items,
    load_json,
    number,
    optional,
    read_object,
    text,
    texts,
    whole,
)
from tenon.serving.security._jwks import is_url
from tenon.serving.security._limits import Limit, LimitOverride, Limits
from tenon.serving.security._tokens import JwtIssuer


@dataclass(frozen=True)
class SecurityConfig:
    """Who may ask, how much, and where it is written down. What is left out is not asked for, and costs nothing.

    Args:
        jwt: who may issue tokens.
        api_keys: the file of API keys.
        limits: how much may be asked.
        audit: where each request is written down.

    Raises:
        InvalidArgumentError: two issuers have one name.
    """

    jwt: tuple[JwtIssuer, ...] = ()
    api_keys: Path | None = None
    limits: Limits | None = None
    audit: AuditConfig | None = None

    def __post_init__(self) -> None:
        names = [issuer.issuer for issuer in self.jwt]
        if len(set(names)) < len(names):
            raise InvalidArgumentError(f"jwt: issuers must differ; received {names}.")

    @property
    def authenticates(self) -> bool:
        """Whether a request needs credentials."""
        return bool(self.jwt) or self.api_keys is not None

    def for_worker(self, number: int, count: int = 1) -> SecurityConfig:
        """Return the configuration of one of several processes: its share of the limits, and an audit of its own.

        Args:
            number: which process; its audit is ``NAME.worker-NUMBER.SUFFIX``.
            count: how many share the limits; see ``Limit.share``.

        Raises:
            FailedPreconditionError: tokens count once, which processes that share nothing cannot keep.

        Example:
            >>> SecurityConfig(audit=AuditConfig(Path("audit.jsonl"))).for_worker(2).audit.path.name
            'audit.worker-2.jsonl'
        """
        if count > 1 and (once := [issuer.issuer for issuer in self.jwt if issuer.require_jti]):
            raise FailedPreconditionError(
                f"jwt: tokens that count once (require_jti) need a single worker, which knows all that were used; "
                f"received {count} workers and the issuers {once}. Serve with workers=1, or drop require_jti."
            )
        limits = None if self.limits is None else self.limits.share(count)
        if self.audit is None:
            return replace(self, limits=limits)
        path = self.audit.path
        own = path.with_name(f"{path.stem}.worker-{number}{path.suffix}")
        return replace(self, limits=limits, audit=replace(self.audit, path=own))


def read_security(path: str | os.PathLike[str]) -> SecurityConfig:
    """Read a security configuration; relative paths in it begin at its directory.

    The keys are ``jwt`` (a list of ``JwtIssuer``), ``api_keys`` (a path), ``limits`` (``Limits``; an override has the
    keys of its limit and ``client``, ``model``) and ``audit`` (``AuditConfig``). All may be left out.

    Args:
        path: a JSON file.

    Raises:
        InvalidArgumentError: a key is unknown or missing, or a value breaks its rule; the message names the place.
        OSError: the file cannot be read.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "security.json"
        >>> _ = file.write_text('{"limits": {"client": {"requests_per_second": 5}}}')
        >>> read_security(file).limits.client.requests_per_second
        5.0
    """
    file = Path(path)
    content, source, directory = load_json(file.read_bytes(), str(path)), str(path), file.absolute().parent
    located = partial(_path, directory)
    readers: dict[str, Reader] = {
        "jwt": items(_made(JwtIssuer, _jwt_fields(directory), ("issuer", "audience", "jwks"))),
        "api_keys": located,
        "limits": _made(Limits, _LIMITS_FIELDS),
        "audit": _made(AuditConfig, {**_AUDIT_FIELDS, "path": located}, ("path",)),
    }
    config: SecurityConfig = _read(SecurityConfig, readers, (), content, source)
    return config


def _made(kind: Callable[..., Any], readers: Mapping[str, Reader], required: tuple[str, ...] = ()) -> Reader:
    return partial(_read, kind, readers, required)


def _read(
    kind: Callable[..., Any], readers: Mapping[str, Reader], required: tuple[str, ...], value: Any, place: str
) -> Any:
    fields = read_object(value, place, readers, required)
    try:
        return kind(**fields)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"{place}.{error.message}") from error


def _path(directory: Path, value: Any, place: str) -> Path:
    return directory / text(value, place)


def _jwks(directory: Path, value: Any, place: str) -> str:
    source = text(value, place)
    return source if is_url(source) else str(directory / source)


def _one_or_more(value: Any, place: str) -> tuple[str, ...]:
    words: tuple[str, ...] = texts([value] if isinstance(value, str) else value, place)
    return words


def _override(value: Any, place: str) -> LimitOverride:
    fields = read_object(value, place, {**_LIMIT_FIELDS, "client": text, "model": text})
    names = {key: fields.pop(key) for key in ("client", "model") if key in fields}
    try:
        return LimitOverride(Limit(**fields), **names)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(f"{place}.{error.message}") from error


def _jwt_fields(directory: Path) -> dict[str, Reader]:
    return {
        "issuer": text,
        "audience": _one_or_more,
        "jwks": partial(_jwks, directory),
        "algorithms": texts,
        "leeway_seconds": number,
        "client_claim": text,
        "scope_claims": texts,
        "require_jti": flag,
        "max_lifetime_seconds": optional(number),
        "refresh_seconds": number,
        "ca_file": partial(_path, directory),
    }


_LIMIT_FIELDS: dict[str, Reader] = {
    "requests_per_second": optional(number),
    "burst": optional(number),
    "concurrency": optional(whole),
    "max_request_bytes": optional(whole),
}
_LIMIT = _made(Limit, _LIMIT_FIELDS)
_LIMITS_FIELDS: dict[str, Reader] = {
    "client": _LIMIT,
    "model": _LIMIT,
    "client_model": _LIMIT,
    "overrides": items(_override),
}
_AUDIT_FIELDS: dict[str, Reader] = {
    "strict": flag,
    "queue_lines": whole,
    "fsync": flag,
    "max_bytes": whole,
    "keep_files": whole,
}
