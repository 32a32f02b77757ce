"""Indices and lengths as rows that show them: one_hot, sequence_mask."""

from __future__ import annotations

from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations._sizes import as_integers, as_sizes
from tenon.core.operations._table import operation
from tenon.core.recording import kernel, run
from tenon.core.tensors import array_of, as_dtype

_INDICES: Final = ("uint8", "int8", "int32", "int64")


def _one_hot(indices: Any, on: Any, off: Any, depth: int, axis: int) -> Any:
    row = jnp.arange(depth).reshape([depth if place == axis else 1 for place in np.arange(indices.ndim + 1)])
    return jnp.where(jnp.expand_dims(indices, axis) == row, on, off)


def _one_hot_of(indices: Any, depth: Any, on_value: Any, off_value: Any, axis: Any, dtype: np.dtype | None) -> Any:
    if indices.dtype.name not in _INDICES:
        raise InvalidArgumentError(
            f"tf.one_hot: indices must be of {', '.join(_INDICES)}; received {indices.dtype.name}. Use tf.cast."
        )
    (count,) = as_sizes(depth, "depth")
    place = indices.ndim if axis in (None, -1) else axis
    if not 0 <= place <= indices.ndim:
        raise InvalidArgumentError(f"axis: must be -1 or between [0, {indices.ndim + 1}); received {axis}.")
    on, off = _on_and_off(on_value, off_value, dtype)
    if on.dtype == np.dtype(object):
        return np.where(_one_hot_on_host(np.asarray(indices), count, place), on, off)
    return run(kernel(_one_hot, depth=count, axis=place), [indices, on, off])


def _one_hot_on_host(indices: np.ndarray, depth: int, axis: int) -> np.ndarray:
    return np.moveaxis(indices[..., None] == np.arange(depth), -1, axis)


def _on_and_off(on_value: Any, off_value: Any, dtype: np.dtype | None) -> tuple[Any, Any]:
    wanted = None if dtype is None else as_dtype(dtype)
    on, off = [None if value is None else array_of(value, wanted) for value in (on_value, off_value)]
    common = next((array.dtype for array in (on, off) if array is not None), dtype or np.dtype(np.float32))
    on, off = np.ones((), _counted(common, on)) if on is None else on, np.zeros((), common) if off is None else off
    if on.dtype != off.dtype:
        raise TypeError(f"dtype {on.dtype.name} of on_value does not match dtype {off.dtype.name} of off_value")
    return on, off


def _counted(dtype: np.dtype, given: Any) -> np.dtype:
    if given is None and (dtype == np.dtype(object) or dtype == np.dtype(bool)):
        raise TypeError(f"on_value: there is no 1 of dtype {as_dtype(dtype).name}; give on_value and off_value.")
    return dtype


one_hot = operation(
    "one_hot",
    "indices: any, depth, on_value: value = None, off_value: value = None, axis=None, dtype: dtype = None",
    _one_hot_of,
    "Returns vectors of length ``depth`` along a new axis: ``on_value`` at the index, ``off_value`` elsewhere.",
    "[0, 2, -1], 3",
    differentiable=False,
    composed=True,
)


def _sequence_mask(lengths: Any, maxlen: int, dtype: np.dtype) -> Any:
    return (jnp.arange(maxlen) < lengths[..., None]).astype(dtype)


def _sequence_mask_of(lengths: Any, maxlen: Any, dtype: np.dtype) -> Any:
    if isinstance(maxlen, list):
        raise ValueError(f"maxlen: must be a scalar; received {maxlen}.")
    if maxlen is None and isinstance(lengths, jax.core.Tracer):
        raise InvalidArgumentError(
            "tf.sequence_mask: without maxlen the shape depends on values that are computed in the function that is "
            "being traced, but XLA compiles for fixed shapes. Give maxlen."
        )
    longest = int(np.max(np.asarray(lengths), initial=0)) if maxlen is None else as_integers(maxlen, "maxlen")[0]
    return run(kernel(_sequence_mask, maxlen=max(longest, 0), dtype=dtype), [lengths])


sequence_mask = operation(
    "sequence_mask",
    'lengths: any, maxlen=None, dtype: dtype = "bool"',
    _sequence_mask_of,
    "Returns, for each length, a row of ``maxlen`` values of which the first ``length`` are true.",
    "[1, 3, 2], 5",
    differentiable=False,
    composed=True,
)
