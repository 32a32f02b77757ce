"""Numbers at even distances: range, linspace, and the grids that coordinates make."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.operations._creation import created
from tenon.core.operations._dynamic_range import DynamicRange
from tenon.core.operations._sizes import as_axis, as_integers
from tenon.core.operations._table import operation
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, array_of, as_dtype, as_tensor, is_tensor_like, known_difference

_RANGES: Final = ("int32", "int64", "float16", "bfloat16", "float32", "float64")
"""The dtypes of ranges; of several, the one that stands last holds all."""


def _range(start: Any, limit: Any, delta: Any, dtype: np.dtype | None) -> Any:
    start, limit = (0, start) if limit is None else (start, limit)
    wanted = None if dtype is None else as_dtype(dtype)
    given = [array_of(value, None if is_tensor_like(value) else wanted) for value in (start, limit, delta)]
    common = max([array.dtype for array in given], key=_rank) if dtype is None else dtype
    if any(isinstance(array, jax.core.Tracer) for array in given):
        return _computed_range(given, common)
    scalars = [
        _scalar(array, place).astype(common) for array, place in zip(given, ("start", "limit", "delta"), strict=True)
    ]
    return created(_spaced, (_steps(*scalars),), start=scalars[0], delta=scalars[2])


def _computed_range(given: list[Any], dtype: np.dtype) -> Any:
    """Return a range with ends that are computed: a tensor if its length is known, as in ``tf.range(i, i + 3)``."""
    start, limit, delta = given
    by_ones = isinstance(delta, np.ndarray) and bool(delta == 1)
    length = known_difference(limit, start) if by_ones else None
    if length is None:
        return DynamicRange(start, limit, delta)
    return run(kernel(_counted, length=length, dtype=dtype), [start])


def _counted(start: Any, length: Any, dtype: np.dtype) -> Any:
    return jnp.arange(length, dtype=dtype) + start.astype(dtype)


def _rank(dtype: np.dtype) -> int:
    name = as_dtype(dtype).name
    if name not in _RANGES:
        raise InvalidArgumentError(f"tf.range: the dtypes are {', '.join(_RANGES)}; received {name}. Use tf.cast.")
    return _RANGES.index(name)


def _scalar(array: Any, name: str) -> Any:
    if array.ndim:
        raise InvalidArgumentError(f"tf.range: {name} must be a scalar, not shape {list(array.shape)}.")
    return np.asarray(array)[()]


def _steps(start: Any, limit: Any, delta: Any) -> int:
    if not delta:
        raise InvalidArgumentError(f"tf.range: Requires delta != 0: {delta}.")
    if (limit < start) if delta > 0 else (limit > start):
        raise InvalidArgumentError(
            f"tf.range: Requires start {'<=' if delta > 0 else '>='} limit when delta {'>' if delta > 0 else '<'} 0: "
            f"{start}/{limit}."
        )
    if np.issubdtype(start.dtype, np.integer):
        return -(-(int(limit) - int(start)) // int(delta))
    return int(np.ceil(np.abs((limit - start) / delta)))


def _spaced(xp: ModuleType, sizes: tuple[int], start: Any, delta: Any) -> Any:
    return start + xp.arange(sizes[0]).astype(delta.dtype) * delta


range = operation(  # TensorFlow's name
    "range",
    "start: value, limit: value = None, delta: value = 1, dtype: dtype = None",
    _range,
    "Returns the numbers from ``start`` (0 where only one is given) up to ``limit``, which is left out.",
    "3, 18, 3",
    differentiable=False,
    composed=True,
    result=lambda found: found.value if isinstance(found.value, DynamicRange) else found,
)


def _linspace(start: Any, stop: Any, num: Any, axis: Any) -> Any:
    (count,) = as_integers(num, "num")
    place = as_axis(axis, max(start.ndim, stop.ndim) + 1)
    if count < 0:
        raise InvalidArgumentError(f"tf.linspace: num must not be negative; received {count}.")
    if isinstance(start, np.ndarray) and isinstance(stop, np.ndarray):
        return _between(start, stop, np, count, place)
    return run(kernel(_between, xp=jnp, num=count, axis=place), [start, stop])


def _between(start: Any, stop: Any, xp: ModuleType, num: int, axis: int) -> Any:
    if np.issubdtype(start.dtype, np.integer):
        start, stop = start.astype(np.float64), stop.astype(np.float64)
    start, stop = [xp.expand_dims(end, axis) for end in xp.broadcast_arrays(start, stop)]
    if num < 2:
        return xp.concatenate([start] * num, axis) if num else start[(slice(None),) * axis + (slice(0),)]
    places = xp.arange(1, num - 1).astype(start.dtype)
    places = places.reshape([-1 if i == axis else 1 for i in np.arange(start.ndim)])
    return xp.concatenate([start, start + (stop - start) / start.dtype.type(num - 1) * places, stop], axis)


linspace = operation(
    "linspace",
    "start: T, stop: T, num, name=None, axis=0",
    _linspace,
    "Returns ``num`` numbers at even distances, both ends included, along a new axis; of float64 for integers.",
    "[0.0, 1.0], [10.0, 20.0], 5",
    composed=True,
)


def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """Return the coordinates of a grid, one tensor for each of the axes that are given, as ``tf.meshgrid``.

    Args:
        *args: tensors of one dtype; each is flattened to the coordinates along one axis.
        **kwargs: ``indexing``, ``"xy"`` (the default: the first two axes are swapped) or ``"ij"``; ``name`` is ignored.

    Raises:
        ValueError: ``indexing`` is none of the two.
        TypeError: there is another keyword.

    Example:
        >>> [grid.numpy().tolist() for grid in meshgrid([1, 2], [3, 4, 5])]
        [[[1, 2], [1, 2], [1, 2]], [[3, 3], [4, 4], [5, 5]]]
    """
    indexing = kwargs.pop("indexing", "xy")
    kwargs.pop("name", None)
    if kwargs:
        raise TypeError(f"tf.meshgrid: {next(iter(kwargs))!r} is an invalid keyword argument; the one is `indexing`.")
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Argument `indexing` parameter must be either 'xy' or 'ij', got {indexing!r}")
    arrays = [array_of(value) for value in args]
    if len({array.dtype for array in arrays}) > 1:
        raise InvalidArgumentError(
            f"tf.meshgrid: all tensors must have one dtype; received {[array.dtype.name for array in arrays]}. "
            "Use tf.cast."
        )
    return [as_tensor(grid) for grid in _grids(arrays, indexing)]


def _grids(arrays: list[Any], indexing: Any) -> Any:
    if all(isinstance(array, np.ndarray) for array in arrays):
        return np.meshgrid(*arrays, indexing=indexing)
    return run(kernel(_meshed, indexing=indexing), arrays)


def _meshed(*arrays: Any, indexing: str) -> Any:
    return jnp.meshgrid(*[array.ravel() for array in arrays], indexing=indexing)


export("meshgrid")(meshgrid)
