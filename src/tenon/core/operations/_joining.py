"""Many tensors to one and one to many: concat, stack, split, unstack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations._sizes import as_axis, as_integers
from tenon.core.operations._table import operation
from tenon.core.recording import kernel, run


def _concatenate(*arrays: Any, axis: int) -> Any:
    return jnp.concatenate(arrays, axis)


def _concat(values: Any, axis: Any) -> Any:
    if not isinstance(values, tuple):
        return values
    if not values:
        raise InvalidArgumentError("tf.concat: values must hold at least one tensor; received an empty list.")
    _check_ranks(values)
    place = as_axis(axis, values[0].ndim)
    _check_sizes(values, place)
    return joined(np.concatenate, kernel(_concatenate, axis=place), values, place)


def joined(on_host: Any, on_device: Any, arrays: Sequence[Any], axis: int) -> Any:
    """Join arrays on the host where all of them are there already: strings, and values of Python and NumPy."""
    if all(isinstance(array, np.ndarray) for array in arrays):
        return on_host(arrays, axis)
    return run(on_device, arrays)


def _check_ranks(arrays: Sequence[Any]) -> None:
    ranks = {array.ndim for array in arrays}
    if len(ranks) > 1 or 0 in ranks:
        raise InvalidArgumentError(
            "tf.concat: all tensors must have one rank, and at least 1; received shapes "
            f"{[list(array.shape) for array in arrays]}. Use tf.stack to put scalars together."
        )


def _check_sizes(arrays: Sequence[Any], axis: int) -> None:
    if len({(*array.shape[:axis], *array.shape[axis + 1 :]) for array in arrays}) > 1:
        raise InvalidArgumentError(
            f"tf.concat: all sizes but the one along axis {axis} must be equal; received shapes "
            f"{[list(array.shape) for array in arrays]}."
        )


concat = operation(
    "concat",
    "values: [T], axis",
    _concat,
    "Returns the tensors one behind the other along an axis that they have.",
    "[[[1.0, 2.0]], [[3.0, 4.0]]], 1",
    strings=_concat,
    composed=True,
)


def _stacked(*arrays: Any, axis: int) -> Any:
    return jnp.stack(arrays, axis)


def _stack(values: Any, axis: Any) -> Any:
    arrays = values if isinstance(values, tuple) else _unstacked(values, 0)
    if not arrays:
        return np.zeros(0, np.float32)
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1:
        raise InvalidArgumentError(f"tf.stack: Shapes of all inputs must match: {[list(a.shape) for a in arrays]}.")
    place = as_axis(axis, arrays[0].ndim + 1)
    if place == 0 and not isinstance(values, tuple):
        return values
    return joined(np.stack, kernel(_stacked, axis=place), arrays, place)


stack = operation(
    "stack",
    "values: [T], axis=0",
    _stack,
    "Returns tensors of one shape side by side along a new axis.",
    "[[1.0, 2.0], [3.0, 4.0]], 1",
    strings=_stack,
    composed=True,
)


def _parallel_stack(values: Any) -> Any:
    return _stack(values, 0)


parallel_stack = operation(
    "parallel_stack",
    "values: [T]",
    _parallel_stack,
    "Returns tensors of one shape side by side along a new first axis.",
    "[[1.0, 2.0], [3.0, 4.0]]",
    strings=_parallel_stack,
    composed=True,
)


def _unstacked(array: Any, axis: int) -> Any:
    if isinstance(array, np.ndarray):
        return tuple([np.asarray(item, array.dtype) for item in np.moveaxis(array, axis, 0)])
    return run(kernel(_unstack_kernel, axis=axis), [array])


def _unstack_kernel(array: Any, axis: int) -> Any:
    return tuple(jnp.unstack(array, axis=axis))


def _unstack(array: Any, num: Any, axis: Any) -> Any:
    if not array.ndim:
        raise ValueError("tf.unstack: value must have a dimension to unstack; received a scalar.")
    place = as_axis(axis, array.ndim)
    if num is not None and num != array.shape[place]:
        raise InvalidArgumentError(
            f"tf.unstack: Input shape axis {place} must equal {num}, got shape {list(array.shape)}."
        )
    return _unstacked(array, place)


unstack = operation(
    "unstack",
    "value: T, num=None, axis=0",
    _unstack,
    "Returns a list of the slices along an axis, without that axis.",
    "[[1.0, 2.0], [3.0, 4.0]], axis=1",
    strings=_unstack,
    composed=True,
)


def _pieces(array: Any, ends: tuple[int, ...], axis: int) -> Any:
    return tuple(jnp.split(array, ends, axis))


def _split(array: Any, num_or_size_splits: Any, axis: Any, num: Any) -> Any:
    if not array.ndim:
        raise InvalidArgumentError("tf.split: value must have at least one dimension; received a scalar.")
    place = as_axis(axis, array.ndim)
    length = array.shape[place]
    given = as_integers(num_or_size_splits, "num_or_size_splits")
    sizes = _explicit(given, length) if isinstance(num_or_size_splits, list | tuple) else _even(given[0], length)
    if num is not None and num != len(sizes):
        raise ValueError(f"tf.split: num must be the number of pieces, {len(sizes)}; received {num}.")
    ends = tuple(np.cumsum(sizes)[:-1].tolist())
    if isinstance(array, np.ndarray):
        return tuple(np.split(array, ends, place))
    return run(kernel(_pieces, ends=ends, axis=place), [array])


def _even(count: int, length: int) -> tuple[int, ...]:
    if count < 1 or length % count:
        raise InvalidArgumentError(
            f"tf.split: Number of ways to split should evenly divide the split dimension, but got a dimension of "
            f"{length} and num_split {count}."
        )
    return (length // count,) * count


def _explicit(sizes: tuple[int, ...], length: int) -> tuple[int, ...]:
    rest = length - sum([size for size in sizes if size != -1])
    holes = sizes.count(-1)
    if not sizes or holes > 1 or any(size < -1 for size in sizes) or (rest < 0 if holes else rest):
        raise InvalidArgumentError(
            f"tf.split: the sizes must add up to the {length} elements along the axis, and one of them may be -1; "
            f"received {list(sizes)}."
        )
    return tuple([rest if size == -1 else size for size in sizes])


split = operation(
    "split",
    "value: T, num_or_size_splits, axis=0, num=None",
    _split,
    "Returns a list of pieces along an axis: so many equal ones, or of the sizes that are given.",
    "[1.0, 2.0, 3.0, 4.0], [1, -1]",
    strings=_split,
    composed=True,
)
