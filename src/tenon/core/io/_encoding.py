"""Bytes that hold numbers, other bytes, or tensors."""

from __future__ import annotations

import base64
import binascii
import gzip
import zlib
from typing import Any, Final

import numpy as np
from google.protobuf.message import DecodeError

from tenon.base import DataLossError, InvalidArgumentError
from tenon.core.host_symbols import HostRecorder
from tenon.core.operations import operation
from tenon.core.tensors import as_dtype
from tenon.formats import data_type_name, make_ndarray, make_tensor_proto, message_class
from tenon.host_steps import decode_raw as numbers_of_bytes


def _mapped(function: Any, strings: np.ndarray) -> np.ndarray:
    array = np.empty(strings.size, object)
    array[:] = [function(value) for value in strings.ravel().tolist()]
    return array.reshape(strings.shape)


def _decode_raw_step(
    recorder: HostRecorder, strings: Any, out_type: np.dtype, little_endian: bool, fixed_length: int | None
) -> Any:
    dtype = np.dtype(out_type)
    numbers_of_bytes(np.empty(0, object), dtype, little_endian, fixed_length)  # checks the attributes
    attributes = {"out_type": dtype, "little_endian": bool(little_endian)}
    if fixed_length is None:
        (made,) = recorder.step("DecodeRaw", [strings], attributes)
        size = recorder.new_size(strings.shape)
    else:
        (made,) = recorder.step("DecodePaddedRaw", [strings, np.array(fixed_length, np.int32)], attributes)
        size = fixed_length // dtype.itemsize
    return recorder.numbers(strings, made, (*strings.shape, size), dtype)


decode_raw = operation(
    "io.decode_raw",
    "input_bytes: string, out_type: dtype, little_endian=True, fixed_length=None",
    numbers_of_bytes,
    "Returns the numbers whose bytes the strings are.",
    r"[b'\x01\x02', b'\x03\x04'], tf.int16",
    host=True,
    differentiable=False,
    step=_decode_raw_step,
)


def _encode_base64(strings: np.ndarray, pad: bool) -> np.ndarray:
    def encode(value: bytes) -> bytes:
        encoded = base64.urlsafe_b64encode(value)
        return encoded if pad else encoded.rstrip(b"=")

    return _mapped(encode, strings)


encode_base64 = operation(
    "io.encode_base64",
    "input: string, pad=False",
    _encode_base64,
    "Returns the strings in the base64 that is safe in names and addresses.",
    "['hello']",
    host=True,
    differentiable=False,
)


def _base64_bytes(value: bytes) -> bytes:
    bare = value.rstrip(b"=")
    if len(bare) % 4 == 1:
        raise InvalidArgumentError("Base64 string length cannot be 1 modulo 4.")
    if len(value) > len(bare) and len(value) % 4:
        raise InvalidArgumentError("Invalid character found in base64: padding that is not needed.")
    try:
        return base64.b64decode(bare + b"=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise InvalidArgumentError(f"Invalid character found in base64. {error}") from error


def _decode_base64(strings: np.ndarray) -> np.ndarray:
    for value in strings.ravel().tolist():
        if b"+" in value or b"/" in value:
            raise InvalidArgumentError("Invalid character found in base64: it uses - and _ for + and /.")
    return _mapped(_base64_bytes, strings)


decode_base64 = operation(
    "io.decode_base64",
    "input: string",
    _decode_base64,
    "Returns the strings that were written in the base64 that is safe in names and addresses.",
    "['aGVsbG8']",
    host=True,
    differentiable=False,
)

_DECOMPRESS: Final = {"": bytes, "ZLIB": zlib.decompress, "GZIP": gzip.decompress}


def _decode_compressed(strings: np.ndarray, compression_type: str) -> np.ndarray:
    if compression_type not in _DECOMPRESS:
        raise InvalidArgumentError(
            f"compression_type: Only ZLIB, GZIP or NONE are supported compressions; received {compression_type!r}."
        )
    try:
        return _mapped(_DECOMPRESS[compression_type], strings)
    except (zlib.error, OSError, EOFError) as error:
        raise DataLossError(f"inflate() failed with error: {error}; the bytes are no {compression_type}.") from error


decode_compressed = operation(
    "io.decode_compressed",
    "bytes: string, compression_type=''",
    _decode_compressed,
    "Returns the strings decompressed.",
    "['abc']",
    host=True,
    differentiable=False,
)


def _serialize_tensor(array: np.ndarray) -> np.ndarray:
    is_text = array.dtype.kind == "O"
    proto = make_tensor_proto(array, as_tensor_content=not is_text)
    return np.array(proto.SerializeToString(deterministic=True), object)


serialize_tensor = operation(
    "io.serialize_tensor",
    "tensor: any",
    _serialize_tensor,
    "Returns a tensor as the bytes of a ``tensorflow.TensorProto``.",
    "[1, 2]",
    host=True,
    differentiable=False,
)


def _parse_tensor(strings: np.ndarray, out_type: np.dtype) -> np.ndarray:
    if strings.ndim:
        raise InvalidArgumentError(f"Expected `serialized` to be a scalar, got shape: {list(strings.shape)}")
    try:
        proto = message_class("tensorflow.TensorProto").FromString(strings.item())
    except DecodeError as error:
        raise InvalidArgumentError(f"Cannot parse tensor from proto: {error}") from error
    wanted = as_dtype(out_type)
    if proto.dtype != wanted.as_datatype_enum:
        named = data_type_name(proto.dtype).removeprefix("DT_").lower() if proto.dtype else "none"
        raise InvalidArgumentError(f"Type mismatch between parsed tensor ({named}) and dtype ({wanted.name})")
    return np.asarray(make_ndarray(proto))


parse_tensor = operation(
    "io.parse_tensor",
    "serialized: string, out_type: dtype",
    _parse_tensor,
    "Returns the tensor that the bytes of a ``tensorflow.TensorProto`` hold.",
    r"b'\x08\x03\x12\x04\x12\x02\x08\x02\"\x08\x01\x00\x00\x00\x02\x00\x00\x00', tf.int32",
    host=True,
    differentiable=False,
)
