"""Operations on each string by itself: length, case, parts, numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations import operation
from tenon.core.strings._arrays import choice, filled, mapped, numbered

_CONTINUATION: Final = bytes(range(0x80, 0xC0))


def _characters(value: bytes) -> int:
    return len(value.translate(None, _CONTINUATION))


_LENGTHS: Final = {"BYTE": len, "UTF8_CHAR": _characters}


def _length(strings: np.ndarray, unit: str) -> np.ndarray:
    return numbered(choice("unit", unit, _LENGTHS), strings, np.int32)


length = operation(
    "strings.length",
    "input: string, unit='BYTE'",
    _length,
    "Returns the number of bytes, or of UTF-8 characters, of each string.",
    "['a', 'h\\u00e9'], 'UTF8_CHAR'",
    host=True,
    differentiable=False,
)


def _lower_text(value: bytes) -> bytes:
    return value.decode(errors="replace").lower().encode()


def _upper_text(value: bytes) -> bytes:
    return value.decode(errors="replace").upper().encode()


def _lower(strings: np.ndarray, encoding: str) -> np.ndarray:
    return mapped(choice("encoding", encoding, {"": bytes.lower, "utf-8": _lower_text}), strings)


def _upper(strings: np.ndarray, encoding: str) -> np.ndarray:
    return mapped(choice("encoding", encoding, {"": bytes.upper, "utf-8": _upper_text}), strings)


lower = operation(
    "strings.lower",
    "input: string, encoding=''",
    _lower,
    "Returns each string in lower case: ASCII letters alone, or all with the encoding 'utf-8'.",
    "['ABC \\u00c9'], 'utf-8'",
    host=True,
    differentiable=False,
)
upper = operation(
    "strings.upper",
    "input: string, encoding=''",
    _upper,
    "Returns each string in upper case: ASCII letters alone, or all with the encoding 'utf-8'.",
    "['abc \\u00e9'], 'utf-8'",
    host=True,
    differentiable=False,
)


def _strip(strings: np.ndarray) -> np.ndarray:
    return mapped(bytes.strip, strings)


strip = operation(
    "strings.strip",
    "input: string",
    _strip,
    "Returns each string without the white space around it.",
    "[' a\\t', 'b']",
    host=True,
    differentiable=False,
)


def _substr(strings: np.ndarray, positions: np.ndarray, lengths: np.ndarray, unit: str) -> np.ndarray:
    cut = choice("unit", unit, {"BYTE": _cut, "UTF8_CHAR": _cut_text})
    if positions.shape != lengths.shape:
        raise InvalidArgumentError(
            f"pos and len should have the same shape, got: {list(positions.shape)} vs. {list(lengths.shape)}"
        )
    every = _broadcast(strings, positions, lengths)
    rows = zip(*[array.ravel().tolist() for array in every], strict=True)
    return filled([cut(index, *row) for index, row in enumerate(rows)], every[0].shape)


def _broadcast(strings: np.ndarray, *others: np.ndarray) -> Sequence[np.ndarray]:
    try:
        return np.broadcast_arrays(strings, *others)
    except ValueError as error:
        raise InvalidArgumentError(
            f"Incompatible shapes: {list(strings.shape)} vs. {list(others[0].shape)}: the strings and their positions "
            "must broadcast to one shape."
        ) from error


def _cut(index: int, value: bytes, position: int, length: int) -> bytes:
    start = _start(index, len(value), position)
    return value[start:] if length < 0 else value[start : start + length]


def _cut_text(index: int, value: bytes, position: int, length: int) -> bytes:
    text = value.decode(errors="surrogateescape")
    start = _start(index, len(text), position)
    part = text[start:] if length < 0 else text[start : start + length]
    return part.encode(errors="surrogateescape")


def _start(index: int, size: int, position: int) -> int:
    if not -size <= position <= size:
        raise InvalidArgumentError(
            f"pos {position} out of range for string at index {index}: it has {size} bytes or characters."
        )
    return position if position >= 0 else size + position


substr = operation(
    "strings.substr",
    "input: string, pos: T, len: T, unit='BYTE'",
    _substr,
    "Returns ``len`` bytes or UTF-8 characters of each string from ``pos`` on, which counts from the end below zero.",
    "['hello', 'world'], 1, 3",
    types=frozenset({"int32", "int64"}),
    host=True,
    differentiable=False,
)

_FLOAT: Final = re.compile(
    rb"[ \t\n\v\f\r]*[+-]?(?:inf(?:inity)?|nan(?:\(\w*\))?|0x(?:[\da-f]+\.?[\da-f]*|\.[\da-f]+)(?:p[+-]?\d+)?"
    rb"|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)[ \t\n\v\f\r]*",
    re.IGNORECASE,
)
_SIGNED: Final = re.compile(rb"[ \t\n\v\f\r]*[+-]?\d+[ \t\n\v\f\r]*")
_UNSIGNED: Final = re.compile(rb"[ \t\n\v\f\r]*\+?\d+[ \t\n\v\f\r]*")


def _to_float(value: bytes) -> float:
    if not _FLOAT.fullmatch(value):
        raise _no_number(value)
    text = value.decode().strip().lower().partition("(")[0]
    return float.fromhex(text) if "x" in text else float(text)


def _no_number(value: bytes) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"StringToNumberOp could not correctly convert string: {value.decode(errors='backslashreplace')}"
    )


def _to_integer(value: bytes, dtype: np.dtype) -> int:
    limits = np.iinfo(dtype)
    if not (_SIGNED if limits.min < 0 else _UNSIGNED).fullmatch(value):
        raise _no_number(value)
    number = int(value)
    if not limits.min <= number <= limits.max:
        raise _no_number(value)
    return number


_NUMBERS: Final = ("float32", "float64", "int32", "int64", "uint32", "uint64")


def parse_number(value: bytes, dtype: np.dtype) -> int | float:
    """Return the number that a string writes, as ``tf.strings.to_number`` reads it.

    Args:
        value: the string.
        dtype: a floating point or integer type.

    Raises:
        InvalidArgumentError: it writes none, or one that ``dtype`` does not hold.

    Example:
        >>> parse_number(b" 12 ", np.dtype(np.int32))
        12
    """
    return _to_float(value) if dtype.kind == "f" else _to_integer(value, dtype)


def _to_number(strings: np.ndarray, out_type: np.dtype) -> np.ndarray:
    if out_type.name not in _NUMBERS:
        raise InvalidArgumentError(f"out_type: must be one of {', '.join(_NUMBERS)}; received {out_type}.")
    wide = np.float64 if out_type.kind == "f" else out_type
    with np.errstate(over="ignore"):
        return numbered(lambda value: parse_number(value, out_type), strings, wide).astype(out_type)


to_number = operation(
    "strings.to_number",
    "input: string, out_type: dtype = tf.float32",
    _to_number,
    "Returns the number that each string writes.",
    "['1.5', ' -2 ', 'inf']",
    host=True,
    differentiable=False,
)
