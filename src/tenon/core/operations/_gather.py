"""Elements by their indices: gather, gather_nd; and ``selected``, which takes elements that the host has chosen.

Where the indices are known on the host, one that is out of bounds is an error, as on TensorFlow's CPU. While a function
is traced they are not known: an index out of bounds takes the nearest element then, as under TensorFlow's XLA.
"""

from __future__ import annotations

from math import prod
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.host_symbols import NeedsHostStepsError
from tenon.core.operations._sizes import as_axis, as_integers, as_sizes
from tenon.core.operations._table import operation
from tenon.core.operations._types import NUMERIC, STRINGS
from tenon.core.recording import active_recorders, executing_eagerly_on_arrays, kernel, run

EVERY: Final = NUMERIC | STRINGS
"""Names of every dtype."""

POLICIES: Final = ("", "DEFAULT", "ERROR", "IGNORE")
"""What may be done about indices that are out of bounds."""


def on_host(array: Any) -> np.ndarray | None:
    """Return the values of an array where that costs nothing: those of NumPy, and those in the memory of the CPU."""
    if isinstance(array, np.ndarray):
        return array
    if isinstance(array, jax.core.Tracer) or next(iter(array.devices())).platform != "cpu":
        return None
    return np.asarray(array)


def is_string(array: Any) -> bool:
    """Tell whether an array is one of strings."""
    return isinstance(array, np.ndarray) and array.dtype.hasobject


def beside_strings(array: Any, name: str) -> np.ndarray:
    """Return the values of an array that goes with strings, which live on the host.

    Raises:
        NeedsHostStepsError: the array is computed in a function that is being traced.
    """
    if isinstance(array, jax.core.Tracer):
        raise NeedsHostStepsError(
            f"tf.{name}: strings live on the host, but what goes with them is computed in the function that is being "
            "traced; use tf.py_function, or call it outside of the function."
        )
    return np.asarray(array)


def outside(indices: np.ndarray, sizes: Any) -> Any:
    """Tell of each index whether it is out of bounds."""
    return (indices < 0) | (indices >= sizes)


def _check_indices(indices: Any, size: Any, name: str) -> None:
    known = on_host(indices)
    if known is None or not isinstance(size, int) or not outside(known, size).any():
        return
    place = tuple(np.argwhere(outside(known, size))[0].tolist())
    where = f"[{','.join(map(str, place))}]" if place else ""
    raise InvalidArgumentError(f"indices{where} = {known[place]} is not in [0, {size}) [Op:{name}]")


def _gather(array: Any, indices: Any, axis: int, batch_dims: int) -> Any:
    def take(params: Any, places: Any) -> Any:
        return jnp.take(params, places, axis=axis - batch_dims, mode="clip")

    for _ in range(batch_dims):
        take = jax.vmap(take)
    return take(array, indices)


def _gather_of(array: Any, indices: Any, validate_indices: Any, axis: Any, batch_dims: Any) -> Any:
    del validate_indices
    if not array.ndim:
        raise InvalidArgumentError("tf.gather: params must be at least 1 dimensional; received a scalar.")
    (batch,) = as_integers(batch_dims, "batch_dims")
    batch = batch + indices.ndim if batch < 0 else batch
    place = as_axis(batch if axis is None else axis, array.ndim)
    if not 0 <= batch <= min(indices.ndim, place):
        raise InvalidArgumentError(
            f"tf.gather: batch_dims must be at most the rank of indices, {indices.ndim}, and at most axis, {place}; "
            f"received {batch_dims}."
        )
    if array.shape[:batch] != indices.shape[:batch]:
        raise InvalidArgumentError(
            f"tf.gather: the first {batch} sizes of params and of indices must be equal; received shapes "
            f"{list(array.shape)} and {list(indices.shape)}."
        )
    _check_indices(indices, array.shape[place], "GatherV2")
    if is_string(array):
        return _gathered_strings(array, beside_strings(indices, "gather"), place, batch)
    return run(kernel(_gather, axis=place, batch_dims=batch), [array, indices])


def _gathered_strings(array: np.ndarray, indices: np.ndarray, axis: int, batch_dims: int) -> np.ndarray:
    if not batch_dims:
        return np.asarray(array.take(indices, axis), object)
    rows = [_gathered_strings(*pair, axis - 1, batch_dims - 1) for pair in zip(array, indices, strict=True)]
    return np.stack(rows) if rows else np.empty((0, *indices.shape[1:]), object)


gather = operation(
    "gather",
    "params: T, indices: index, validate_indices=None, axis=None, batch_dims=0",
    _gather_of,
    "Returns the slices of ``params`` along ``axis`` that the indices name; the first ``batch_dims`` go in step.",
    "[[1.0, 2.0], [3.0, 4.0]], [1, 0, 1]",
    types=EVERY,
    composed=True,
)


def _batch_gather(array: Any, indices: Any) -> Any:
    return _gather_of(array, indices, None, None, indices.ndim - 1)


batch_gather = operation(
    "compat.v1.batch_gather",
    "params: T, indices: index",
    _batch_gather,
    "Returns elements by their indices along the last dimension of ``indices``; all before it are batches.",
    "[[1.0, 2.0], [3.0, 4.0]], [[1], [0]]",
    types=EVERY,
    composed=True,
)


def _gather_nd(array: Any, indices: Any, batch_dims: int, ignore: bool) -> Any:
    def take(params: Any, places: Any) -> Any:
        if not places.shape[-1]:
            return jnp.broadcast_to(params, (*places.shape[:-1], *params.shape))
        key = tuple(jnp.moveaxis(places, -1, 0))
        mode = {"mode": "fill", "fill_value": 0} if ignore else {"mode": "clip"}
        return params.at[key].get(wrap_negative_indices=False, **mode)

    for _ in range(batch_dims):
        take = jax.vmap(take)
    return take(array if hasattr(array, "at") else jnp.asarray(array), indices)


def _gather_nd_of(array: Any, indices: Any, batch_dims: Any, bad_indices_policy: str) -> Any:
    if not indices.ndim:
        raise InvalidArgumentError("tf.gather_nd: indices must be at least a vector; received a scalar.")
    (batch,) = as_integers(batch_dims, "batch_dims")
    if not 0 <= batch < indices.ndim or array.shape[:batch] != indices.shape[:batch]:
        raise InvalidArgumentError(
            f"tf.gather_nd: batch_dims must be less than the rank of indices, and the first sizes equal; received "
            f"{batch_dims} for shapes {list(array.shape)} and {list(indices.shape)}."
        )
    if indices.shape[-1] > array.ndim - batch:
        raise InvalidArgumentError(
            "tf.gather_nd: index innermost dimension length must be <= params rank; saw: "
            f"{indices.shape[-1]} vs. {array.ndim - batch}."
        )
    ignore = policy_of(bad_indices_policy) == "IGNORE"
    if not ignore:
        check_vectors(indices, array.shape[batch:], "param shape", "GatherNd")
    if is_string(array):
        return _gathered_nd_strings(array, beside_strings(indices, "gather_nd"), batch)
    return run(kernel(_gather_nd, batch_dims=batch, ignore=ignore), [array, indices])


def _gathered_nd_strings(array: np.ndarray, indices: np.ndarray, batch_dims: int) -> np.ndarray:
    if not batch_dims:
        return np.asarray(array[tuple(np.moveaxis(indices, -1, 0))], object)
    rows = [_gathered_nd_strings(*pair, batch_dims - 1) for pair in zip(array, indices, strict=True)]
    return np.stack(rows) if rows else np.empty((0, *indices.shape[1:-1]), object)


def policy_of(name: str) -> str:
    """Return what is to be done about indices that are out of bounds.

    Raises:
        InvalidArgumentError: there is no such policy.
    """
    if name not in POLICIES:
        raise InvalidArgumentError(f"bad_indices_policy: must be one of {POLICIES}; received {name!r}.")
    return name


def check_vectors(indices: Any, shape: tuple[int, ...], described: str, name: str) -> None:
    """Check that vectors of indices lie within a shape, where they are known."""
    known = on_host(indices)
    if known is None or not all(isinstance(size, int) for size in shape):
        return
    wrong = outside(known, np.array(shape[: known.shape[-1]], np.int64)).any(-1)
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        where = f"[{','.join(map(str, place))}]" if place else ""
        raise InvalidArgumentError(
            f"indices{where} = {known[place].tolist()} does not index into {described} {list(shape)} [Op:{name}]"
        )


gather_nd = operation(
    "gather_nd",
    'params: T, indices: index, batch_dims=0, name=None, bad_indices_policy=""',
    _gather_nd_of,
    "Returns the elements or slices of ``params`` that the vectors along the last dimension of ``indices`` name.",
    "[[1.0, 2.0], [3.0, 4.0]], [[0, 1], [1, 0]]",
    types=EVERY,
    composed=True,
)


def _selected(array: Any, indices: Any, axis: int, count: int) -> Any:
    return jnp.take(_merged(array, axis, count), indices, axis=axis, mode="clip")


def _merged(array: Any, axis: int, count: int) -> Any:
    shape = array.shape
    return array.reshape(*shape[:axis], prod(shape[axis : axis + count]), *shape[axis + count :])


def selected(array: Any, indices: np.ndarray, axis: int = 0, count: int = 1) -> Any:
    """Return the elements along ``axis`` that the host has chosen.

    Args:
        array: of NumPy, or one of JAX, possibly traced.
        indices: a vector of NumPy, within bounds.
        axis: the first of the dimensions that the indices count along.
        count: how many dimensions they count along, as if those were one.
    """
    known = on_host(array)
    if known is not None and (known is array or (executing_eagerly_on_arrays() and not active_recorders())):
        return np.asarray(_merged(known, axis, count).take(indices, axis), known.dtype)  # compiles nothing
    return run(kernel(_selected, axis=axis, count=count), [array, indices])


def _unravel_index(indices: Any, dims: Any) -> Any:
    sizes = as_sizes(dims, "dims")
    if indices.ndim > 1:
        raise InvalidArgumentError(
            f"tf.unravel_index: indices must be a scalar or a vector; received a tensor of shape {list(indices.shape)}."
        )
    known = on_host(indices)
    if known is not None and outside(known, prod(sizes)).any():
        raise InvalidArgumentError(
            f"tf.unravel_index: indices must be in [0, {prod(sizes)}) for dims {list(sizes)}; received "
            f"{known.tolist()}."
        )
    return run(kernel(_coordinates, dims=sizes), [indices])


def _coordinates(indices: Any, dims: tuple[int, ...]) -> Any:
    return jnp.stack([place.astype(indices.dtype) for place in jnp.unravel_index(indices, dims)])


unravel_index = operation(
    "unravel_index",
    "indices: index, dims",
    _unravel_index,
    "Returns the coordinates of flat indices in a tensor of the shape ``dims``: a row for each dimension.",
    "[2, 5, 7], [3, 3]",
    differentiable=False,
    composed=True,
)
