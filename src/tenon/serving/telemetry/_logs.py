"""Log records as JSON lines or as text, which no hostile text can forge and which hold no secrets."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tenon.base import InvalidArgumentError
from tenon.serving.telemetry._trace import current_trace_id

MAX_TEXT_CHARACTERS = 8192
"""Longer texts of a log record are cut."""

REDACTED = "[redacted]"

_MAX_DEPTH = 4
_MAX_ITEMS = 100
_KNOWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_SECRET_NAMES = re.compile(r"authori[sz]ation|cookie|token|secret|passw|api[-_]?key|credential", re.IGNORECASE)
_SECRETS = re.compile(
    r"(?i)(\b(?:proxy-)?authorization\b\W{1,5}|\bx-api-key\b\W{1,5}|\bset-cookie\b\W{1,5}|\bcookie\b\W{1,5})[^\r\n,;'\"}\])]+"
    r"|(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}"
    r"|()\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # a JSON Web Token, wherever it stands
)


def log_formatter(log_format: str) -> logging.Formatter:
    r"""Return the formatter of ``--log_format``.

    Args:
        log_format: ``json`` or ``text``.

    Raises:
        InvalidArgumentError: it is neither.

    Example:
        >>> record = logging.makeLogRecord({"msg": "one\nforged line", "levelname": "INFO", "name": "tenon"})
        >>> log_formatter("text").format(record).count("\n")
        0
    """
    if log_format not in _FORMATTERS:
        raise InvalidArgumentError(f"log_format: must be one of {sorted(_FORMATTERS)}; received {log_format!r}.")
    return _FORMATTERS[log_format]()


class JsonFormatter(logging.Formatter):
    """One JSON object a line, in ASCII.

    Keys: ``time`` (RFC 3339, UTC), ``level``, ``logger``, ``message``, ``trace_id`` (in a traced request),
    ``exception`` (its traceback), and what the caller gave as ``extra``, with ``extra.`` before a name that is taken.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, without its end."""
        line: dict[str, Any] = {
            "time": _rfc3339(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": _text(_message(record)),
        }
        if trace_id := current_trace_id.get():
            line["trace_id"] = trace_id
        if trace := _traceback(self, record):
            line["exception"] = _text(trace)
        for name, value in _extras(record).items():
            line[name if name not in line else f"extra.{name}"] = value
        return json.dumps(line)


class TextFormatter(logging.Formatter):
    """One line for people; control characters of a message are escaped, the lines of a traceback are indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record, without its end."""
        parts = [_rfc3339(record.created), record.levelname, f"{record.name}:", _one_line(_text(_message(record)))]
        parts += [f"{_one_line(name)}={_one_line(str(value))}" for name, value in _extras(record).items()]
        if trace_id := current_trace_id.get():
            parts.append(f"trace_id={trace_id}")
        lines = [" ".join(parts)]
        lines += [f"    {_one_line(line)}" for line in _text(_traceback(self, record)).splitlines()]
        return "\n".join(lines)


_FORMATTERS: dict[str, type[logging.Formatter]] = {"json": JsonFormatter, "text": TextFormatter}


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    """Return the message; a record whose arguments do not fit it is still worth its line."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError, IndexError):
        return f"{record.msg} {record.args}"


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info and record.exc_info[0] is not None:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    given = {name: value for name, value in record.__dict__.items() if name not in _KNOWN}
    return {_text(name): REDACTED if _SECRET_NAMES.search(name) else _plain(value, 0) for name, value in given.items()}


def _plain(value: Any, depth: int) -> Any:
    """Return what JSON can say of a value."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth < _MAX_DEPTH and isinstance(value, Mapping):
        return {
            _text(str(key)): REDACTED if _SECRET_NAMES.search(str(key)) else _plain(item, depth + 1)
            for key, item in list(value.items())[:_MAX_ITEMS]
        }
    if depth < _MAX_DEPTH and isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item, depth + 1) for item in list(value)[:_MAX_ITEMS]]
    return _text(str(value))


def _text(text: str) -> str:
    """Return a text that UTF-8 can write, cut, without what looks like a secret."""
    cut = text if len(text) <= MAX_TEXT_CHARACTERS else text[:MAX_TEXT_CHARACTERS] + "...TRUNCATED"
    return _SECRETS.sub(_redact, cut).encode(errors="backslashreplace").decode()


def _redact(match: re.Match[str]) -> str:
    return (match[1] or match[2] or "") + REDACTED


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
