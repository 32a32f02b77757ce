"""``tf.ragged``: ranges, rows by partition, and splits as the segments of each row."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.ragged._partition import RowPartition, from_row_ids, from_splits, host_integers, ranges
from tenon.core.ragged._rows import as_values, taken
from tenon.core.ragged._tensor import RaggedTensor
from tenon.core.tensors import Tensor, array_of, as_dtype, as_tensor, int64


@export("ragged.range")
def range_(
    starts: Any,
    limits: Any = None,
    deltas: Any = 1,
    dtype: Any = None,
    name: str | None = None,
    row_splits_dtype: Any = int64,
) -> RaggedTensor:
    """Return rows of numbers that go from a start to before a limit by a step, ``tf.ragged.range``.

    Args:
        starts: a number or a vector; the limits, from zero on, where ``limits`` is not given.
        limits: a number or a vector.
        deltas: a number or a vector.
        dtype: of the numbers; ``None`` for that of the arguments.
        name: ignored.
        row_splits_dtype: int32 or int64.

    Raises:
        InvalidArgumentError: a step is zero, or the lengths of the vectors differ.

    Example:
        >>> range_([3, 5], [3, 8])
        <tf.RaggedTensor [[], [5, 6, 7]]>
    """
    del name
    if limits is None:
        starts, limits = 0, starts
    kind = None if dtype is None else as_dtype(dtype)
    arrays = [np.atleast_1d(np.asarray(array_of(value, kind))) for value in (starts, limits, deltas)]
    shared = np.result_type(*[array.dtype for array in arrays])
    try:
        first, last, step = np.broadcast_arrays(*[array.astype(shared) for array in arrays])
    except ValueError as error:
        raise InvalidArgumentError("starts, limits, and deltas must have the same shape.") from error
    if (step == 0).any():
        raise InvalidArgumentError("Requires delta != 0")
    lengths = np.maximum(0, np.ceil((last - first) / step)).astype(np.int64)
    values = ranges(first, lengths, np.repeat(step, lengths)).astype(shared)
    return RaggedTensor(
        as_tensor(values), RowPartition.of_lengths(lengths, None, as_dtype(row_splits_dtype).dtype.type)
    )


@export("ragged.stack_dynamic_partitions")
def stack_dynamic_partitions(data: Any, partitions: Any, num_partitions: Any, name: str | None = None) -> RaggedTensor:
    """Return rows that hold the items of each partition, ``tf.ragged.stack_dynamic_partitions``.

    Args:
        data: a tensor or ragged tensor.
        partitions: for each item the row that it goes to.
        num_partitions: how many rows there are.
        name: ignored.

    Raises:
        InvalidArgumentError: an item goes to a row that is not there.

    Example:
        >>> stack_dynamic_partitions([1, 2, 3], [1, 0, 1], 2)
        <tf.RaggedTensor [[2], [1, 3]]>
    """
    del name
    places = host_integers(partitions, "partitions")
    values = as_values(data)
    if places.ndim > 1:
        values = values.merge_dims(0, 1) if isinstance(values, RaggedTensor) else _flat(values, places.ndim)
    flat = places.ravel()
    order = np.argsort(flat, kind="stable")
    return RaggedTensor(taken(values, order), from_row_ids(flat[order].astype(np.int64), num_partitions))


def _flat(values: Any, dimensions: int) -> Any:
    sizes = values.shape.as_list()
    return values.reshape([int(np.prod(sizes[:dimensions])), *sizes[dimensions:]])


@export("ragged.row_splits_to_segment_ids")
def row_splits_to_segment_ids(splits: Any, name: str | None = None, out_type: Any = None) -> Tensor:
    """Return the row of each value, ``tf.ragged.row_splits_to_segment_ids``.

    Args:
        splits: where rows begin and end.
        name: ignored.
        out_type: int32 or int64; ``None`` for that of the splits.

    Raises:
        InvalidArgumentError: they do not begin with 0, or they fall.

    Example:
        >>> row_splits_to_segment_ids([0, 3, 3, 5]).numpy().tolist()
        [0, 0, 0, 2, 2]
    """
    del name
    ids = from_splits(splits).row_ids
    return as_tensor(ids if out_type is None else ids.astype(as_dtype(out_type).dtype))


@export("ragged.segment_ids_to_row_splits")
def segment_ids_to_row_splits(
    segment_ids: Any, num_segments: Any = None, out_type: Any = None, name: str | None = None
) -> Tensor:
    """Return where the rows begin and end that values are in, ``tf.ragged.segment_ids_to_row_splits``.

    Args:
        segment_ids: the row of each value, never falling.
        num_segments: the number of rows; ``None`` for as many as needed.
        out_type: int32 or int64; ``None`` for that of the rows.
        name: ignored.

    Raises:
        InvalidArgumentError: rows fall or are negative, or ``num_segments`` is too small.

    Example:
        >>> segment_ids_to_row_splits([0, 0, 2]).numpy().tolist()
        [0, 2, 2, 3]
    """
    del name
    splits = from_row_ids(segment_ids, num_segments).splits
    return as_tensor(splits if out_type is None else splits.astype(as_dtype(out_type).dtype))
