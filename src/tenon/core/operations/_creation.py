"""Tensors of nothing but a shape: zeros, ones, ranges, grids. NumPy makes them, and nothing is compiled for them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from types import ModuleType
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.operations._sizes import as_axis, as_integers, as_sizes
from tenon.core.operations._dynamic_range import DynamicRange
from tenon.core.operations._table import operation
from tenon.core.recording import executing_eagerly_on_arrays, kernel, run, stage
from tenon.core.tensors import Tensor, array_of, as_dtype, as_tensor

_INLINE: Final = 1 << 10
"""Elements up to which a tensor becomes a constant of the function that is traced."""

_INDICES: Final = ("uint8", "int8", "int32", "int64")
_RANGES: Final = ("int32", "int64", "float16", "bfloat16", "float32", "float64")


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


def _range(start: Any, limit: Any, delta: Any, dtype: np.dtype | None) -> Any:
    start, limit = (0, start) if limit is None else (start, limit)
    wanted = None if dtype is None else as_dtype(dtype)
    given = [array_of(value, wanted) for value in (start, limit, delta)]
    if any(isinstance(array, jax.core.Tracer) for array in given):
        return DynamicRange(*given)
    common = max([np.asarray(array).dtype for array in given], key=_rank) if dtype is None else dtype
    scalars = [
        _scalar(array, place).astype(common) for array, place in zip(given, ("start", "limit", "delta"), strict=True)
    ]
    return created(_spaced, (_steps(*scalars),), start=scalars[0], delta=scalars[2])


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
    "linspace lin_space",
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
