"""Tensors of nothing but a shape: zeros, ones, ranges, grids. NumPy makes them, and nothing is compiled for them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from types import ModuleType
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations._sizes import as_sizes
from tenon.core.operations._table import operation
from tenon.core.recording import executing_eagerly_on_arrays, kernel, run, stage

_INLINE: Final = 1 << 10
"""Elements up to which a tensor becomes a constant of the function that is traced."""


def created(make: Callable[..., Any], sizes: tuple[int, ...], **attributes: Any) -> Any:
    """Return what ``make`` makes of ``sizes`` and attributes, with NumPy where it can stay a constant.

    Args:
        make: takes ``numpy`` or ``jax.numpy`` and the rest by name.
        sizes: the shape.
        **attributes: static values.
    """
    known = all(isinstance(size, int) for size in sizes)
    if known and (prod(sizes) <= _INLINE or executing_eagerly_on_arrays()):
        return make(np, sizes=sizes, **attributes)
    return stage(kernel(make, xp=jnp, sizes=sizes, **attributes), ())


def _zeros_of(xp: ModuleType, sizes: tuple[int, ...], dtype: np.dtype) -> Any:
    return np.full(sizes, b"", object) if dtype == np.dtype(object) else xp.zeros(sizes, dtype)


def _ones_of(xp: ModuleType, sizes: tuple[int, ...], dtype: np.dtype) -> Any:
    return xp.ones(sizes, dtype)


def _checked(dtype: np.dtype) -> np.dtype:
    if dtype == np.dtype(object):
        raise TypeError("dtype: there is no 1 of dtype string; use tf.fill.")
    return dtype


def _zeros(shape: Any, dtype: np.dtype) -> Any:
    return created(_zeros_of, as_sizes(shape), dtype=dtype)


def _ones(shape: Any, dtype: np.dtype) -> Any:
    return created(_ones_of, as_sizes(shape), dtype=_checked(dtype))


def _zeros_like(array: Any, dtype: np.dtype | None) -> Any:
    return created(_zeros_of, array.shape, dtype=array.dtype if dtype is None else dtype)


def _ones_like(array: Any, dtype: np.dtype | None) -> Any:
    return created(_ones_of, array.shape, dtype=_checked(array.dtype if dtype is None else dtype))


zeros = operation(
    "zeros",
    'shape, dtype: dtype = "float32"',
    _zeros,
    "Returns a tensor of zeros (of empty strings for the dtype string).",
    "[2, 3]",
    differentiable=False,
    composed=True,
)
ones = operation(
    "ones",
    'shape, dtype: dtype = "float32"',
    _ones,
    "Returns a tensor of ones.",
    '[2, 3], "int32"',
    differentiable=False,
    composed=True,
)
zeros_like = operation(
    "zeros_like",
    "input: any, dtype: dtype = None",
    _zeros_like,
    "Returns zeros in the shape of a tensor, and of its dtype unless another is given.",
    "[1.0, 2.0]",
    differentiable=False,
    composed=True,
)
ones_like = operation(
    "ones_like",
    "input: any, dtype: dtype = None",
    _ones_like,
    "Returns ones in the shape of a tensor, and of its dtype unless another is given.",
    "[1.0, 2.0]",
    differentiable=False,
    composed=True,
)


def _filled(value: Any, shape: tuple[int, ...]) -> Any:
    return jnp.broadcast_to(jnp.reshape(value, ()), shape)


def _full(xp: ModuleType, sizes: tuple[int, ...], value: Any) -> Any:
    return xp.full(sizes, value, getattr(value, "dtype", object))


def _fill(value: Any, dims: Any) -> Any:
    sizes = as_sizes(dims, "dims")
    if value.size != 1:
        raise InvalidArgumentError(f"value: must be a scalar; received one of shape {list(value.shape)}.")
    if isinstance(value, np.ndarray):
        return created(_full, sizes, value=value.ravel()[0])
    return run(kernel(_filled, shape=sizes), [value])


fill = operation(
    "fill",
    "dims, value: any",
    _fill,
    "Returns a tensor of the shape ``dims`` with one value everywhere.",
    "[2, 3], 9.0",
    composed=True,
)


def _eye(xp: ModuleType, sizes: tuple[int, ...], dtype: np.dtype) -> Any:
    return xp.broadcast_to(xp.eye(*sizes[-2:], dtype=dtype), sizes)


def _identity_matrices(num_rows: Any, num_columns: Any, batch_shape: Any, dtype: np.dtype) -> Any:
    columns = num_rows if num_columns is None else num_columns
    batch = () if batch_shape is None else as_sizes(batch_shape, "batch_shape")
    return created(_eye, (*batch, *as_sizes([num_rows, columns], "num_rows, num_columns")), dtype=_checked(dtype))


eye = operation(
    "eye linalg.eye",
    'num_rows, num_columns=None, batch_shape=None, dtype: dtype = "float32"',
    _identity_matrices,
    "Returns identity matrices of the shape ``[*batch_shape, num_rows, num_columns]``.",
    "2, 3",
    differentiable=False,
    composed=True,
)
