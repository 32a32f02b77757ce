"""What processes of a server tell each other, as JSON: Tenon's own values keep their types."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from tenon.base import InternalError, ResourceExhaustedError, TenonError
from tenon.formats import message_class
from tenon.serving.configuration import ModelConfig, ModelServerConfig, MonitoringConfig, ServerOptions
from tenon.serving.lifecycle import All, Latest, Specific
from tenon.serving.security import TlsConfig
from tenon.serving.servables import ServableRequest
from tenon.serving.telemetry import RequestLogOptions
from tenon.serving.traffic import (
    Arm,
    Breach,
    Experiment,
    ModelRules,
    Rollback,
    RollbackRule,
    ShadowRule,
    TrafficTable,
    WeightedVersion,
)
from tenon.serving.workers._assignment import Assignment

_MARK = "@"
"""The key that tells the type of what JSON has no word for; other mappings with it are spelled out."""

_DATACLASSES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        *(Assignment, ServerOptions, ModelServerConfig, ModelConfig, MonitoringConfig, TlsConfig, RequestLogOptions),
        *(Latest, All, Specific, ServableRequest, Rollback, Breach),
        *(TrafficTable, ModelRules, WeightedVersion, Experiment, Arm, ShadowRule, RollbackRule),
    )
}
_ERRORS = {kind.code: kind for kind in TenonError.__subclasses__()}


def dumps(value: Any) -> bytes:
    """Write a value.

    Args:
        value: what JSON has, and tuples, bytes, paths, protocol buffer messages, errors of Tenon, and the data classes
            that processes tell each other.

    Raises:
        InternalError: it is something else.
    """
    return json.dumps(_encode(value), separators=(",", ":")).encode()


def loads(data: bytes) -> Any:
    """Return the value that ``dumps`` wrote; data classes check their rules again.

    Args:
        data: what it wrote.
    """
    return _decode(json.loads(data))


def _encode(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    for kind, encode in _ENCODERS:
        if isinstance(value, kind):
            return encode(value)
    if is_dataclass(value) and type(value).__name__ in _DATACLASSES:
        members = {each.name: _encode(getattr(value, each.name)) for each in fields(value)}
        return {_MARK: type(value).__name__, **members}
    raise InternalError(f"a worker cannot be told of {type(value).__name__}: {value!r}. Report it.")


def _encode_mapping(value: Mapping[Any, Any]) -> Any:
    if _MARK in value or not all(isinstance(key, str) for key in value):
        return {_MARK: "mapping", "items": [[_encode(key), _encode(item)] for key, item in value.items()]}
    return {key: _encode(item) for key, item in value.items()}


def _encode_error(error: TenonError) -> Any:
    retry_after = error.retry_after if isinstance(error, ResourceExhaustedError) else None
    return {_MARK: "error", "code": int(error.code), "message": error.message, "retry_after": retry_after}


_ENCODERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (list, lambda value: [_encode(item) for item in value]),
    (tuple, lambda value: {_MARK: "tuple", "items": [_encode(item) for item in value]}),
    (Mapping, _encode_mapping),
    (bytes, lambda value: {_MARK: "bytes", "base64": base64.b64encode(value).decode()}),
    (Path, lambda value: {_MARK: "path", "path": str(value)}),
    (Message, lambda value: {_MARK: "message", "name": value.DESCRIPTOR.full_name, "value": _encode(_bytes(value))}),
    (TenonError, _encode_error),
)


def _bytes(message: Message) -> bytes:
    return bytes(message.SerializeToString())


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    members = {key: _decode(item) for key, item in value.items() if key != _MARK}
    if _MARK not in value:
        return members
    if decode := _DECODERS.get(value[_MARK]):
        return decode(members)
    return _DATACLASSES[value[_MARK]](**members)


def _decode_error(members: dict[str, Any]) -> TenonError:
    if members["code"] == ResourceExhaustedError.code:
        return ResourceExhaustedError(members["message"], retry_after=members["retry_after"])
    return _ERRORS[members["code"]](members["message"])


_DECODERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "tuple": lambda members: tuple(members["items"]),
    "mapping": lambda members: dict(members["items"]),
    "bytes": lambda members: base64.b64decode(members["base64"]),
    "path": lambda members: Path(members["path"]),
    "message": lambda members: message_class(members["name"]).FromString(members["value"]),
    "error": _decode_error,
}
