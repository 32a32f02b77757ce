"""Arrays as JSON, as TensorFlow Serving reads and writes them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import orjson

from tenon.base import InvalidArgumentError, Shape, UnimplementedError, UnknownError
from tenon.serving.client._errors import StaleMetadataError
from tenon.serving.client._signatures import TensorInfo, integers_kept

_NUMBERS: Final = frozenset(
    np.dtype(name)
    for name in ("float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")
)


def to_json(value: Any) -> bytes:
    """Write nested dicts, lists and arrays as JSON; floats have as few digits as their dtype needs.

    NaN and infinities are the tokens ``NaN``, ``Infinity`` and ``-Infinity``; bytes are ``{"b64": ...}``, text is
    text.

    Args:
        value: dicts with text as keys, lists, tuples, arrays, and what JSON has.

    Raises:
        UnimplementedError: a dtype has no JSON form, such as bfloat16 and complex64.
        InvalidArgumentError: an array holds something else than numbers, text and bytes.

    Example:
        >>> to_json({"x": np.float32([[0.1, np.nan]]), "name": np.array([b"a", "b"], object)})
        b'{"x":[[0.1,NaN]],"name":[{"b64":"YQ=="},"b"]}'
    """
    plain, finite = _plain(value)
    if finite:
        return orjson.dumps(plain, option=orjson.OPT_SERIALIZE_NUMPY)
    return json.dumps(plain, default=_listed, separators=(",", ":")).encode()


def _plain(value: Any) -> tuple[Any, bool]:
    """Return the value in what orjson can write, and whether it holds no NaN and no infinity."""
    if isinstance(value, Mapping):
        pairs = {str(key): _plain(item) for key, item in value.items()}
        return {key: item for key, (item, _) in pairs.items()}, all([finite for _, finite in pairs.values()])
    if isinstance(value, (list, tuple)):
        items = [_plain(item) for item in value]
        return [item for item, _ in items], all([finite for _, finite in items])
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain_array(np.asarray(value))
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}, True
    return value, not isinstance(value, float) or bool(np.isfinite(value))


def _plain_array(array: np.ndarray) -> tuple[Any, bool]:
    native_dtype = array.dtype.newbyteorder("=") if array.dtype.kind in "iufb" else array.dtype
    if native_dtype in _NUMBERS:
        native = array.astype(native_dtype, copy=False)
        finite = native.dtype.kind != "f" or bool(np.isfinite(native).all())
        return (np.ascontiguousarray(native) if native.ndim else native[()]), finite
    if array.dtype.kind in "OSU":
        return _plain(array.tolist() if array.dtype.kind != "O" else _texts(array))
    raise UnimplementedError(f"dtype: JSON has no form for {array.dtype.name}. Use gRPC: grpc://HOST:8500.")


def _texts(array: np.ndarray) -> Any:
    for item in array.flat:
        if not isinstance(item, (str, bytes)):
            raise InvalidArgumentError(
                f"array: an object array holds str or bytes; received {type(item).__name__} {item!r:.100}. "
                "Rows of a tensor have equal lengths."
            )
    return array.tolist()


def _listed(value: Any) -> Any:
    """Give the standard library's encoder, which knows NaN, what it does not know."""
    array = np.asarray(value)
    if array.dtype == np.float32:
        array = array.astype(str).astype(np.float64)  # as few digits as float32 needs
    return array.tolist()


def from_json(content: bytes) -> Any:
    """Read JSON in which ``NaN``, ``Infinity`` and ``-Infinity`` are numbers; ``{"b64": ...}`` become bytes.

    Args:
        content: the text, in UTF-8.

    Raises:
        InvalidArgumentError: it is no JSON.

    Example:
        >>> from_json(b'[NaN, {"b64": "YQ=="}]')
        [nan, b'a']
    """
    return _bytes(_parsed(content)) if b'"b64"' in content else _parsed(content)


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as first:
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise InvalidArgumentError(f"JSON: the text cannot be read: {first}.") from error


def _bytes(value: Any) -> Any:
    if isinstance(value, list):
        return [_bytes(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != {"b64"} or not isinstance(value["b64"], str):
        return {key: _bytes(item) for key, item in value.items()}
    try:
        return base64.b64decode(value["b64"], validate=True)
    except binascii.Error as error:
        raise InvalidArgumentError(f"JSON: 'b64' must be base64; received {value['b64']!r:.100}.") from error


def array_of(name: str, value: Any, info: TensorInfo) -> np.ndarray:
    """Return an output that came as JSON as an array of its signature's dtype.

    Raises:
        StaleMetadataError: it has another kind of values or another rank.
    """
    if info.dtype is None:
        raise UnknownError(f"output {name!r}: the server's metadata do not tell its dtype. Use gRPC.")
    try:
        array = np.asarray(_encoded(value), object) if info.dtype.hasobject else _numbers(value, info.dtype)
        return _shaped(array, info.shape)
    except (ValueError, TypeError, OverflowError) as error:
        refusal = UnknownError(
            f"output {name!r}: the server's answer must be a tensor like {info}; it is not: {error}."
        )
        raise StaleMetadataError(refusal) from error


def _shaped(array: np.ndarray, shape: Shape | None) -> np.ndarray:
    if shape is None or array.ndim == len(shape):
        return array
    if array.size == 0 and array.ndim < len(shape):  # JSON does not tell the sizes of what is not there
        return array.reshape([*array.shape, *[size or 0 for size in shape[array.ndim :]]])
    raise ValueError(f"its rank is {array.ndim}")


def _numbers(value: Any, dtype: np.dtype) -> np.ndarray:
    found = integers_kept(value)
    if found.size == 0 or (dtype.kind in "iu" and found.dtype.kind in "iuO"):
        return np.array(value, dtype)
    known = found.dtype.kind in "iuf" if dtype.kind != "b" else found.dtype.kind == "b"
    if not known or not np.can_cast(found.dtype, dtype, "same_kind"):
        raise ValueError(f"it holds {found.dtype}")
    return found.astype(dtype)


def _encoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return value
    raise ValueError(f"it holds {type(value).__name__}")
