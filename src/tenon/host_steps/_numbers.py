"""Between strings and numbers: text that writes numbers, and bytes that are their memory."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.formats import data_type, data_type_name

_FILLS: Final = ("", "0", " ", "-", "+")


def _filled(values: list[bytes], shape: tuple[int, ...]) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array.reshape(shape)


class _Layout(NamedTuple):
    """How values are written: what fills them up to a size, and how C's printf writes the digits of floats."""

    fill: str
    size: str
    digits: str

    def real(self, value: float) -> str:
        fill = "" if self.fill == "0" and not math.isfinite(value) else self.fill
        return f"%{fill}{self.size}{self.digits}" % value

    def complex(self, value: complex) -> str:
        return f"({self.real(value.real)},{self.real(value.imag)})"

    def integer(self, value: int) -> str:
        return f"%{self.fill}{self.size}d" % value

    def boolean(self, value: bool) -> str:
        return "true" if value else "false"

    def text(self, value: bytes) -> str:
        return value.rjust(int(self.size or 0)).decode(errors="surrogateescape")


_WRITERS: Final[dict[str, Callable[[_Layout, Any], str]]] = {
    "f": _Layout.real,
    "c": _Layout.complex,
    "i": _Layout.integer,
    "u": _Layout.integer,
    "b": _Layout.boolean,
    "O": _Layout.text,
}


def as_string(
    array: np.ndarray,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
) -> np.ndarray:
    """Return each number as text, as C's printf writes it (TensorFlow's ``AsString``).

    Args:
        array: numbers, truth values or strings.
        precision: digits behind the point; -1 for C's default.
        scientific: whether floats have an exponent.
        shortest: whether floats are written in the shorter notation.
        width: how long a text is at least; -1 for no such length.
        fill: with what it is filled up.

    Raises:
        InvalidArgumentError: the options do not go with each other or with the dtype.

    Example:
        >>> as_string(np.array([3.14159]), precision=2).tolist()
        [b'3.14']
    """
    kind = "f" if array.dtype.name == "bfloat16" else array.dtype.kind
    _check(array.dtype, kind, precision, scientific, shortest, fill)
    notation = "e" if scientific else "g" if shortest else "f"
    layout = _Layout(fill, str(width) if width > -1 else "", f".{precision}{notation}" if precision > -1 else notation)
    values = (array.astype(np.float64) if kind == "f" else array).ravel().tolist()
    texts = [_WRITERS[kind](layout, value) for value in values]
    return _filled([text.encode(errors="surrogateescape") for text in texts], array.shape)


def _check(dtype: np.dtype, kind: str, precision: int, scientific: bool, shortest: bool, fill: str) -> None:
    if len(fill) > 1:
        raise InvalidArgumentError(f"fill: Fill string must be one or fewer characters; received {fill!r}.")
    if fill not in _FILLS:
        raise InvalidArgumentError(f'fill: Fill argument not supported: "{fill}"; use one of 0, -, + and a space.')
    if scientific and shortest:
        raise InvalidArgumentError("Cannot select both scientific and shortest notation")
    if kind in "iub" and (scientific or shortest):
        raise InvalidArgumentError(f"scientific and shortest format not supported for datatype {dtype}")
    if kind in "iub" and precision > -1:
        raise InvalidArgumentError(f"precision not supported for datatype {dtype}")


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


def string_to_number(strings: np.ndarray, out_type: np.dtype) -> np.ndarray:
    """Return the number that each string writes (TensorFlow's ``StringToNumber``).

    Args:
        strings: an array of ``bytes`` objects.
        out_type: float32, float64, int32, int64, uint32 or uint64.

    Raises:
        InvalidArgumentError: a string writes no number, or one that the dtype does not hold; or it is another dtype.

    Example:
        >>> string_to_number(np.array([b"1.5"], object), np.dtype("float32")).tolist()
        [1.5]
    """
    if out_type.name not in _NUMBERS:
        raise InvalidArgumentError(f"out_type: must be one of {', '.join(_NUMBERS)}; received {out_type}.")
    wide = np.float64 if out_type.kind == "f" else out_type
    with np.errstate(over="ignore"):
        numbers = [parse_number(value, out_type) for value in strings.ravel().tolist()]
        return np.array(numbers, wide).reshape(strings.shape).astype(out_type)


_RAW: Final = frozenset(
    [
        *("bfloat16", "bool", "complex128", "complex64", "float16", "float32", "float64"),
        *("int16", "int32", "int64", "int8", "uint16", "uint8"),
    ]
)


def decode_raw(
    strings: np.ndarray, out_type: np.dtype, little_endian: bool = True, fixed_length: int | None = None
) -> np.ndarray:
    r"""Return the numbers whose bytes the strings are (TensorFlow's ``DecodeRaw`` and ``DecodePaddedRaw``).

    Args:
        strings: an array of ``bytes`` objects of one length.
        out_type: the numbers' dtype.
        little_endian: the order of their bytes.
        fixed_length: to how many bytes strings are cut or filled up with zeros; ``None`` to take them as they are.

    Returns:
        An array with one dimension more than ``strings``.

    Raises:
        InvalidArgumentError: lengths differ, or are no multiple of the size of a number.

    Example:
        >>> decode_raw(np.array([b"\x01\x02"], object), np.dtype("uint8")).tolist()
        [[1, 2]]
    """
    if out_type.name not in _RAW:
        name = data_type_name(data_type(out_type)).removeprefix("DT_").lower()
        raise InvalidArgumentError(f"out_type: {name} is not in the list of allowed values: {', '.join(sorted(_RAW))}")
    rows = strings.ravel().tolist()
    if fixed_length is not None:
        _check_length(fixed_length, out_type, "fixed_length ({}) must be a multiple of the size of out_type ({})")
        rows = [row[:fixed_length].ljust(fixed_length, b"\0") for row in rows]
    length = len(rows[0]) if rows else 0
    for place, row in enumerate(rows):
        if len(row) != length:
            raise InvalidArgumentError(
                f"DecodeRaw requires input strings to all be the same size, but element {place} has size {len(row)} != "
                f"{length}; or say fixed_length."
            )
    _check_length(
        length, out_type, "Input to DecodeRaw has length {} that is not a multiple of {}, the size of out_type"
    )
    found = np.frombuffer(b"".join(rows), out_type).reshape(*strings.shape, length // out_type.itemsize)
    return found if little_endian else found.byteswap()


def _check_length(length: int, dtype: np.dtype, template: str) -> None:
    if length % dtype.itemsize:
        raise InvalidArgumentError(template.format(length, dtype.itemsize))
