"""The protocol's datatypes: their names and NumPy's dtypes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Final

import ml_dtypes
import numpy as np

from tenon.base import InvalidArgumentError, TensorSpec, UnimplementedError

MAX_RANK: Final = 64
"""NumPy holds no tensor of more dimensions."""

MAX_SIZE: Final = 2**63 - 1
"""Dimensions are int64 over gRPC; in JSON they may be anything, even too long to be written into an error."""

STRINGS: Final = np.dtype(object)
"""The dtype of BYTES."""

BOOLEANS: Final = np.dtype(bool)

DTYPES: Final[Mapping[str, np.dtype]] = {
    "BOOL": BOOLEANS,
    **{f"UINT{bits}": np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64)},
    **{f"INT{bits}": np.dtype(f"int{bits}") for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": np.dtype(f"float{bits}") for bits in (16, 32, 64)},
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "BYTES": STRINGS,
}
"""Every datatype of the protocol."""

NAMES: Final[Mapping[np.dtype, str]] = {dtype: name for name, dtype in DTYPES.items()}


def datatype_name(dtype: np.dtype) -> str:
    """Return the datatype of a dtype; for one that the protocol lacks, NumPy's name in capitals.

    Example:
        >>> datatype_name(np.dtype("float32")), datatype_name(np.dtype("complex64"))
        ('FP32', 'COMPLEX64')
    """
    return NAMES.get(dtype) or dtype.name.upper()


def output_datatype(name: str, dtype: np.dtype) -> str:
    """Return the datatype of an output that is to be written.

    Raises:
        UnimplementedError: the protocol has none for its dtype.
    """
    found = NAMES.get(dtype)
    if found is None:
        raise UnimplementedError(
            f"output {name!r}: the protocol has no datatype for {dtype.name}. Ask for other outputs, or use Predict."
        )
    return found


def input_dtype(name: str, datatype: str, specs: Mapping[str, TensorSpec]) -> np.dtype:
    """Return the dtype of an input, which is the signature's.

    Raises:
        InvalidArgumentError: the signature has no such input, or one of another datatype.
    """
    spec = specs.get(name)
    if spec is None:
        raise InvalidArgumentError(
            f"input {name!r}: the signature has no such input; its inputs are {sorted(specs)}. Send those."
        )
    dtype = DTYPES.get(datatype)
    if dtype is None or dtype != spec.dtype:
        raise InvalidArgumentError(
            f"input {name!r}: must have the datatype {datatype_name(spec.dtype)}; received {datatype!r}. Convert it."
        )
    return dtype


def element_count(name: str, shape: Sequence[int]) -> int:
    """Return how many elements a tensor of a shape has.

    Raises:
        InvalidArgumentError: a dimension is negative or no int64, or there are more than ``MAX_RANK``.
    """
    if len(shape) > MAX_RANK:
        raise InvalidArgumentError(
            f"input {name!r}: a shape has at most {MAX_RANK} dimensions; received {len(shape)}. Reshape it."
        )
    if shape and not 0 <= min(shape) <= max(shape) <= MAX_SIZE:
        raise InvalidArgumentError(
            f"input {name!r}: every dimension of its shape must lie in 0..{MAX_SIZE}; received {list(shape)}. "
            "Send the shape that the data has."
        )
    return prod(shape)


def reshaped(name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Give an array the shape that a request states.

    Raises:
        InvalidArgumentError: it has another number of elements, or NumPy holds no such shape.
    """
    try:
        return array.reshape(shape)
    except (ValueError, OverflowError) as error:
        raise InvalidArgumentError(
            f"input {name!r}: the shape {list(shape)} does not fit its data, {array.size} elements. Correct either."
        ) from error


def narrowed(name: str, wide: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return numbers in the dtype of their input, in which integers stay what they are and finite numbers finite.

    Raises:
        InvalidArgumentError: an element is out of range.

    Example:
        >>> narrowed("x", np.array([1.5]), np.dtype("float32")).dtype.name
        'float32'
    """
    if wide.dtype == dtype:
        return wide
    with np.errstate(over="ignore"):
        array = wide.astype(dtype)
    is_float = wide.dtype.kind == "f"
    if is_float and np.isfinite(array).all():  # the usual case, at the price of one look
        return array
    wrong = np.isinf(array) & np.isfinite(wide) if is_float else array != wide
    if wrong.any():
        raise InvalidArgumentError(
            f"input {name!r}: every element must fit {datatype_name(dtype)}; received {wide[wrong][0]}. "
            "Send another number, or use another datatype."
        )
    return array
