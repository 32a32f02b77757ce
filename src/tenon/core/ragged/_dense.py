"""From ragged tensors to padded and sparse ones, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import NAMES
from tenon.core.operations import Operation, broadcast_to, concat, gather, reshape
from tenon.core.ragged._elementwise import broadcast
from tenon.core.ragged._partition import RowPartition, host_integers, ranges, refuse
from tenon.core.ragged._rows import coordinates, fully_ragged
from tenon.core.ragged._tensor import RaggedTensor, handles, method
from tenon.core.sparse import SparseTensor
from tenon.core.tensors import TensorShape, array_of, as_dtype, as_tensor, constant_value, convert_to_tensor


def bounds(ragged: RaggedTensor) -> list[int]:
    """Return the sizes of the smallest tensor that holds all elements."""
    longest = [int(partition.lengths.max(initial=0)) for partition in ragged.partitions]
    inner: list[Any] = ragged.flat_values.shape.as_list()[1:]
    return [ragged.partition.count, *longest, *inner]


@method("bounding_shape")
def bounding_shape(ragged: RaggedTensor, axis: Any = None, name: str | None = None, out_type: Any = None) -> Any:
    """Return the sizes of the smallest tensor that holds all elements, or some of the sizes."""
    del name
    dtype = ragged.partition.splits.dtype if out_type is None else as_dtype(out_type).dtype
    sizes = np.array(bounds(ragged), dtype)
    return as_tensor(sizes if axis is None else np.asarray(sizes[np.asarray(constant_value(axis), int)]))


@method("to_tensor")
def to_tensor(ragged: RaggedTensor, default_value: Any = None, name: str | None = None, shape: Any = None) -> Any:
    """Return a tensor with rows filled up by a default (zero, or an empty string), or cut, to ``shape``.

    Raises:
        ValueError: the shape has another rank or other inner sizes, or the default does not fit.
    """
    del name
    sizes = _sizes(ragged, shape)
    depth = ragged.ragged_rank + 1
    flat = ragged.flat_values
    inner = flat.shape.as_list()[1:]
    places = np.full(sizes[:depth], flat.shape[0], np.int64)
    index = coordinates(ragged.partitions)
    inside = np.all([place < size for place, size in zip(index, sizes, strict=False)], axis=0)
    places[tuple([place[inside] for place in index])] = np.flatnonzero(inside)
    padding = reshape(broadcast_to(_default(default_value, ragged), inner), [1, *inner])
    return gather(concat([flat, padding], 0), places)


def _default(value: Any, ragged: RaggedTensor) -> Any:
    if value is None:
        value = "" if ragged.dtype.name == "string" else False if ragged.dtype.is_bool else 0
    return convert_to_tensor(value, dtype=ragged.dtype)


def _sizes(ragged: RaggedTensor, shape: Any) -> list[int]:
    found = bounds(ragged)
    if shape is None:
        return found
    stated = TensorShape(constant_value(shape) if not isinstance(shape, TensorShape) else shape)
    if stated.rank is None:
        return found
    wanted = [None if size == -1 else size for size in stated.as_list()]
    depth = ragged.ragged_rank + 1
    sizes = [size if want is None else want for want, size in zip(wanted, found, strict=False)]
    if len(wanted) != len(found) or sizes[depth:] != found[depth:]:
        raise ValueError(f"shape: {stated} is not compatible with the ragged tensor's {ragged.shape}.")
    return sizes


def from_tensor(
    cls: Any,
    tensor: Any,
    lengths: Any = None,
    padding: Any = None,
    ragged_rank: int = 1,
    name: str | None = None,
    row_splits_dtype: Any = np.int64,
) -> RaggedTensor:
    """Return the rows of a tensor, as they are, of stated lengths, or without the padding at their ends.

    Raises:
        ValueError: both lengths and padding are given, or the rank does not fit.
    """
    del cls, name
    found = convert_to_tensor(tensor)
    if lengths is not None and padding is not None:
        raise ValueError("Specify argument `lengths` or `padding`, but not both.")
    if ragged_rank < 1 or ragged_rank >= found.ndim:
        raise ValueError(
            f"ragged_rank: must be greater than 0 and less than the rank; received {ragged_rank} for {found.shape}."
        )
    if isinstance(lengths, list | tuple) and lengths and not isinstance(lengths[0], int | np.integer):
        made = _by_nested_lengths(found, [host_integers(rows, "lengths") for rows in lengths])
    else:
        made = _by_rows(found, lengths, padding, ragged_rank)
    return made.with_row_splits_dtype(row_splits_dtype)  # type: ignore[no-any-return]


def _by_rows(tensor: Any, lengths: Any, padding: Any, ragged_rank: int) -> Any:
    shape = tensor.shape.as_list()
    if ragged_rank > 1:
        inner = _by_rows(reshape(tensor, [shape[0] * shape[1], *shape[2:]]), lengths, padding, ragged_rank - 1)
        return RaggedTensor(inner, RowPartition.of_equal_rows(shape[1], shape[0]))
    if padding is not None:
        return _cut(tensor, _lengths_before(tensor, padding))
    if lengths is not None:
        return _cut(tensor, np.minimum(host_integers(lengths, "lengths"), shape[1]))
    flat = reshape(tensor, [shape[0] * shape[1], *shape[2:]])
    return RaggedTensor(flat, RowPartition.of_equal_rows(shape[1], shape[0]))


def _by_nested_lengths(tensor: Any, lengths: Sequence[np.ndarray]) -> Any:
    rows = _cut(tensor, lengths[0])
    return rows if len(lengths) == 1 else rows.with_values(_by_nested_lengths(rows.values, lengths[1:]))


def _cut(tensor: Any, lengths: np.ndarray) -> RaggedTensor:
    count, width, *inner = tensor.shape.as_list()
    refuse(lengths.shape == (count,), "lengths", f"there must be one for each of the {count} rows", lengths)
    refuse((lengths >= 0).all(), "lengths", "a length must not be negative", lengths)
    places = ranges(np.arange(count) * width, lengths)
    return RaggedTensor(gather(reshape(tensor, [count * width, *inner]), places), RowPartition.of_lengths(lengths))


def _lengths_before(tensor: Any, padding: Any) -> np.ndarray:
    array = tensor.value
    values = array if isinstance(array, np.ndarray) else _known(array)
    differs = values != np.asarray(array_of(padding, tensor.dtype))
    kept = differs.reshape(*values.shape[:2], -1).any(axis=2)
    places = np.arange(1, values.shape[1] + 1)
    return np.where(kept, places, 0).max(axis=1, initial=0)  # type: ignore[no-any-return]


def _known(array: Any) -> np.ndarray:
    try:
        return np.asarray(array)
    except TypeError as error:
        raise InvalidArgumentError(
            "padding: how long rows are depends on values that are computed in the function that is being traced; give "
            "lengths, or make the ragged tensor outside of the function."
        ) from error


@method("to_sparse")
def to_sparse(ragged: RaggedTensor, name: str | None = None) -> SparseTensor:
    """Return the same elements as a ``tf.SparseTensor``."""
    del name
    flat = fully_ragged(ragged)
    indices = np.stack(coordinates(flat.partitions), axis=1).astype(np.int64)
    return SparseTensor(indices, flat.flat_values, np.array(bounds(flat), np.int64))


def from_sparse(cls: Any, st_input: Any, name: str | None = None, row_splits_dtype: Any = np.int64) -> Any:
    """Return the rows of a sparse matrix, whose elements must follow one another from the first column on.

    Raises:
        TypeError: it is no sparse tensor.
        ValueError: it is no matrix.
        InvalidArgumentError: an element is missing in a row before another, or they are not in order.
    """
    del name
    if not isinstance(st_input, SparseTensor):
        raise TypeError(f"Argument `st_input` must be of type SparseTensor, but is of type {type(st_input).__name__}.")
    if st_input.shape.rank != 2:
        raise ValueError(f"rank(st_input) must be 2; received shape {st_input.shape}.")
    indices = host_integers(st_input.indices, "st_input")
    partition = RowPartition.of_lengths(np.bincount(indices[:, 0], minlength=int(st_input.shape[0])))
    ordered = (np.diff(indices[:, 0]) >= 0).all() and np.array_equal(indices[:, 1], partition.columns)
    refuse(ordered, "st_input", "SparseTensor is not right-ragged", indices)
    return cls(st_input.values, partition.of_type(as_dtype(row_splits_dtype).dtype))


method("from_tensor")(classmethod(from_tensor))  # type: ignore[arg-type]  # as calling it does
method("from_sparse")(classmethod(from_sparse))  # type: ignore[arg-type]  # as calling it does


@handles("where")
def _where(row: Operation, arguments: Mapping[str, Any]) -> Any:
    condition, x, y = (arguments[name] for name in ("condition", "x", "y"))
    return _true_places(condition) if x is None and y is None else broadcast(NAMES[row.name], [condition, x, y])


def _true_places(ragged: RaggedTensor) -> Any:
    """Return the indices of the elements that are true (not zero), in order."""
    flat = fully_ragged(ragged)
    values = _known(flat.flat_values.value)
    return as_tensor(np.stack(coordinates(flat.partitions), axis=1)[values.astype(bool)].astype(np.int64))
