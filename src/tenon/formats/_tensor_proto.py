"""Arrays to ``tensorflow.TensorProto`` and back: the conversion at the gRPC edge and inside graphs.

Both directions work on bytes, not on Python numbers, wherever the wire holds fixed-width values: a message is parsed
from a cached head (dtype, shape, tag) and the array's own bytes.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from tenon.base import InvalidArgumentError
from tenon.formats._dtypes import DT_STRING, data_type, numpy_dtype
from tenon.formats._protos import message_class
from tenon.formats._varint import encode_varint

_TensorProto: Final = message_class("tensorflow.TensorProto")
_FIELDS: Final = _TensorProto.DESCRIPTOR.fields_by_name
_LENGTH_DELIMITED: Final = 2
_MAX_MESSAGE: Final = 2**31 - 2**16
_MAX_RANK: Final = 64
_SMALL: Final = 48

_FIXED_WIDTH: Final = {1: "float_val", 2: "double_val", 8: "scomplex_val", 18: "dcomplex_val", 10: "bool_val"}
"""Lists whose packed bytes are the array's bytes."""

_VARINT: Final = {
    **dict.fromkeys((3, 4, 5, 6, 11, 12, 13, 15, 16, 17, 29, 30, 31, 32), "int_val"),
    **dict.fromkeys((14, 19), "half_val"),
    9: "int64_val",
    22: "uint32_val",
    23: "uint64_val",
}
"""Lists of integers; ``half_val`` holds bit patterns."""

_VARINT_FIELDS: Final = frozenset(_VARINT.values())

_ENCODED: Final = {
    **_FIXED_WIDTH,
    **_VARINT,
    **dict.fromkeys((24, 25, 33), "float8_val"),
    **dict.fromkeys((26, 27, 28), "tensor_content"),
}
"""The field that we write; TensorFlow keeps no list for the three ``fnuz`` types."""

_DECODED: Final = {
    number + reference: field
    for number, field in {**_ENCODED, **dict.fromkeys((26, 27, 28), "float8_val"), DT_STRING: "string_val"}.items()
    for reference in (0, 100)
}
"""The list that we read when there is no ``tensor_content``."""


def make_tensor_proto(array: ArrayLike, *, as_tensor_content: bool = False) -> Any:
    """Convert an array to a ``tensorflow.TensorProto``.

    Args:
        array: anything that ``numpy.asarray`` accepts, of a dtype that TensorFlow has. Text becomes UTF-8.
        as_tensor_content: put the raw little-endian bytes into ``tensor_content`` instead of the typed list
            (``float_val`` and so on): fastest to read for integers. Strings are always in ``string_val``.

    Returns:
        The message; it shares no memory with ``array``.

    Raises:
        InvalidArgumentError: TensorFlow has no such dtype, a string tensor holds something else than text or bytes,
            or the message would pass protobuf's 2 GiB.

    Example:
        >>> list(make_tensor_proto(np.float32([1.5, 2])).float_val)
        [1.5, 2.0]
    """
    values = np.asarray(array)
    number = data_type(values.dtype)
    if number == DT_STRING:
        return _string_proto(values)
    _check_bytes(values)
    field = "tensor_content" if as_tensor_content else _ENCODED[number]
    if field in _VARINT_FIELDS:
        return _varint_proto(values, number, field)
    return _TensorProto.FromString(_encoded(values, number, field))


def encode_tensor_proto(array: ArrayLike, *, as_tensor_content: bool = False) -> bytes:
    """Return the bytes of ``make_tensor_proto``'s message, for fixed-width values without making the message.

    Args:
        array: see ``make_tensor_proto``.
        as_tensor_content: see there.

    Raises:
        InvalidArgumentError: see there.

    Example:
        >>> encode_tensor_proto(np.float32([1.5])) == make_tensor_proto(np.float32([1.5])).SerializeToString()
        True
    """
    values = np.asarray(array)
    number = data_type(values.dtype)
    field = "tensor_content" if as_tensor_content else _ENCODED.get(number)
    if number == DT_STRING or field is None or field in _VARINT_FIELDS:
        return bytes(make_tensor_proto(values, as_tensor_content=as_tensor_content).SerializeToString())
    _check_bytes(values)
    return _encoded(values, number, field)


def _check_bytes(values: np.ndarray) -> None:
    if values.nbytes > _MAX_MESSAGE:
        raise InvalidArgumentError(
            f"array: a message holds at most {_MAX_MESSAGE} bytes; received {values.nbytes}. Split it, or use a file."
        )


def _encoded(values: np.ndarray, number: int, field: str) -> bytes:
    content = _little_endian(values).tobytes()
    return _head(number, values.shape, field, len(content)) + content


def make_ndarray(proto: Any, *, max_bytes: int = 2**30) -> np.ndarray:
    """Convert a ``tensorflow.TensorProto`` to an array.

    Fewer values than elements means that the last one repeats, none at all means zeros or empty strings, as in
    TensorFlow. Nothing is allocated before the message has been checked, so it may come from a stranger.

    Args:
        proto: the message.
        max_bytes: the largest array that a message shorter than its shape may grow to. A message that spells out
            every element is not limited.

    Returns:
        A C-contiguous array, perhaps read-only; strings are an object array of ``bytes``.

    Raises:
        InvalidArgumentError: the rank is unknown or above 64, a dimension is negative, the dtype is a resource, a
            variant or no dtype, there are too many values or bytes for the shape, a value does not fit the dtype, or
            the array would pass ``max_bytes``.

    Example:
        >>> make_ndarray(make_tensor_proto(np.float32([[1], [2]])))
        array([[1.],
               [2.]], dtype=float32)
    """
    dtype = numpy_dtype(proto.dtype)
    shape = _shape(proto.tensor_shape)
    content = proto.tensor_content
    if content:
        return _from_content(content, dtype, shape)
    values = _listed_values(proto, dtype)
    count = math.prod(shape)
    if len(values) != count:
        values = _repeated(values, count, shape, max_bytes)
    return _reshaped(values, shape)


def _string_proto(values: np.ndarray) -> Any:
    proto = _TensorProto.FromString(_head(DT_STRING, values.shape, "", 0))
    proto.string_val.extend([encode_string(value) for value in values.ravel().tolist()])
    return proto


def encode_string(value: Any) -> bytes:
    """Return an element of a string tensor as bytes; text becomes UTF-8.

    Raises:
        InvalidArgumentError: it is neither text nor bytes.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    raise InvalidArgumentError(
        f"array: an object array is a string tensor and holds str or bytes; received {type(value).__name__} "
        f"{value!r}. Give the array a numeric dtype."
    )


def _varint_proto(values: np.ndarray, number: int, field: str) -> Any:
    proto = _TensorProto.FromString(_head(number, values.shape, "", 0))
    getattr(proto, field).extend(_integers(values, field).ravel().tolist())
    return proto


def _integers(values: np.ndarray, field: str) -> np.ndarray:
    if field == "half_val":
        return np.ascontiguousarray(_little_endian(values)).view(np.uint16)
    return values if values.dtype.isbuiltin == 1 else values.astype(np.int64)


def _little_endian(values: np.ndarray) -> np.ndarray:
    swap = values.dtype.byteorder == (">" if sys.byteorder == "little" else "=")
    return values.astype(values.dtype.newbyteorder("<")) if swap else values


@lru_cache(maxsize=1024)
def _head(number: int, shape: tuple[int, ...], field: str, length: int) -> bytes:
    """Return the message up to the bytes of ``field``: dtype, shape, and the field's tag and length."""
    proto = _TensorProto(dtype=number)
    proto.tensor_shape.SetInParent()
    for size in shape:
        proto.tensor_shape.dim.add(size=size)
    head = proto.SerializeToString()
    if length:
        head += encode_varint(_FIELDS[field].number << 3 | _LENGTH_DELIMITED) + encode_varint(length)
    return bytes(head)


def _shape(proto: Any) -> tuple[int, ...]:
    if proto.unknown_rank:
        raise InvalidArgumentError("tensor_shape: a tensor's rank must be known; received unknown_rank. Send its dims.")
    if len(proto.dim) > _MAX_RANK:
        raise InvalidArgumentError(f"tensor_shape: the rank must be at most {_MAX_RANK}; received {len(proto.dim)}.")
    shape = tuple([dim.size for dim in proto.dim])
    if shape and min(shape) < 0:
        raise InvalidArgumentError(f"tensor_shape: every size must be at least 0; received {list(shape)}.")
    return shape


def _from_content(content: bytes, dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    if dtype.hasobject:
        raise InvalidArgumentError("tensor_content: a string tensor has its elements in string_val; received bytes.")
    expected = math.prod(shape) * dtype.itemsize
    if len(content) != expected:
        raise InvalidArgumentError(
            f"tensor_content: shape {list(shape)} of {dtype} needs {expected} bytes; received {len(content)}."
        )
    return _reshaped(np.frombuffer(content, dtype), shape)


def _listed_values(proto: Any, dtype: np.dtype) -> np.ndarray:
    field = _DECODED[proto.dtype]
    values = getattr(proto, field)
    if field == "float8_val":
        return np.frombuffer(values, dtype)
    if field == "string_val":
        return _object_array(values)
    if dtype.kind == "c":
        return _complex(values, dtype)
    if field == "half_val":
        return _narrowed(_array(values, np.dtype(np.int32)), np.dtype(np.uint16), field).view(dtype)
    if field == "int_val":
        return _narrowed(_array(values, np.dtype(np.int32)), dtype, field)
    return _array(values, dtype)


def _array(values: Sequence[Any], dtype: np.dtype) -> np.ndarray:
    """Copy a repeated field; iterating is faster for a few values, protobuf's own ``__array__`` for many."""
    count = len(values)
    return np.fromiter(values, dtype, count) if count < _SMALL else np.array(values, dtype)


def _object_array(values: Sequence[bytes]) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def _complex(values: Sequence[float], dtype: np.dtype) -> np.ndarray:
    if len(values) % 2:
        raise InvalidArgumentError(
            f"{dtype}: complex values are pairs of a real and an imaginary part; received {len(values)} numbers."
        )
    return _array(values, np.dtype(np.float32 if dtype == np.complex64 else np.float64)).view(dtype)


def _narrowed(values: np.ndarray, dtype: np.dtype, field: str) -> np.ndarray:
    narrow = values.astype(dtype)
    if dtype.itemsize < values.itemsize and not np.array_equal(narrow.astype(values.dtype), values):
        raise InvalidArgumentError(f"{field}: every value must fit {dtype}; received up to {np.abs(values).max()}.")
    return narrow


def _repeated(values: np.ndarray, count: int, shape: tuple[int, ...], max_bytes: int) -> np.ndarray:
    if len(values) > count:
        raise InvalidArgumentError(
            f"tensor_shape: shape {list(shape)} has {count} elements; received {len(values)} values."
        )
    if count * values.itemsize > max_bytes:
        raise InvalidArgumentError(
            f"tensor_shape: shape {list(shape)} of {values.dtype} with {len(values)} values would grow to "
            f"{count * values.itemsize} bytes; at most {max_bytes} are allowed. Send every element."
        )
    if not len(values):
        return np.full(count, b"", object) if values.dtype.hasobject else np.zeros(count, values.dtype)
    whole = np.full(count, values[-1], values.dtype)
    whole[: len(values)] = values
    return whole


def _reshaped(values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    try:
        return values.reshape(shape)
    except ValueError as error:
        raise InvalidArgumentError(
            f"tensor_shape: NumPy cannot index a shape of 2**63 bytes; received {list(shape)}."
        ) from error
