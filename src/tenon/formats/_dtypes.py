"""One table of TensorFlow's ``DataType`` numbers, their names and NumPy's dtypes."""

from __future__ import annotations

from typing import Final

import ml_dtypes
import numpy as np
from numpy.typing import DTypeLike

from tenon.base import InvalidArgumentError

DT_STRING: Final = 7
"""The number of ``tf.string``, which NumPy holds as an array of ``bytes`` objects."""

_REF: Final = 100

_NAMES: Final = (
    *("INVALID", "FLOAT", "DOUBLE", "INT32", "UINT8", "INT16", "INT8", "STRING", "COMPLEX64", "INT64", "BOOL"),
    *("QINT8", "QUINT8", "QINT32", "BFLOAT16", "QINT16", "QUINT16", "UINT16", "COMPLEX128", "HALF", "RESOURCE"),
    *("VARIANT", "UINT32", "UINT64", "FLOAT8_E5M2", "FLOAT8_E4M3FN", "FLOAT8_E4M3FNUZ", "FLOAT8_E4M3B11FNUZ"),
    *("FLOAT8_E5M2FNUZ", "INT4", "UINT4", "INT2", "UINT2", "FLOAT4_E2M1FN"),
)
"""Every name of the enum; a name's place is its number."""

_DTYPES: Final[dict[str, np.dtype]] = {
    name: np.dtype(scalar)
    for name, scalar in {
        "FLOAT": np.float32,
        "DOUBLE": np.float64,
        "INT32": np.int32,
        "UINT8": np.uint8,
        "INT16": np.int16,
        "INT8": np.int8,
        "STRING": np.object_,
        "COMPLEX64": np.complex64,
        "INT64": np.int64,
        "BOOL": np.bool_,
        "BFLOAT16": ml_dtypes.bfloat16,
        "UINT16": np.uint16,
        "COMPLEX128": np.complex128,
        "HALF": np.float16,
        "UINT32": np.uint32,
        "UINT64": np.uint64,
        "FLOAT8_E5M2": ml_dtypes.float8_e5m2,
        "FLOAT8_E4M3FN": ml_dtypes.float8_e4m3fn,
        "FLOAT8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
        "FLOAT8_E4M3B11FNUZ": ml_dtypes.float8_e4m3b11fnuz,
        "FLOAT8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
        "INT4": ml_dtypes.int4,
        "UINT4": ml_dtypes.uint4,
        "INT2": ml_dtypes.int2,
        "UINT2": ml_dtypes.uint2,
        "FLOAT4_E2M1FN": ml_dtypes.float4_e2m1fn,
    }.items()
}
_QUANTIZED: Final = {name: _DTYPES[name[1:]] for name in ("QINT8", "QUINT8", "QINT32", "QINT16", "QUINT16")}

_BY_NAME: Final = {str(dtype): dtype for dtype in _DTYPES.values()}
_TO_NUMBER: Final = {dtype: _NAMES.index(name) for name, dtype in _DTYPES.items()}
_TO_DTYPE: Final = {
    _NAMES.index(name) + reference: dtype
    for name, dtype in {**_DTYPES, **_QUANTIZED}.items()
    for reference in (0, _REF)
}


def data_type(dtype: DTypeLike) -> int:
    """Return the ``tensorflow.DataType`` number of a dtype.

    Args:
        dtype: anything that ``numpy.dtype`` accepts, ml_dtypes' types and names included. Byte order is ignored;
            every kind of text, bytes or object is ``DT_STRING``.

    Raises:
        InvalidArgumentError: NumPy knows no such dtype, or TensorFlow has no counterpart of it.

    Example:
        >>> data_type("float32"), data_type("bfloat16"), data_type(object)
        (1, 14, 7)
    """
    resolved = _resolved(dtype)
    number = _TO_NUMBER.get(resolved)
    if number is not None:
        return number
    if resolved.kind in "SUT":
        return DT_STRING
    swapped = _TO_NUMBER.get(resolved.newbyteorder("="))
    if swapped is None:
        raise InvalidArgumentError(
            f"dtype: TensorFlow has no tensors of {resolved}; convert to one of {sorted(map(str, _TO_NUMBER))}."
        )
    return swapped


def numpy_dtype(number: int) -> np.dtype:
    """Return the NumPy dtype of a ``tensorflow.DataType`` number.

    A reference type (``DT_FLOAT_REF`` = 101) has the dtype of its base, a quantized type that of its integers, and
    ``DT_STRING`` is ``object``: arrays of ``bytes``.

    Raises:
        InvalidArgumentError: there is no such number, or its tensors are not arrays (``DT_RESOURCE``, ``DT_VARIANT``).

    Example:
        >>> numpy_dtype(1), numpy_dtype(14), numpy_dtype(101)
        (dtype('float32'), dtype(bfloat16), dtype('float32'))
    """
    dtype = _TO_DTYPE.get(number)
    if dtype is None:
        raise InvalidArgumentError(
            f"dtype: {data_type_name(number)} ({number}) has no array form; send a numeric, bool or string tensor."
        )
    return dtype


def data_type_name(number: int) -> str:
    """Return the name of a ``tensorflow.DataType`` number.

    Raises:
        InvalidArgumentError: there is no such number.

    Example:
        >>> data_type_name(1), data_type_name(101)
        ('DT_FLOAT', 'DT_FLOAT_REF')
    """
    base = number - _REF if number > _REF else number
    if not 0 <= base < len(_NAMES):
        raise InvalidArgumentError(f"dtype: {number} is not a number of tensorflow.DataType; 1 is DT_FLOAT.")
    return f"DT_{_NAMES[base]}" + ("_REF" if base != number else "")


def _resolved(dtype: DTypeLike) -> np.dtype:
    if isinstance(dtype, str) and dtype in _BY_NAME:
        return _BY_NAME[dtype]
    try:
        return np.dtype(dtype)
    except TypeError as error:
        raise InvalidArgumentError(f"dtype: NumPy knows no {dtype!r}; write a name such as 'float32'.") from error
