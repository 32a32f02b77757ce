"""Numbers of images: integers up to the largest of their type, floating point numbers from 0 to 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations import REALS, operation
from tenon.core.tensors import as_dtype


def _is_float(dtype: Any) -> bool:
    return bool(jnp.issubdtype(dtype, np.floating))


def _largest(dtype: Any) -> int:
    return int(as_dtype(dtype).max)


def converted(image: Any, dtype: Any, saturate: bool = False) -> Any:
    """Return an image in another type, its numbers scaled to the new type's range.

    Args:
        image: an array of integers or floating point numbers.
        dtype: NumPy's dtype.
        saturate: whether numbers out of the new range become its ends; else they wrap around, as in a cast.
    """
    if image.dtype == dtype:
        return image
    if _is_float(image.dtype):
        return image.astype(dtype) if _is_float(dtype) else _to_integers(image, dtype, saturate)
    if _is_float(dtype):
        return image.astype(dtype) * np.asarray(1 / _largest(image.dtype), dtype)
    return _between_integers(image, dtype, saturate)


def _to_integers(image: Any, dtype: Any, saturate: bool) -> Any:
    scale = _largest(dtype) + 0.5
    overflows = scale > float(as_dtype(image.dtype).max)
    return _cast((image.astype(np.float32) if overflows else image) * scale, dtype, saturate)


def _between_integers(image: Any, dtype: Any, saturate: bool) -> Any:
    have, want = _largest(image.dtype), _largest(dtype)
    if have > want:
        return _cast(image // ((have + 1) // (want + 1)), dtype, saturate)
    return _cast(image, dtype, saturate) * np.asarray((want + 1) // (have + 1), dtype)


def _cast(values: Any, dtype: Any, saturate: bool) -> Any:
    if saturate:
        (low, high), (least, most) = as_dtype(dtype).limits, as_dtype(values.dtype).limits
        values = jnp.clip(values, max(low, least), min(high, most))
    return values.astype(dtype)


def in_floats(function: Callable[..., Any], saturate: bool = True) -> Callable[..., Any]:
    """Return a function of images of any type, of one of floating point images.

    Args:
        function: takes a floating point image first, and returns one.
        saturate: whether results out of range become the ends of the image's type.
    """

    def adapted(image: Any, *others: Any, **attributes: Any) -> Any:
        floats = image if _is_float(image.dtype) else converted(image, np.dtype(np.float32))
        return converted(function(floats, *others, **attributes), image.dtype, saturate)

    return adapted


def _convert_image_dtype(image: Any, dtype: Any, saturate: bool) -> Any:
    if dtype.name not in REALS:
        raise InvalidArgumentError(f"dtype: an image is of integers or floating point numbers; received {dtype.name}.")
    return converted(image, dtype, bool(saturate))


convert_image_dtype = operation(
    "image.convert_image_dtype",
    "image: T, dtype: dtype, saturate=False",
    _convert_image_dtype,
    "Returns an image in another type, its numbers scaled: the largest integer of a type is 1.0.",
    "[[[0.0], [0.5]]], tf.uint8",
    types=REALS,
)
