"""Strict reading of JSON files: a table of keys per object, and errors that name the file and the place."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from tenon.base import InvalidArgumentError

Reader = Callable[[Any, str], Any]
"""Turn a JSON value into what the program wants; the second argument is the place, for messages."""


def load_json(content: bytes, source: str) -> Any:
    """Parse JSON, without NaN, infinities and keys that stand twice in one object.

    Raises:
        InvalidArgumentError: it is no such JSON; the message begins with ``source``.
    """
    try:
        return json.loads(content, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"{source}: must be JSON: {error}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice in one object")
    return made


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def read_object(
    value: Any, place: str, readers: Mapping[str, Reader], required: Collection[str] = ()
) -> dict[str, Any]:
    """Read an object key by key.

    Args:
        value: what stands there.
        place: where, for messages.
        readers: a reader for every key that may be there.
        required: the keys that must be there.

    Returns:
        What the readers made of the keys that are there.

    Raises:
        InvalidArgumentError: it is no object, a key is unknown or missing, or a reader refused its value.
    """
    if not isinstance(value, dict):
        raise _refused(place, "an object", value)
    for key in value:
        if key not in readers:
            raise InvalidArgumentError(f"{place}: there is no key {key!r}; the keys are {sorted(readers)}.")
    for key in required:
        if key not in value:
            raise InvalidArgumentError(f"{place}: the key {key!r} is missing; received {sorted(value)}.")
    return {key: readers[key](item, f"{place}.{key}") for key, item in value.items()}


def text(value: Any, place: str) -> str:
    """Read a string that is not empty."""
    if not isinstance(value, str) or not value:
        raise _refused(place, "a text that is not empty", value)
    return value


def flag(value: Any, place: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise _refused(place, "true or false", value)
    return value


def whole(value: Any, place: str) -> int:
    """Read a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refused(place, "a whole number", value)
    return value


def number(value: Any, place: str) -> float:
    """Read a finite number."""
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 1e300 or math.isnan(value):
        raise _refused(place, "a number", value)
    return float(value)


def timestamp(value: Any, place: str) -> datetime:
    """Read a time with a zone, as RFC 3339 writes it."""
    try:
        read = datetime.fromisoformat(value)
        read.timestamp()
    except (TypeError, ValueError, OverflowError) as error:
        raise _refused(place, "a time such as 2027-01-31T12:00:00Z", value) from error
    if read.tzinfo is None:
        raise _refused(place, "a time with a zone, such as 2027-01-31T12:00:00Z", value)
    return read


def optional(reader: Reader) -> Reader:
    """Return a reader that takes null, too."""
    return lambda value, place: None if value is None else reader(value, place)


def items(reader: Reader) -> Reader:
    """Return a reader of lists, each item of which ``reader`` reads."""

    def read(value: Any, place: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise _refused(place, "a list", value)
        return tuple(reader(item, f"{place}[{index}]") for index, item in enumerate(value))

    return read


texts = items(text)
"""Read a list of strings."""


def _refused(place: str, rule: str, value: Any) -> InvalidArgumentError:
    shown = json.dumps(value)
    return InvalidArgumentError(
        f"{place}: must be {rule}; received {shown if len(shown) <= 100 else shown[:97] + '...'}."
    )
