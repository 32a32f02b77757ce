"""What the arguments of random functions become, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.tensors import DType, array_of, as_dtype, constant_value, is_symbol

FLOATS: Final = ("float16", "bfloat16", "float32", "float64")
STATEFUL_NUMBERS: Final = (*FLOATS, "int32", "int64")
NUMBERS: Final = (*STATEFUL_NUMBERS[:-2], "int32", "int64", "uint32", "uint64")


def static_shape(shape: Any) -> tuple[int, ...]:
    """Return a shape as Python's integers; symbols of ``jax.export`` are left as they are.

    Raises:
        InvalidArgumentError: it is no vector of integers that are at least zero.
        TypeError: it is a tensor that has no value while a function is traced.
    """
    sizes = constant_value(shape.as_list() if hasattr(shape, "as_list") else shape)
    if not isinstance(sizes, list) or not all(map(_is_size, sizes)):
        raise InvalidArgumentError(
            f"shape: must be a vector of integers that are at least zero, int32 or int64; received {shape!r}."
        )
    return tuple(sizes)


def _is_size(size: Any) -> bool:
    return is_symbol(size) or (isinstance(size, int) and size >= 0)


def number_type(dtype: Any, allowed: Sequence[str]) -> DType:
    """Return the dtype of the numbers to draw.

    Raises:
        ValueError: there are no random numbers of this dtype.
    """
    found = as_dtype(dtype)
    if found.name not in allowed:
        names = ", ".join(f"tf.{name}" for name in allowed)
        raise ValueError(f"Argument `dtype` got invalid value {found!r}. Accepted dtypes are ({names}).")
    return found


def parameters(dtype: DType, *values: Any) -> list[Any]:
    """Return the parameters of a distribution as arrays of one dtype.

    Raises:
        TypeError: a value does not fit the dtype.
        ValueError: a tensor has another dtype.
    """
    return [array_of(value, dtype) for value in values]


def bounds(dtype: DType, minval: Any, maxval: Any) -> list[Any]:
    """Return the bounds of uniform integers, each one number.

    Raises:
        InvalidArgumentError: a bound is no scalar, or they leave no number.
    """
    arrays = parameters(dtype, minval, maxval)
    for name, array in zip(("minval", "maxval"), arrays, strict=True):
        if array.ndim:
            raise InvalidArgumentError(f"{name} must be 0-D, got shape {list(array.shape)}")
    if not any(isinstance(array, jax.core.Tracer) for array in arrays):
        low, high = (int(np.asarray(array)) for array in arrays)
        if low >= high:
            raise InvalidArgumentError(f"Need minval < maxval, got {low} >= {high}")
    return arrays


def checked_ending(shape: tuple[int, ...], arrays: Sequence[Any]) -> None:
    """Refuse a shape that does not end with the shape of the parameters together.

    Raises:
        InvalidArgumentError: it does not.
    """
    together = np.broadcast_shapes(*[array.shape for array in arrays])
    if shape[len(shape) - len(together) :] != together or len(shape) < len(together):
        raise InvalidArgumentError(
            f"Shape passed in must end with broadcasted shape; received {list(shape)} for parameters of shape "
            f"{list(together)}."
        )


def matrix_of_logits(logits: Any) -> Any:
    """Return unnormalized log-probabilities as an array of two dimensions.

    Raises:
        InvalidArgumentError: there are more or fewer.
    """
    array = array_of(logits)
    if array.ndim != 2:
        raise InvalidArgumentError(f"logits should be a matrix, got shape {list(array.shape)}")
    if array.shape[1] == 0:
        raise InvalidArgumentError(f"logits: there must be at least one class; received shape {list(array.shape)}.")
    return array
