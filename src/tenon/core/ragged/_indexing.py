"""Parts of ragged tensors by Python's index expressions."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations import expand_dims as expand_tensor
from tenon.core.ragged._partition import RowPartition, ranges
from tenon.core.ragged._rows import taken
from tenon.core.ragged._tensor import RaggedTensor, method
from tenon.core.tensors import constant_value, is_tensor_like

_ALL = slice(None)


@method("__getitem__")
def get_item(ragged: RaggedTensor, key: Any) -> Any:
    """Return the part of a ragged tensor that an index expression means.

    Raises:
        TypeError: something in the key is no index.
        ValueError: an integer stands where rows differ in length, or there are too many indices.
        IndexError: there is no such row.
        InvalidArgumentError: there is no such element in the row.
    """
    keys = [_plain(item) for item in (key if isinstance(key, tuple | list) else (key,))]
    return _part(ragged, _without_ellipsis(keys, ragged.shape.rank or 0))


def _plain(item: Any) -> Any:
    if item is None or item is Ellipsis:
        return item
    if isinstance(item, slice):
        return slice(*[_bound(bound) for bound in (item.start, item.stop, item.step)])
    return _integer(item)


def _bound(bound: Any) -> int | None:
    return None if bound is None else _integer(bound)


def _integer(item: Any) -> int:
    try:
        return operator.index(constant_value(item) if is_tensor_like(item) else item)
    except TypeError as error:
        raise TypeError(
            "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 tensors "
            f"are valid indices, got {item!r}"
        ) from error


def _without_ellipsis(keys: list[Any], rank: int) -> list[Any]:
    given = sum(key is not None and key is not Ellipsis for key in keys)
    if given > rank:
        raise ValueError(f"Too many indices for RaggedTensor: received {given} for rank {rank}.")
    if Ellipsis not in keys:
        return keys
    place = keys.index(Ellipsis)
    return [*keys[:place], *[_ALL] * (rank - given), *keys[place + 1 :]]


def _part(value: Any, keys: list[Any]) -> Any:
    if not keys:
        return value
    if not isinstance(value, RaggedTensor):
        return value[tuple(keys)]
    first, rest = keys[0], keys[1:]
    if first is None:
        inner = _part(value, rest)
        return _in_one_row(inner)
    if isinstance(first, int):
        return _part(_row(value, first), rest)
    chosen = value if first == _ALL else taken(value, np.arange(value.partition.count)[first])
    return _inside_rows(chosen, rest)


def _in_one_row(value: Any) -> Any:
    if not isinstance(value, RaggedTensor):
        return expand_tensor(value, 0)
    return RaggedTensor(value, RowPartition.of_equal_rows(value.partition.count, 1, value.partition.splits.dtype.type))


def _row(ragged: RaggedTensor, place: int) -> Any:
    count, splits = ragged.partition.count, ragged.partition.splits
    if not -count <= place < count:
        raise IndexError(f"Row key {place} out of bounds: there are {count} rows.")
    place %= count
    start, limit = int(splits[place]), int(splits[place + 1])
    if isinstance(ragged.values, RaggedTensor):
        return taken(ragged.values, np.arange(start, limit))
    return ragged.values[start:limit]


def _inside_rows(ragged: RaggedTensor, keys: list[Any]) -> Any:
    """Return what keys mean inside of every row."""
    if not keys:
        return ragged
    first, rest = keys[0], keys[1:]
    partition = ragged.partition
    if first is None:
        ones = RowPartition.of_equal_rows(1, partition.count, partition.splits.dtype.type)
        return RaggedTensor(_inside_rows(ragged, rest), ones) if _keeps_rank(rest) else _expanded(ragged, rest)
    if isinstance(first, int):
        return _part(taken(ragged.values, _column(partition, first)), [_ALL, *rest] if rest else [])
    chosen, places = _columns(partition, first)
    values = ragged.values if first == _ALL else taken(ragged.values, places)
    return RaggedTensor(_part(values, [_ALL, *rest]) if rest else values, chosen)


def _keeps_rank(keys: list[Any]) -> bool:
    return not any(isinstance(key, int) for key in keys[:1])


def _expanded(ragged: RaggedTensor, rest: list[Any]) -> Any:
    inner = _inside_rows(ragged, rest)
    return _part(inner, [_ALL, None])


def _column(partition: RowPartition, place: int) -> np.ndarray:
    if partition.uniform is None:
        raise ValueError("Cannot index into an inner ragged dimension: its rows differ in length; use a slice.")
    if not -partition.uniform <= place < partition.uniform:
        raise InvalidArgumentError(f"slice index {place} of dimension 1 out of bounds: rows have {partition.uniform}.")
    return partition.starts + place % partition.uniform


def _columns(partition: RowPartition, cut: slice) -> tuple[RowPartition, np.ndarray]:
    """Return the rows of a slice of each row, and which values they hold."""
    step = 1 if cut.step is None else cut.step
    if step == 0:
        raise ValueError("slice step cannot be zero")
    lengths = partition.lengths
    lowest, highest = (0, lengths) if step > 0 else (-1, lengths - 1)
    start = _clipped(cut.start, lengths, lowest, highest, lowest if step > 0 else highest)
    stop = _clipped(cut.stop, lengths, lowest, highest, highest if step > 0 else lowest)
    sizes = np.maximum(0, -((start - stop) // step) if step > 0 else -((stop - start) // -step))
    sizes = np.broadcast_to(sizes, lengths.shape)
    uniform = partition.uniform if partition.uniform is None or not len(sizes) else int(sizes[0])
    chosen = RowPartition.of_lengths(sizes, uniform, partition.splits.dtype.type)
    return chosen, ranges(partition.starts + start, sizes, step)


def _clipped(bound: int | None, lengths: np.ndarray, lowest: Any, highest: Any, missing: Any) -> np.ndarray:
    if bound is None:
        return np.broadcast_to(missing, lengths.shape)
    clipped: np.ndarray = np.clip(bound + lengths if bound < 0 else np.full_like(lengths, bound), lowest, highest)
    return clipped
