"""The outputs of a signature to the JSON body of a ``:predict`` answer."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import orjson

from tenon.base import InvalidArgumentError
from tenon.serving.json_tensors._decode import PredictForm

_BYTES_SUFFIX = "_bytes"
_NUMBERS = frozenset(
    np.dtype(name)
    for name in ("float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32", "uint64", "bool")
)
_STRING_OR_NULL = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|null')


def encode_outputs(form: PredictForm, outputs: Mapping[str, np.ndarray]) -> bytes:
    """Write outputs as TensorFlow Serving does.

    One output stands alone; several make an object each (``COLUMNAR``) or an object per row (``ROW``). Floats have a
    point or an exponent and as few digits as their dtype needs; NaN and infinities are the bare tokens NaN, Infinity
    and -Infinity. Bytes of an output whose name ends in ``_bytes`` become ``{"b64": ...}``, other strings are text.

    Args:
        form: the form of the request.
        outputs: at least one array by name, of a dtype that JSON carries.

    Returns:
        UTF-8 text of one object with the key ``predictions`` or ``outputs``.

    Raises:
        InvalidArgumentError: ``ROW`` with an output of rank 0 or with different first dimensions; a dtype without a
            JSON form; text that is not UTF-8.

    Example:
        >>> encode_outputs(PredictForm.ROW, {"y": np.float32([[0.1, 2], [np.inf, -4]])})
        b'{"predictions":[[0.1,2.0],[Infinity,-4.0]]}'
    """
    if len(outputs) == 1:
        (array,) = outputs.values()
        if array.ndim and array.dtype in _NUMBERS and array.flags.c_contiguous:  # the usual answer, at full speed
            text = orjson.dumps({form.response_key: array}, option=orjson.OPT_SERIALIZE_NUMPY)
            return text if b"null" not in text else restore_constants(text, outputs.values())
    if form is PredictForm.ROW:
        _check_batch(outputs)
    columns = {name: _column(name, array) for name, array in outputs.items()}
    text = orjson.dumps({form.response_key: _arrange(form, columns)}, option=orjson.OPT_SERIALIZE_NUMPY)
    return text if b"null" not in text else restore_constants(text, _in_written_order(form, outputs))


def _check_batch(outputs: Mapping[str, np.ndarray]) -> None:
    batch: int | None = None
    for name, array in outputs.items():
        if array.ndim == 0:
            raise InvalidArgumentError(
                f"Tensor name: {name} has no shape information: it is a scalar, which no row can hold. "
                "Ask with 'inputs' instead of 'instances'."
            )
        if batch not in (None, array.shape[0]):
            raise InvalidArgumentError(
                f"Tensor name: {name} has inconsistent batch size: {array.shape[0]} expecting: {batch}. "
                "Ask with 'inputs' instead of 'instances'."
            )
        batch = array.shape[0]


def _column(name: str, array: np.ndarray) -> Any:
    """Return an output as something that orjson writes and that has one item a row."""
    if array.dtype in _NUMBERS:
        return np.ascontiguousarray(array) if array.ndim else array[()]
    if array.dtype.kind != "O":
        raise InvalidArgumentError(
            f"Failed to write JSON value for tensor type: {array.dtype.name} (output {name!r}). Use gRPC."
        )
    return _strings(name, array)


def _strings(name: str, array: np.ndarray) -> Any:
    write = _base64 if name.endswith(_BYTES_SUFFIX) else _text
    texts = np.empty(array.size, object)
    try:
        texts[:] = [write(item) for item in array.ravel()]
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(
            f"output {name!r} must be UTF-8 text to be written to JSON; received {error.object[:32]!r}. "
            f"Name the output {name + _BYTES_SUFFIX!r} to have it in base64, or use gRPC."
        ) from error
    return texts.reshape(array.shape).tolist()


def _base64(item: bytes | str) -> dict[str, str]:
    data = item.encode() if isinstance(item, str) else item
    return {"b64": base64.b64encode(data).decode()}


def _text(item: bytes | str) -> str:
    return item if isinstance(item, str) else item.decode()


def _arrange(form: PredictForm, columns: dict[str, Any]) -> Any:
    if len(columns) == 1:
        return next(iter(columns.values()))
    if form is PredictForm.COLUMNAR:
        return columns
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _in_written_order(form: PredictForm, outputs: Mapping[str, np.ndarray]) -> Iterable[np.ndarray]:
    """Return arrays that hold the floats in the order in which they were written."""
    if form is not PredictForm.ROW:
        return outputs.values()
    floats = [array for array in outputs.values() if array.dtype.kind == "f"]
    return [np.concatenate([array.reshape(len(array), -1).astype(np.float64) for array in floats], axis=1)]


def restore_constants(text: bytes, arrays: Iterable[np.ndarray]) -> bytes:
    """Write NaN and infinities where orjson wrote null; they stand in the text in the order of the values.

    Args:
        text: JSON in which nothing else is null.
        arrays: what was written, in that order; other dtypes than NumPy's floats do not count.

    Example:
        >>> restore_constants(b'["null",[1.0,null]]', [np.array([1, np.inf])])
        b'["null",[1.0,Infinity]]'
    """
    constants = _constants(arrays)
    return _STRING_OR_NULL.sub(lambda match: next(constants) if match[0] == b"null" else match[0], text)


def _constants(arrays: Iterable[np.ndarray]) -> Iterator[bytes]:
    for array in arrays:
        if array.dtype.kind == "f":
            for value in array[~np.isfinite(array)].tolist():
                yield b"NaN" if value != value else b"Infinity" if value > 0 else b"-Infinity"
