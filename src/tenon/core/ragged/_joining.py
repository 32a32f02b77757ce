"""Ragged tensors joined, taken apart, repeated and turned around."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import NAMES, export
from tenon.core.operations import Operation
from tenon.core.ragged._indexing import get_item
from tenon.core.ragged._partition import RowPartition, host_integers, ranges
from tenon.core.ragged._rows import alike, as_ragged, as_values, joined, rank_of, taken
from tenon.core.ragged._tensor import RaggedTensor, handles, method
from tenon.core.tensors import constant_value


def axis_of(axis: Any, rank: int) -> int:
    """Return an axis counted from the front.

    Raises:
        ValueError: there is no such axis.
    """
    number = constant_value(axis)
    if not -rank <= number < rank:
        raise ValueError(f"axis={number} out of bounds: expected {-rank}<=axis<{rank}")
    return int(number) % rank


@handles("concat")
def _concat(_: Operation, arguments: Mapping[str, Any]) -> Any:
    return concatenated(arguments["values"], arguments["axis"])


def concatenated(values: Any, axis: Any) -> Any:
    """Return tensors, of which some are ragged, one after the other along an axis.

    Raises:
        InvalidArgumentError: their numbers of rows, or the rows of dimensions before the axis, differ.
    """
    if isinstance(values, RaggedTensor) or len(values) == 1:
        return values if isinstance(values, RaggedTensor) else values[0]
    place = axis_of(axis, rank_of(values[0]))
    found = alike(values)
    deepest = max(place, found[0].ragged_rank if isinstance(found[0], RaggedTensor) else 0)
    return _along([as_ragged(value, min(deepest, rank_of(value) - 1)) for value in found], place)


def _along(values: Sequence[Any], axis: int) -> Any:
    if axis == 0:
        return joined(values)
    counts = {value.partition.count for value in values}
    if len(counts) > 1:
        raise InvalidArgumentError(f"Input tensors have incompatible shapes: numbers of rows {sorted(counts)} differ.")
    if axis == 1:
        return _side_by_side(values)
    if any([not values[0].partition.same_rows(value.partition) for value in values]):
        raise InvalidArgumentError(f"Input tensors have incompatible shapes: rows before the axis {axis} differ.")
    return values[0].with_values(_along([value.values for value in values], axis - 1))


def _side_by_side(values: Sequence[Any]) -> RaggedTensor:
    count, many = values[0].partition.count, len(values)
    order = np.arange(many * count).reshape(many, count).T.ravel()
    mixed = taken(joined(values), order)
    uniform = [value.partition.uniform for value in values]
    length = None if None in uniform else sum(uniform)
    return RaggedTensor(mixed.values, RowPartition(mixed.partition.splits[::many], length))


@handles("expand_dims")
def _expand_dims(_: Operation, arguments: Mapping[str, Any]) -> Any:
    rank = rank_of(arguments["input"])
    return expand_dims(arguments["input"], axis_of(arguments["axis"], rank + 1))


def expand_dims(value: Any, axis: int) -> Any:
    """Return a tensor with a dimension of size 1 more."""
    if not isinstance(value, RaggedTensor):
        return NAMES["expand_dims"](value, axis)
    dtype = value.partition.splits.dtype.type
    if axis == 0:
        return RaggedTensor(value, RowPartition.of_equal_rows(value.partition.count, 1, dtype))
    if axis == 1:
        return RaggedTensor(value, RowPartition.of_equal_rows(1, value.partition.count, dtype))
    return value.with_values(expand_dims(value.values, axis - 1))


@handles("stack")
def _stack(_: Operation, arguments: Mapping[str, Any]) -> Any:
    return stacked(arguments["values"], arguments["axis"])


def stacked(values: Any, axis: Any) -> Any:
    """Return tensors, of which some are ragged, side by side along a new axis."""
    if isinstance(values, RaggedTensor):
        return values
    place = axis_of(axis, rank_of(values[0]) + 1)
    if place == 0:
        found = [as_values(value) for value in values]
        counts = np.array([value.shape[0] for value in found])
        same = int(counts[0]) if (counts == counts[0]).all() and isinstance(found[0], RaggedTensor) else None
        return RaggedTensor(concatenated(found, 0), RowPartition.of_lengths(counts, same))
    return concatenated([expand_dims(as_values(value), place) for value in values], place)


@export("ragged.stack")
def stack(values: Any, axis: int = 0, name: str | None = None) -> Any:
    """Return tensors of one rank, whose sizes may differ, side by side along a new axis, ``tf.ragged.stack``.

    Args:
        values: a list of tensors and ragged tensors.
        axis: where the new axis goes.
        name: ignored.

    Raises:
        ValueError: there are none, or there is no such axis.

    Example:
        >>> stack([[1, 2], [3]])
        <tf.RaggedTensor [[1, 2], [3]]>
    """
    del name
    if isinstance(values, list | tuple) and not values:
        raise ValueError("values must not be empty")
    found = [as_values(value) for value in values]
    if rank_of(found[0]) == 0 or (axis and not any([isinstance(x, RaggedTensor) for x in found]) and _equal(found)):
        return NAMES["stack"](found, axis)
    return stacked(found, axis)


def _equal(tensors: Sequence[Any]) -> bool:
    return all([tensor.shape == tensors[0].shape for tensor in tensors])


@handles("tile")
def _tile(_: Operation, arguments: Mapping[str, Any]) -> Any:
    ragged = arguments["input"]
    multiples = host_integers(arguments["multiples"], "multiples").tolist()
    if len(multiples) != rank_of(ragged):
        raise ValueError(f"multiples: must be {rank_of(ragged)} numbers; received {multiples}.")
    return _tiled(ragged, multiples)


def _tiled(value: Any, multiples: list[int]) -> Any:
    if not isinstance(value, RaggedTensor):
        return NAMES["tile"](value, multiples)
    inner = value.values
    if any([count != 1 for count in multiples[2:]]):
        inner = _tiled(inner, [1, *multiples[2:]])
    partition = value.partition
    if multiples[1] != 1:
        starts, lengths = (np.repeat(x, multiples[1]) for x in (partition.starts, partition.lengths))
        inner = taken(inner, ranges(starts, lengths))
        uniform = None if partition.uniform is None else partition.uniform * multiples[1]
        partition = RowPartition(partition.splits * multiples[1], uniform)
    rows = np.tile(np.arange(partition.count), multiples[0])
    found = RaggedTensor(inner, partition)
    return found if multiples[0] == 1 else taken(found, rows)


@handles("reverse")
def _reverse(_: Operation, arguments: Mapping[str, Any]) -> Any:
    ragged, axes = arguments["tensor"], constant_value(arguments["axis"])
    places = [axis_of(axis, rank_of(ragged)) for axis in (axes if isinstance(axes, list) else [axes])]
    keys = [slice(None, None, -1) if place in places else slice(None) for place in range(max(places, default=-1) + 1)]
    return get_item(ragged, tuple(keys)) if keys else ragged


@handles("split")
def _split(_: Operation, arguments: Mapping[str, Any]) -> Any:
    ragged, axis = arguments["value"], axis_of(arguments["axis"], rank_of(arguments["value"]))
    sizes = constant_value(arguments["num_or_size_splits"])
    length = ragged.shape[axis]
    if length is None:
        raise ValueError(f"axis: a ragged dimension cannot be split; received {axis} for shape {ragged.shape}.")
    if isinstance(sizes, int):
        if length % sizes:
            raise InvalidArgumentError(f"num_or_size_splits: {sizes} parts do not divide {length} evenly.")
        sizes = [length // sizes] * sizes
    ends = np.cumsum(sizes).tolist()
    if ends and ends[-1] != length:
        raise InvalidArgumentError(f"num_or_size_splits: must add up to {length}; received {sizes}.")
    every = (slice(None),) * axis
    return [get_item(ragged, (*every, slice(end - size, end))) for size, end in zip(sizes, ends, strict=True)]


@handles("squeeze")
def _squeeze(_: Operation, arguments: Mapping[str, Any]) -> Any:
    ragged = arguments["input"]
    if arguments["axis"] is None:
        raise ValueError("tf.squeeze: a ragged tensor needs an axis.")
    given = constant_value(arguments["axis"])
    found = ragged
    for place in sorted([axis_of(axis, rank_of(ragged)) for axis in np.atleast_1d(given).tolist()], reverse=True):
        if found.shape[place] != 1:
            raise InvalidArgumentError(f"tf.squeeze: dimension {place} has no size of 1; received {found.shape}.")
        found = found[(*(slice(None),) * place, 0)]
    return found


@handles("unstack")
def _unstack(_: Operation, arguments: Mapping[str, Any]) -> Any:
    if axis_of(arguments["axis"], rank_of(arguments["value"])):
        raise ValueError("tf.unstack: a ragged tensor is taken apart along axis 0 only.")
    return list(arguments["value"])


@handles("reshape")
def _reshape(_: Operation, arguments: Mapping[str, Any]) -> Any:
    return NAMES["reshape"](arguments["tensor"].flat_values, arguments["shape"])


@method("merge_dims")
def merge_dims(ragged: RaggedTensor, outer_axis: int, inner_axis: int) -> Any:
    """Return the tensor with the dimensions from one to another made one.

    Raises:
        ValueError: there is no such dimension, or the outer is not before the inner.
    """
    outer, inner = (axis_of(axis, rank_of(ragged)) for axis in (outer_axis, inner_axis))
    if outer > inner:
        raise ValueError(f"outer_axis={outer} must be less than or equal to inner_axis={inner}")
    return _merged(ragged, outer, inner)


def _merged(value: Any, outer: int, inner: int) -> Any:
    if outer == inner:
        return value
    if not isinstance(value, RaggedTensor):
        sizes = value.shape.as_list()
        return NAMES["reshape"](value, [*sizes[:outer], int(np.prod(sizes[outer : inner + 1])), *sizes[inner + 1 :]])
    if outer == 0:
        return _merged(value.values, 0, inner - 1)
    if outer > 1:
        return value.with_values(_merged(value.values, outer - 1, inner - 1))
    inside = as_ragged(value.values, 1)
    splits = inside.partition.splits[value.partition.splits]
    uniform = value.partition.uniform, inside.partition.uniform
    length = None if None in uniform else uniform[0] * uniform[1]
    return _merged(RaggedTensor(inside.values, RowPartition(splits, length)), 1, inner - 1)


@method("__tf_stack__")
def _as_rows(_: RaggedTensor, rows: Sequence[Any]) -> Any:
    return stack(list(rows))
