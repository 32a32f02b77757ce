"""Sums and means of chosen rows by segment, and counts: ``tf.sparse.segment_sum``, ``tf.sparse.bincount``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.operations import (
    gather,
    unsorted_segment_mean,
    unsorted_segment_sqrt_n,
    unsorted_segment_sum,
)
from tenon.core.sparse._tensor import SparseTensor, known_indices
from tenon.core.tensors import Tensor, array_of, constant_value


def _of_rows(reduce: Callable[..., Any], data: Any, indices: Any, segment_ids: Any, num_segments: Any) -> Tensor:
    ids = np.asarray(array_of(segment_ids))
    if (np.diff(ids) < 0).any():
        raise InvalidArgumentError(f"segment_ids: must never fall; received {ids.tolist()}.")
    least = int(ids[-1]) + 1 if len(ids) else 0
    count = least if num_segments is None else int(constant_value(num_segments))
    if count < least:
        raise InvalidArgumentError(f"num_segments: must be at least {least}; received {count}.")
    found: Tensor = reduce(gather(data, indices), ids, count)
    return found


@export("sparse.segment_sum")
def segment_sum(
    data: Any,
    indices: Any,
    segment_ids: Any,
    num_segments: Any = None,
    name: str | None = None,
    sparse_gradient: bool = False,
) -> Tensor:
    """Return the sums of chosen rows by segment, ``tf.sparse.segment_sum``.

    Args:
        data: a tensor.
        indices: which rows are taken.
        segment_ids: the segment of each, never falling.
        num_segments: how many segments; ``None`` for as many as needed.
        name: ignored.
        sparse_gradient: ignored: gradients are dense.

    Raises:
        InvalidArgumentError: segments fall, or there are more.

    Example:
        >>> segment_sum([[1], [2], [4]], [2, 0], [0, 0]).numpy().tolist()
        [[5]]
    """
    del name, sparse_gradient
    return _of_rows(unsorted_segment_sum, data, indices, segment_ids, num_segments)


@export("sparse.segment_mean")
def segment_mean(
    data: Any,
    indices: Any,
    segment_ids: Any,
    num_segments: Any = None,
    name: str | None = None,
    sparse_gradient: bool = False,
) -> Tensor:
    """Return the means of chosen rows by segment, ``tf.sparse.segment_mean``.

    Args:
        data: a tensor.
        indices: which rows are taken.
        segment_ids: the segment of each, never falling.
        num_segments: how many segments; ``None`` for as many as needed.
        name: ignored.
        sparse_gradient: ignored: gradients are dense.

    Raises:
        InvalidArgumentError: segments fall, or there are more.

    Example:
        >>> segment_mean([[1.0], [2.0], [4.0]], [2, 1], [0, 0]).numpy().tolist()
        [[3.0]]
    """
    del name, sparse_gradient
    return _of_rows(unsorted_segment_mean, data, indices, segment_ids, num_segments)


@export("sparse.segment_sqrt_n")
def segment_sqrt_n(
    data: Any,
    indices: Any,
    segment_ids: Any,
    num_segments: Any = None,
    name: str | None = None,
    sparse_gradient: bool = False,
) -> Tensor:
    """Return sums by segment, divided by the root of the number of rows, ``tf.sparse.segment_sqrt_n``.

    Args:
        data: a tensor.
        indices: which rows are taken.
        segment_ids: the segment of each, never falling.
        num_segments: how many segments; ``None`` for as many as needed.
        name: ignored.
        sparse_gradient: ignored: gradients are dense.

    Raises:
        InvalidArgumentError: segments fall, or there are more.

    Example:
        >>> segment_sqrt_n([[1.0], [2.0]], [0, 1, 0, 0], [0, 0, 0, 0]).numpy().tolist()
        [[2.5]]
    """
    del name, sparse_gradient
    return _of_rows(unsorted_segment_sqrt_n, data, indices, segment_ids, num_segments)


@export("sparse.bincount")
def bincount(
    values: Any,
    weights: Any = None,
    axis: Any = 0,
    minlength: Any = None,
    maxlength: Any = None,
    binary_output: bool = False,
    name: str | None = None,
) -> SparseTensor:
    """Return how often each number occurs, in all or in each row, as a sparse tensor, ``tf.sparse.bincount``.

    Args:
        values: numbers from 0 on: a tensor, a sparse tensor or a ragged tensor.
        weights: what each counts, of the same form; ``None`` for 1.
        axis: 0 for all together, -1 for each row.
        minlength: the size of the result at least.
        maxlength: numbers from it on are left out.
        binary_output: whether 1 stands for any number of times.
        name: ignored.

    Raises:
        ValueError: the axis is neither 0 nor -1.

    Example:
        >>> bincount([[1, 1, 0]], axis=-1).values.numpy().tolist()
        [1, 2]
    """
    del name
    if axis not in (0, -1):
        raise ValueError(f"Unsupported value for argument axis={axis}. Only 0 and -1 are currently supported.")
    rows, numbers, count = _rows_of(values)
    rows = rows if axis == -1 else np.zeros_like(rows)
    amounts = np.ones(len(numbers), np.int32) if weights is None else _rows_of(weights)[1]
    kept = numbers < (np.inf if maxlength is None else int(constant_value(maxlength)))
    rows, numbers, amounts = rows[kept], numbers[kept], amounts[kept]
    width = max(int(numbers.max(initial=-1)) + 1, 0 if minlength is None else int(constant_value(minlength)))
    places, found = np.unique(np.stack([rows, numbers], axis=1), axis=0, return_inverse=True)
    total = np.zeros(len(places), amounts.dtype)
    np.add.at(total, found.ravel(), amounts)
    total = np.ones_like(total) if binary_output else total
    if axis == 0 or count is None:
        return SparseTensor(places[:, 1:].astype(np.int64), total, [width])
    return SparseTensor(places.astype(np.int64), total, [count, width])


def _rows_of(values: Any) -> tuple[np.ndarray, np.ndarray, int | None]:
    """Return for each number its row, the numbers, and how many rows there are (``None`` for a vector)."""
    found = values.to_sparse() if hasattr(values, "to_sparse") else values
    if isinstance(found, SparseTensor):
        places = known_indices(found)
        return places[:, 0], np.asarray(found.values.value), found.sizes[0]
    array = np.asarray(array_of(found))
    if array.ndim < 2:
        return np.zeros(array.size, np.int64), array.ravel(), None
    return np.repeat(np.arange(len(array)), array[0].size), array.ravel(), len(array)
