"""Elements put at their indices: scatter_nd and the tensor_scatter_nd family.

Where the indices are known on the host, one that is out of bounds is an error, as on TensorFlow's CPU; while a function
is traced its update is dropped, as under TensorFlow's XLA. Updates that meet at one index are all applied, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core.operations._gather import EVERY, beside_strings, check_vectors, is_string, outside, policy_of
from tenon.core.operations._sizes import as_sizes
from tenon.core.operations._table import operation
from tenon.core.operations._types import NUMBERS, REALS
from tenon.core.recording import kernel, run

_OPTIONS: Final[Mapping[str, Any]] = {"mode": "drop", "wrap_negative_indices": False}


def _divided(array: Any, key: Any, updates: Any) -> Any:
    divisor = jnp.ones_like(array).at[key].multiply(updates, **_OPTIONS)
    return lax.div(array, divisor)


_UPDATES: Final[Mapping[str, Callable[[Any, Any, Any], Any]]] = {
    "update": lambda array, key, updates: array.at[key].set(updates, **_OPTIONS),
    "add": lambda array, key, updates: array.at[key].add(updates, **_OPTIONS),
    "sub": lambda array, key, updates: array.at[key].add(-updates, **_OPTIONS),
    "mul": lambda array, key, updates: array.at[key].multiply(updates, **_OPTIONS),
    "div": _divided,
    "min": lambda array, key, updates: array.at[key].min(updates, **_OPTIONS),
    "max": lambda array, key, updates: array.at[key].max(updates, **_OPTIONS),
}
"""How an update meets what is there, by the end of the names of the operations."""


def _scattered(array: Any, indices: Any, updates: Any, how: str) -> Any:
    key = (*jnp.moveaxis(jnp.asarray(indices), -1, 0), ...)
    return _UPDATES[how](jnp.asarray(array), key, jnp.asarray(updates))


def _scattered_strings(array: np.ndarray, indices: np.ndarray, updates: np.ndarray, how: str) -> np.ndarray:
    result = array.copy()
    width = indices.shape[-1]
    for place, update in zip(indices.reshape(-1, width), updates.reshape(-1, *array.shape[width:]), strict=True):
        key = tuple(place.tolist())
        if not outside(place, np.array(array.shape[:width])).any():
            result[key] = update if how == "update" else result[key] + update
    return result


def scattered(array: Any, indices: Any, updates: Any, how: str, bad_indices_policy: str = "") -> Any:
    """Return an array with ``updates`` put at vectors of indices.

    Args:
        array: what is there before.
        indices: integers; the last dimension holds the vectors.
        updates: of the shape ``[*indices.shape[:-1], *array.shape[indices.shape[-1]:]]``.
        how: how an update meets what is there: ``update``, ``add``, ``sub``, ``mul``, ``div``, ``min`` or ``max``.
        bad_indices_policy: ``"IGNORE"`` drops updates out of bounds; else they are an error where they are known.
    """
    width = indices.shape[-1] if indices.ndim else 1
    if not indices.ndim or width > array.ndim:
        raise InvalidArgumentError(
            f"indices: must be vectors of at most {array.ndim} numbers; received a tensor of shape "
            f"{list(indices.shape)} for one of shape {list(array.shape)}."
        )
    wanted = (*indices.shape[:-1], *array.shape[width:])
    if tuple(updates.shape) != wanted:
        raise InvalidArgumentError(
            f"updates: must have the shape {list(wanted)} of indices.shape[:-1] and tensor.shape[{width}:]; received "
            f"{list(updates.shape)}."
        )
    if policy_of(bad_indices_policy) != "IGNORE":
        check_vectors(indices, array.shape, "shape", "ScatterNd")
    if is_string(array):
        return _scattered_strings(array, beside_strings(indices, "scatter_nd"), np.asarray(updates), how)
    return run(kernel(_scattered, how=how), [array, indices, updates])


def _scatter_nd_kernel(indices: Any, updates: Any, shape: tuple[int, ...]) -> Any:
    how = "max" if updates.dtype == np.bool_ else "add"
    return _scattered(jnp.zeros(shape, updates.dtype), indices, updates, how)


def _scatter_nd(indices: Any, updates: Any, shape: Any, bad_indices_policy: str) -> Any:
    sizes = as_sizes(shape)
    if is_string(updates):
        return scattered(np.full(sizes, b"", object), indices, updates, "add", bad_indices_policy)
    width = indices.shape[-1] if indices.ndim else 1
    wanted = (*indices.shape[:-1], *sizes[width:])
    if not indices.ndim or width > len(sizes) or tuple(updates.shape) != wanted:
        raise InvalidArgumentError(
            f"tf.scatter_nd: updates must have the shape of indices.shape[:-1] and shape[{width}:]; received updates "
            f"of shape {list(updates.shape)}, indices of shape {list(indices.shape)} and the shape {list(sizes)}."
        )
    if policy_of(bad_indices_policy) != "IGNORE":
        check_vectors(indices, sizes, "shape", "ScatterNd")
    return run(kernel(_scatter_nd_kernel, shape=sizes), [indices, updates])


scatter_nd = operation(
    "scatter_nd",
    'indices: index, updates: T, shape, bad_indices_policy=""',
    _scatter_nd,
    "Returns zeros of a shape with the updates added at vectors of indices.",
    "[[1], [3], [1]], [9.0, 10.0, 11.0], [5]",
    types=EVERY,
    composed=True,
)


def _tensor_scatter(array: Any, indices: Any, updates: Any, bad_indices_policy: str = "", *, how: str) -> Any:
    return scattered(array, indices, updates, how, bad_indices_policy)


def _row(how: str, names: str, summary: str, types: frozenset[str], policy: str = ', bad_indices_policy=""') -> Any:
    return operation(
        names,
        f"tensor: T, indices: index, updates: T{policy}",
        partial(_tensor_scatter, how=how),
        summary,
        "[1.0, 2.0, 3.0, 4.0], [[1], [3]], [9.0, 0.5]",
        types=types,
        composed=True,
    )


tensor_scatter_nd_update = _row(
    "update",
    "tensor_scatter_nd_update",
    "Returns the tensor with the updates in place of what is at vectors of indices.",
    EVERY,
    policy="",
)
tensor_scatter_nd_add = _row(
    "add", "tensor_scatter_nd_add", "Returns the tensor with the updates added at vectors of indices.", NUMBERS
)
tensor_scatter_nd_sub = _row(
    "sub", "tensor_scatter_nd_sub", "Returns the tensor with the updates subtracted at vectors of indices.", NUMBERS
)
tensor_scatter_nd_min = _row(
    "min", "tensor_scatter_nd_min", "Returns the smaller of tensor and updates at vectors of indices.", REALS
)
tensor_scatter_nd_max = _row(
    "max", "tensor_scatter_nd_max", "Returns the larger of tensor and updates at vectors of indices.", REALS
)
