"""JSON text of a request body to Python values, as tolerant as TensorFlow Serving's parser (rapidjson)."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

import orjson

from tenon.base import InvalidArgumentError

_DECODER = json.JSONDecoder()
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False)
# A string runs to its closing quote or to the end of the text, so that one pass over any text stays linear.
_CONSTANT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|-?NaN|-?Inf(?:inity)?', re.DOTALL)
_SPELLED_OUT = {"-NaN": "NaN", "Inf": "Infinity", "-Inf": "-Infinity"}
_ODD_CONSTANT = re.compile(r"-NaN|Inf(?!inity)")
_DEBUG_CHARACTERS = 256


def parse_json(body: bytes) -> Any:
    """Parse the first JSON value of a request body.

    Accepts what rapidjson accepts with the flags of TensorFlow Serving: the bare tokens NaN, Infinity, -Infinity, Inf
    and -Inf, numbers above the double range (infinity), and anything after the first value, which is ignored.

    Args:
        body: UTF-8 text.

    Returns:
        The value, as ``json.loads`` would give it.

    Raises:
        InvalidArgumentError: the text is empty, not UTF-8, not JSON or nested some 1000 levels deep; the message
            starts with "JSON Parse error: " and ends with the offset in bytes (of the whole value, where no better
            one is known).

    Example:
        >>> parse_json(b'{"instances": [1, -Inf]} and the rest')
        {'instances': [1, -inf]}
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _parse_tolerantly(body)


def _parse_tolerantly(body: bytes) -> Any:
    text = _decode_utf8(body)
    if _ODD_CONSTANT.search(text):
        text = _CONSTANT.sub(lambda match: _SPELLED_OUT.get(match[0], match[0]), text)
    start = len(text) - len(text.lstrip(" \t\r\n"))
    if start == len(text):
        raise InvalidArgumentError("JSON Parse error: The document is empty at offset: 0. Send a JSON object.")
    try:
        document = _DECODER.raw_decode(text, start)[0]
        if "\\u" in text:
            _ENCODER.encode(document).encode()  # proves that no half of a surrogate pair came in
        return document
    except json.JSONDecodeError as error:
        _refuse(error.msg, text, error.pos, error)
    except UnicodeEncodeError as error:
        _refuse("The surrogate pair in string is invalid", text, start, error)
    except RecursionError as error:
        _refuse("The values are nested too deep", text, start, error)
    except ValueError as error:  # an integer of more than 4300 digits
        _refuse("A number has too many digits", text, start, error)


def _decode_utf8(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(
            f"JSON Parse error: Invalid encoding in string at offset: {error.start}. Send UTF-8."
        ) from error


def _refuse(reason: str, text: str, position: int, error: Exception) -> NoReturn:
    offset = len(text[:position].encode())
    raise InvalidArgumentError(f"JSON Parse error: {reason} at offset: {offset}. Send one JSON object.") from error


def debug_json(value: Any) -> str:
    """Return the start of a parsed value's JSON text, at most 256 characters, for messages.

    Example:
        >>> debug_json({"a": [1, True, None]})
        '{"a": [1, true, null]}'
    """
    pieces: list[str] = []
    room = _DEBUG_CHARACTERS
    for piece in _ENCODER.iterencode(value):
        pieces.append(piece[:room])
        room -= len(piece)
        if room < 0:
            return "".join(pieces) + "..."
    return "".join(pieces)


_TYPE_NAMES = {dict: "Object", list: "Array", str: "String", int: "Number", float: "Number", type(None): "Null"}


def json_type_name(value: Any) -> str:
    """Name a parsed value's JSON type as TensorFlow Serving does.

    Example:
        >>> [json_type_name(value) for value in (None, True, 1.5, "a")]
        ['Null', 'True', 'Number', 'String']
    """
    return str(value) if isinstance(value, bool) else _TYPE_NAMES[type(value)]
