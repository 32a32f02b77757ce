"""Tensors as bytes: little-endian, row-major, nothing in between; BYTES as lengths of four bytes and contents."""

from __future__ import annotations

from struct import Struct
from typing import Final

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.serving.inference_protocol._datatypes import BOOLEANS, STRINGS, element_count, reshaped

_LENGTH: Final = Struct("<I")
_BYTE: Final = np.dtype(np.uint8)


def read_raw(name: str, dtype: np.dtype, shape: tuple[int, ...], data: bytes | memoryview) -> np.ndarray:
    """Return the tensor that bytes stand for; numbers are not copied unless they lie unaligned.

    Args:
        name: of the input, for errors.
        dtype: of the tensor; a byte of BOOL that is not 0 counts as true.
        shape: of the tensor.
        data: its bytes.

    Raises:
        InvalidArgumentError: the shape is none, or there are more or fewer bytes than it takes.

    Example:
        >>> read_raw("x", np.dtype("int16"), (2,), bytes([1, 0, 255, 255])).tolist()
        [1, -1]
    """
    count = element_count(name, shape)
    if dtype is STRINGS:
        return reshaped(name, _read_strings(name, count, data), shape)
    if count * dtype.itemsize != len(data):
        raise InvalidArgumentError(
            f"input {name!r}: the shape {list(shape)} of {dtype.name} takes {count * dtype.itemsize} bytes; "
            f"received {len(data)}. Correct the shape or the data."
        )
    try:
        array: np.ndarray = np.ndarray(shape, _BYTE if dtype is BOOLEANS else dtype, data)
    except ValueError as error:  # sizes beside a 0 that no array can have
        raise InvalidArgumentError(f"input {name!r}: no tensor has the shape {list(shape)}. Correct it.") from error
    if dtype is BOOLEANS:
        return np.asarray(array != 0)
    return array if array.flags.aligned else array.copy()


def _read_strings(name: str, count: int, data: bytes | memoryview) -> np.ndarray:
    size, offset = len(data), 0
    if count * _LENGTH.size > size:
        raise _bad_strings(name, count, size)
    strings = np.empty(count, STRINGS)
    for index in range(count):
        start = offset + _LENGTH.size
        if start > size:
            raise _bad_strings(name, count, size)
        offset = start + _LENGTH.unpack_from(data, offset)[0]
        strings[index] = bytes(data[start:offset])
    if offset != size:
        raise _bad_strings(name, count, size)
    return strings


def _bad_strings(name: str, count: int, size: int) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"input {name!r}: its data must be {count} strings, each 4 bytes of length (little-endian) and as many bytes; "
        f"received {size} bytes that are not. Correct the shape or the data."
    )


def write_raw(array: np.ndarray) -> bytes:
    """Return the bytes of a tensor.

    Args:
        array: of any dtype that the protocol has.

    Example:
        >>> write_raw(np.array([b"ab"], object)).hex()
        '020000006162'
    """
    if array.dtype != STRINGS:
        return array.tobytes()
    pieces: list[bytes] = []
    for item in array.ravel().tolist():
        data = string_bytes(item)
        pieces += (_LENGTH.pack(len(data)), data)
    return b"".join(pieces)


def string_bytes(item: bytes | str) -> bytes:
    """Return a string's bytes; text is UTF-8.

    Example:
        >>> len(string_bytes("é"))
        2
    """
    return item.encode() if isinstance(item, str) else item
