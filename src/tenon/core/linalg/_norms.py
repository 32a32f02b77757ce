"""Norms of vectors and matrices."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from tenon.core.operations import INEXACT, operation
from tenon.core.tensors import Tensor

_VECTOR_AND_MATRIX = "[[3.0, 4.0], [1.0, 2.0]]"


def _norm(tensor: Any, ord: Any, axis: Any, keepdims: Any) -> Any:
    pair = isinstance(axis, list | tuple) and len(axis) == 2
    if isinstance(axis, list | tuple) and len(axis) not in (1, 2):
        raise ValueError(f"axis: must be None, an integer, or a tuple of 2 different integers; received {axis}.")
    size = _matrix_norm(tensor, ord, axis) if pair else _vector_norm(tensor, ord, axis)
    return size if keepdims else jnp.squeeze(size, axis=_as_axes(axis, tensor.ndim))


def _as_axes(axis: Any, rank: int) -> Any:
    return tuple(range(rank)) if axis is None else axis


def _vector_norm(tensor: Any, ord: Any, axis: Any) -> Any:
    if ord == "euclidean":
        return _euclidean(tensor, axis)
    if isinstance(ord, str) or ord <= 0:
        raise ValueError(f"'ord' must be a supported vector norm, got {ord}")
    magnitudes = jnp.abs(tensor)
    if ord == np.inf:
        return jnp.max(magnitudes, axis=axis, keepdims=True)
    if ord == 1:
        return jnp.sum(magnitudes, axis=axis, keepdims=True)
    if ord == 2:
        return _euclidean(tensor, axis)
    return jnp.sum(magnitudes**ord, axis=axis, keepdims=True) ** (1 / ord)


def _euclidean(tensor: Any, axis: Any) -> Any:
    return jnp.sqrt(jnp.sum(tensor * jnp.conj(tensor), axis=axis, keepdims=True))


def _matrix_norm(tensor: Any, ord: Any, axis: Any) -> Any:
    rows, columns = axis
    if ord in ("euclidean", "fro"):
        return _euclidean(tensor, (rows, columns))
    if ord not in (1, 2, np.inf):
        raise ValueError(f"'ord' must be a supported matrix norm in ['euclidean', 'fro', 1, 2, inf], got {ord}")
    if ord == 2:
        values = jnp.linalg.svd(jnp.moveaxis(tensor, (rows, columns), (-2, -1)), compute_uv=False)
        return jnp.expand_dims(jnp.max(values, axis=-1), (rows % tensor.ndim, columns % tensor.ndim))
    along, over = (rows, columns) if ord == 1 else (columns, rows)
    return jnp.max(jnp.sum(jnp.abs(tensor), axis=along, keepdims=True), axis=over, keepdims=True)


def _normalize(tensor: Any, ord: Any, axis: Any) -> tuple[Any, Any]:
    size = _norm(tensor, ord, axis, True)
    return tensor / size.astype(tensor.dtype), size


def _pair(*tensors: Tensor) -> tuple[Tensor, ...]:
    return tensors


norm = operation(
    "linalg.norm norm",
    "tensor: T, ord='euclidean', axis=None, keepdims=None",
    _norm,
    "Returns the norms of the vectors along an axis, of the matrices along two, or of all elements as one vector.",
    f"{_VECTOR_AND_MATRIX}, 1, 1",
    types=INEXACT,
)
normalize = operation(
    "linalg.normalize",
    "tensor: T, ord='euclidean', axis=None",
    _normalize,
    "Returns the tensor divided by its norms, and those, with the dimensions kept.",
    f"{_VECTOR_AND_MATRIX}, axis=1",
    types=INEXACT,
    result=_pair,
)
