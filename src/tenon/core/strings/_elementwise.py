"""Operations on each string by itself: length, case, parts, numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.host_symbols import HostRecorder
from tenon.core.operations import operation
from tenon.core.strings._arrays import choice, filled, mapped, numbered
from tenon.host_steps import string_to_number

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


def _to_number_step(recorder: HostRecorder, strings: Any, out_type: np.dtype) -> Any:
    string_to_number(np.empty(0, object), out_type)  # checks the dtype
    (made,) = recorder.step("StringToNumber", [strings], {"out_type": np.dtype(out_type)})
    return recorder.numbers(strings, made, strings.shape, np.dtype(out_type))


to_number = operation(
    "strings.to_number",
    "input: string, out_type: dtype = tf.float32",
    string_to_number,
    "Returns the number that each string writes.",
    "['1.5', ' -2 ', 'inf']",
    host=True,
    differentiable=False,
    step=_to_number_step,
)
