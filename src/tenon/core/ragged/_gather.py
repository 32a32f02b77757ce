"""Rows and elements of ragged tensors by their indices and by masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import NAMES, export
from tenon.core.operations import Operation, gather, shape, size
from tenon.core.ragged._joining import axis_of
from tenon.core.ragged._partition import RowPartition, host_integers
from tenon.core.ragged._rows import as_ragged, as_values, rank_of, taken
from tenon.core.ragged._tensor import RaggedTensor, handles
from tenon.core.tensors import array_of, as_dtype, as_tensor, constant_value, int32


@handles("gather")
def _gather(_: Operation, arguments: Mapping[str, Any]) -> Any:
    params, indices = as_values(arguments["params"]), arguments["indices"]
    batch = constant_value(arguments["batch_dims"])
    batch = batch + rank_of(indices) if batch < 0 else batch
    axis = batch if arguments["axis"] is None else axis_of(arguments["axis"], rank_of(params))
    return gathered(params, indices, axis, batch)


def gathered(params: Any, indices: Any, axis: int, batch_dims: int) -> Any:
    """Return the slices of ``params`` that indices name, where one of both is ragged.

    Raises:
        ValueError: the axis is ragged.
        InvalidArgumentError: an index is out of bounds, or batches differ.
    """
    if batch_dims:
        return _batched(params, indices, axis, batch_dims)
    if axis:
        return _inside(params, indices, axis)
    if isinstance(indices, RaggedTensor):
        return indices.with_values(gathered(params, indices.values, 0, 0))
    if not isinstance(params, RaggedTensor):
        return gather(params, indices)
    places = host_integers(indices, "indices")
    count = params.partition.count
    if places.size and not (places.min() >= 0 and places.max() < count):
        wrong = places[(places < 0) | (places >= count)].flat[0]
        raise InvalidArgumentError(f"indices: {wrong} is not in [0, {count}) [Op:RaggedGather]")
    return _shaped(taken(params, places.ravel()), places.shape)


def _shaped(rows: Any, sizes: tuple[int, ...]) -> Any:
    """Return rows in the shape that the indices had which named them."""
    if not sizes:
        return rows[0]
    found = rows
    for place in range(len(sizes) - 1, 0, -1):
        count = int(np.prod(sizes[:place]))
        splits = np.arange(count + 1, dtype=np.int64) * sizes[place]
        found = RaggedTensor(found, RowPartition(splits))
    return found


def _inside(params: Any, indices: Any, axis: int) -> Any:
    if not isinstance(params, RaggedTensor):
        raise ValueError(f"tf.gather: ragged indices need axis=0; received {axis}.")
    if axis > 1:
        return params.with_values(_inside(params.values, indices, axis - 1))
    count = params.partition.count
    found = array_of(indices)
    rows = RowPartition.of_equal_rows(len(found), count)
    each = as_ragged(as_tensor(np.tile(host_integers(indices, "indices"), (count, 1))), 1)
    picked = _batched(params, each, 1, 1)
    return (
        as_values(picked.to_tensor())
        if not isinstance(picked.values, RaggedTensor)
        else RaggedTensor(picked.values, rows)
    )


def _batched(params: Any, indices: Any, axis: int, batch_dims: int) -> Any:
    if axis != batch_dims:
        raise ValueError(f"tf.gather: with ragged tensors axis must be batch_dims, {batch_dims}; received {axis}.")
    source, chosen = as_ragged(params, batch_dims), as_ragged(indices, batch_dims)
    if source.partition.count != chosen.partition.count:
        raise InvalidArgumentError("tf.gather: params and indices differ in the number of batches.")
    if batch_dims > 1:
        return chosen.with_values(_batched(source.values, chosen.values, axis - 1, batch_dims - 1))
    inner = chosen.values
    flat = host_integers(inner.flat_values if isinstance(inner, RaggedTensor) else inner, "indices")
    rows = _batch_of_each(chosen)
    lengths = source.partition.lengths[rows].reshape(-1, *[1] * (flat.ndim - 1))
    if flat.size and not ((flat >= 0) & (flat < lengths)).all():
        raise InvalidArgumentError(f"indices: out of the bounds of its row; received {indices!r}. [Op:RaggedGather]")
    moved = as_tensor(flat + source.partition.starts[rows].reshape(lengths.shape))
    inside = inner.with_flat_values(moved) if isinstance(inner, RaggedTensor) else moved
    return chosen.with_values(gathered(source.values, inside, 0, 0))


def _batch_of_each(ragged: RaggedTensor) -> np.ndarray:
    rows = ragged.partition.row_ids
    for partition in ragged.partitions[1:]:
        rows = rows[partition.row_ids]
    return rows


@handles("gather_nd")
def _gather_nd(_: Operation, arguments: Mapping[str, Any]) -> Any:
    params, indices = arguments["params"], arguments["indices"]
    if constant_value(arguments["batch_dims"]) or not isinstance(params, RaggedTensor):
        raise ValueError("tf.gather_nd: with ragged tensors batch_dims must be 0, and the indices a tensor.")
    if isinstance(indices, RaggedTensor):
        return indices.with_values(NAMES["gather_nd"](params, indices.values))
    places = host_integers(indices, "indices")
    vectors = places.reshape(-1, places.shape[-1])
    found: Any = params
    rows = np.zeros(len(vectors), np.int64)
    for place, column in enumerate(vectors.T):
        if not isinstance(found, RaggedTensor):
            raise ValueError("tf.gather_nd: the indices go further in than the ragged dimensions; use to_tensor().")
        if place:
            _check(column, found.partition.lengths[rows])
            found, rows = found.values, found.partition.starts[rows] + column
        else:
            _check(column, found.partition.count)
            rows = column
    return _shaped(taken(found, rows), places.shape[:-1])


def _check(places: np.ndarray, bounds: Any) -> None:
    if not ((places >= 0) & (places < bounds)).all():
        raise InvalidArgumentError(f"indices: out of bounds; received {places.tolist()}. [Op:GatherNd]")


@export("ragged.boolean_mask")
def boolean_mask(data: Any, mask: Any, name: str | None = None) -> Any:
    """Return the elements for which a mask is true, in the rows that they are in, ``tf.ragged.boolean_mask``.

    Args:
        data: a tensor or ragged tensor.
        mask: of bool, of the shape of the first dimensions of ``data``; a tensor or ragged tensor.
        name: ignored.

    Raises:
        ValueError: the mask is a scalar, or its rows are others than those of ``data``.

    Example:
        >>> boolean_mask([[1, 2, 3], [4, 5, 6]], [[True, False, True], [False, True, False]])
        <tf.RaggedTensor [[1, 3], [5]]>
    """
    del name
    found = as_values(mask)
    rank = rank_of(found)
    if not rank:
        raise ValueError("mask cannot be scalar.")
    return _masked(as_ragged(data, rank - 1) if rank > 1 else as_values(data), as_ragged(found, rank - 1))


def _masked(data: Any, mask: Any) -> Any:
    if not isinstance(mask, RaggedTensor):
        chosen = np.asarray(array_of(mask), bool)
        if len(chosen) != data.shape[0]:
            raise ValueError(f"mask: must have the shape of data; received {chosen.shape} and {data.shape}.")
        return taken(data, np.flatnonzero(chosen))
    if not data.partition.same_rows(mask.partition):
        raise ValueError("mask: must have the rows of data; received others.")
    if isinstance(mask.values, RaggedTensor):
        return data.with_values(_masked(data.values, mask.values))
    kept = np.asarray(array_of(mask.values), bool)
    before = np.concatenate([[0], np.cumsum(kept)])
    splits = before[data.partition.splits].astype(data.partition.splits.dtype)
    return RaggedTensor(_masked(data.values, mask.values), RowPartition(splits))


@handles("boolean_mask")
def _boolean_mask(_: Operation, arguments: Mapping[str, Any]) -> Any:
    if arguments["axis"] not in (None, 0):
        raise ValueError("tf.boolean_mask: with ragged tensors the axis must be 0.")
    return boolean_mask(arguments["tensor"], arguments["mask"])


@handles("size")
def _size(_: Operation, arguments: Mapping[str, Any]) -> Any:
    return size(arguments["input"].flat_values, out_type=arguments["out_type"])


@handles("rank")
def _rank(_: Operation, arguments: Mapping[str, Any]) -> Any:
    return as_tensor(np.asarray(rank_of(arguments["input"]), int32.dtype))


@handles("shape")
def _shape(_: Operation, arguments: Mapping[str, Any]) -> Any:
    ragged = arguments["input"]
    if None not in ragged.shape.as_list():
        return shape(ragged.to_tensor(), out_type=as_dtype(arguments["out_type"]))
    raise ValueError(
        f"tf.shape: the rows of a ragged tensor have no one length; received shape {ragged.shape}. Use "
        "bounding_shape(), row_lengths() or nrows()."
    )


@handles("dynamic_partition")
def _dynamic_partition(_: Operation, arguments: Mapping[str, Any]) -> Any:
    places = host_integers(arguments["partitions"], "partitions")
    count = constant_value(arguments["num_partitions"])
    return [taken(as_values(arguments["data"]), np.flatnonzero(places == number)) for number in range(count)]


@handles("math.bincount")
def _bincount(_: Operation, arguments: Mapping[str, Any]) -> Any:
    if arguments["axis"] not in (None, 0):
        raise ValueError("tf.math.bincount: counts of each row of a ragged tensor are not supported; use tf.sparse.")
    flat = {name: x.flat_values if isinstance(x, RaggedTensor) else x for name, x in arguments.items()}
    return NAMES["math.bincount"](**flat)


@handles("linalg.matmul")
def _matmul(_: Operation, arguments: Mapping[str, Any]) -> Any:
    a, b = (x.to_tensor() if isinstance(x, RaggedTensor) else x for x in (arguments["a"], arguments["b"]))
    if any([isinstance(x, RaggedTensor) and not _is_uniform(x) for x in (arguments["a"], arguments["b"])]):
        raise ValueError("tf.matmul: the rows of ragged matrices must have one length; use to_tensor().")
    return NAMES["linalg.matmul"](a, b, **{k: v for k, v in arguments.items() if k not in ("a", "b")})


def _is_uniform(ragged: RaggedTensor) -> bool:
    return all([len(set(partition.lengths.tolist())) <= 1 for partition in ragged.partitions])
