"""Elements by masks: ``boolean_mask``, ``where``, ``dynamic_partition`` and its inverse.

How many elements a mask selects depends on its values, and XLA compiles for fixed shapes: masks are read on the host,
and refused where they are computed in a function that is being traced.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations._conversion import number_beside
from tenon.core.operations._gather import EVERY, beside_strings, is_string, selected
from tenon.core.operations._sizes import as_axis, as_sizes
from tenon.core.operations._table import operation
from tenon.core.recording import kernel, run
from tenon.core.tensors import array_of, is_tensor_like


def is_mask(key: Any) -> bool:
    """Tell whether a key of an index expression is a mask: something of bool that is a tensor or an array."""
    if isinstance(key, bool):
        return True
    return (is_tensor_like(key) or isinstance(key, np.ndarray)) and array_of(key).dtype == np.bool_


def values_of(array: Any, name: str, purpose: str) -> np.ndarray:
    """Return the values of an array that decides about shapes.

    Raises:
        InvalidArgumentError: a function is being traced, and the array is computed in it.
    """
    if isinstance(array, jax.core.Tracer):
        raise InvalidArgumentError(
            f"{name}: {purpose} depends on values that are computed in the function that is being traced, but XLA "
            "compiles for fixed shapes. Keep the shape and use the three arguments of tf.where, or multiply by the "
            "mask; or call it outside of the function, or in tf.py_function."
        )
    return np.asarray(array)


def masked(array: Any, mask: Any, axis: int = 0) -> Any:
    """Return the elements of an array for which a mask is true, as an array."""
    chosen = values_of(array_of(mask), "tf.boolean_mask", "how many elements a mask selects").astype(bool)
    if not chosen.ndim:
        raise ValueError("tf.boolean_mask: mask cannot be scalar; give one value for each element.")
    sizes = array.shape[axis : axis + chosen.ndim]
    if sizes != chosen.shape:
        raise ValueError(f"tf.boolean_mask: Shapes {sizes} and {chosen.shape} of tensor and mask are incompatible.")
    return selected(array, np.flatnonzero(chosen), axis, chosen.ndim)


def _boolean_mask(array: Any, mask: Any, axis: Any) -> Any:
    return masked(array, mask, 0 if axis is None or not array.ndim else as_axis(axis, array.ndim))


boolean_mask = operation(
    "boolean_mask",
    "tensor: T, mask: any, axis=None",
    _boolean_mask,
    "Returns the elements for which the mask, of the shape of the dimensions from ``axis`` on, is true.",
    "[[1.0, 2.0], [3.0, 4.0]], [True, False]",
    types=EVERY,
    composed=True,
)


def _where(condition: Any, x: Any, y: Any) -> Any:
    if (x is None) != (y is None):
        raise ValueError("tf.where: x and y must both be given, or none of them.")
    if x is None:
        return _places(condition)
    if condition.dtype != np.bool_:
        raise TypeError(f"tf.where: condition must be of bool; received {condition.dtype.name}. Compare, or tf.cast.")
    if is_string(x):
        return np.where(beside_strings(condition, "where"), x, y)
    return run(_CHOICE, [condition, _kept(x), _kept(y)])


def _kept(array: Any) -> Any:
    """Return a number of Python as an array that is on the device already if it was used before."""
    is_scalar = isinstance(array, np.ndarray) and not array.ndim
    return number_beside(array.item(), array.dtype) if is_scalar else array


_CHOICE = kernel(jnp.where)


def _places(condition: Any) -> np.ndarray:
    values = values_of(condition, "tf.where", "how many places there are where a condition is true")
    if not values.ndim or is_string(values):
        raise InvalidArgumentError(
            "tf.where: condition must be numbers or truth values, and have a dimension, if x and y are not given; "
            f"received {values.tolist()!r}."
        )
    return np.argwhere(values).astype(np.int64)


where = operation(
    "where",
    "condition: any, x: T = None, y: T = None",
    _where,
    "Returns elements of ``x`` where the condition is true and of ``y`` elsewhere; without both, the true places.",
    "[True, False], [1.0, 2.0], [3.0, 4.0]",
    types=EVERY,
    composed=True,
)


def _dynamic_partition(data: Any, partitions: Any, num_partitions: Any) -> Any:
    numbers = values_of(partitions, "tf.dynamic_partition", "how many elements each part gets")
    (count,) = as_sizes(num_partitions, "num_partitions")
    if data.shape[: numbers.ndim] != numbers.shape:
        raise InvalidArgumentError(
            f"tf.dynamic_partition: data.shape must start with partitions.shape, got data.shape = {list(data.shape)}, "
            f"partitions.shape = {list(numbers.shape)}."
        )
    if ((numbers < 0) | (numbers >= count)).any():
        raise InvalidArgumentError(
            f"tf.dynamic_partition: partitions must be in [0, {count}); received {numbers.tolist()}."
        )
    flat = numbers.ravel()
    return tuple([selected(data, np.flatnonzero(flat == number), 0, numbers.ndim) for number in range(count)])


dynamic_partition = operation(
    "dynamic_partition",
    "data: T, partitions: int32, num_partitions",
    _dynamic_partition,
    "Returns a list of ``num_partitions`` tensors: the elements of ``data`` by the number that they have.",
    "[1.0, 2.0, 3.0], [0, 1, 0], 2",
    types=EVERY,
    composed=True,
)


def _end_to_end(*arrays: Any, inner: tuple[int, ...]) -> Any:
    zero = jnp.zeros((1, *inner), arrays[0].dtype)
    return jnp.concatenate([*[array.reshape(-1, *inner) for array in arrays], zero])


def _dynamic_stitch(indices: tuple[Any, ...], data: tuple[Any, ...]) -> Any:
    known = [values_of(array, "tf.dynamic_stitch", "how many elements the indices fill") for array in indices]
    inner = _inner_shape(known, data)
    places = np.concatenate([array.ravel() for array in known])
    if (places < 0).any():
        raise InvalidArgumentError(f"tf.dynamic_stitch: indices must not be negative; received {places.tolist()}.")
    sources = np.full(int(places.max(initial=-1)) + 1, len(places))  # the row behind all others is one of zeros
    sources[places] = np.arange(len(places))
    if is_string(data[0]):
        rows = np.concatenate([*[array.reshape(-1, *inner) for array in data], np.full((1, *inner), b"", object)])
        return rows[sources]
    return selected(run(kernel(_end_to_end, inner=inner), data), sources)


def _inner_shape(indices: list[np.ndarray], data: tuple[Any, ...]) -> tuple[int, ...]:
    inner: set[tuple[int, ...]] = set()
    for number, (places, array) in enumerate(zip(indices, data, strict=True)):
        if array.shape[: places.ndim] != places.shape:
            raise InvalidArgumentError(
                f"tf.dynamic_stitch: data[{number}].shape = {list(array.shape)} does not start with "
                f"indices[{number}].shape = {list(places.shape)}."
            )
        inner.add(tuple(array.shape[places.ndim :]))
    if len(inner) != 1:
        raise InvalidArgumentError(f"tf.dynamic_stitch: the elements must have one shape; received {sorted(inner)}.")
    return inner.pop()


dynamic_stitch = operation(
    "dynamic_stitch",
    "indices: [int32], data: [T]",
    _dynamic_stitch,
    "Returns the elements of several tensors, each at its index; the last one wins where an index comes twice.",
    "[[0, 2], [1]], [[1.0, 3.0], [2.0]]",
    types=EVERY,
    composed=True,
)
