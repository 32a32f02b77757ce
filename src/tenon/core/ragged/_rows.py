"""Rows of ragged and dense tensors: taken, joined, seen as ragged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations import concat, gather, reshape
from tenon.core.ragged._partition import RowPartition
from tenon.core.ragged._tensor import RaggedTensor
from tenon.core.tensors import array_of, as_tensor, convert_to_tensor


def rank_of(value: Any) -> int:
    """Return the number of dimensions of a ragged tensor, or of a value that becomes a tensor."""
    if isinstance(value, RaggedTensor):
        return value.ragged_rank + value.flat_values.ndim
    return int(array_of(value).ndim)


def as_values(value: Any) -> Any:
    """Return a ragged tensor as it is, and anything else as a tensor."""
    return value if isinstance(value, RaggedTensor) else convert_to_tensor(value)


def beside(value: Any, dtype: Any) -> Any:
    """Return a ragged tensor as it is, and a value of Python or NumPy as a tensor, of ``dtype`` where it fits."""
    return value if isinstance(value, RaggedTensor) else as_tensor(array_of(value, None, dtype))


def taken(values: Any, rows: np.ndarray) -> Any:
    """Return some rows of a ragged or dense tensor, in the order of their numbers."""
    if not isinstance(values, RaggedTensor):
        return gather(values, rows)
    partition, inner = values.partition.taken(rows)
    return RaggedTensor(taken(values.values, inner), partition)


def as_ragged(value: Any, ragged_rank: int) -> Any:
    """Return a tensor with at least this many of its dimensions cut into rows; dense ones have rows of one length.

    Raises:
        ValueError: it has too few dimensions.
    """
    if ragged_rank <= 0:
        return as_values(value)
    if isinstance(value, RaggedTensor):
        return value.with_values(as_ragged(value.values, ragged_rank - 1))
    tensor = convert_to_tensor(value)
    shape: list[Any] = tensor.shape.as_list()
    if len(shape) <= ragged_rank:
        raise ValueError(f"a ragged rank of {ragged_rank} needs {ragged_rank + 1} dimensions; received shape {shape}.")
    partition = RowPartition.of_equal_rows(shape[1], shape[0])
    return RaggedTensor(as_ragged(reshape(tensor, [partition.size, *shape[2:]]), ragged_rank - 1), partition)


def fully_ragged(value: Any) -> Any:
    """Return a ragged tensor whose innermost values have one dimension."""
    return as_ragged(value, rank_of(value) - 1)


def alike(values: Sequence[Any]) -> list[Any]:
    """Return tensors with as many ragged dimensions as the one that has most.

    Raises:
        InvalidArgumentError: they differ in rank.
    """
    found = [as_values(value) for value in values]
    ranks = {rank_of(value) for value in found}
    if len(ranks) > 1:
        raise InvalidArgumentError(f"All inputs must have the same rank; received ranks {sorted(ranks)}.")
    deepest = max([value.ragged_rank if isinstance(value, RaggedTensor) else 0 for value in found])
    return [as_ragged(value, deepest) for value in found]


def joined(values: Sequence[Any]) -> Any:
    """Return the rows of tensors of one ragged rank, one tensor after the other."""
    if not isinstance(values[0], RaggedTensor):
        return concat(list(values), 0)
    parts = [value.partition for value in values]
    uniform = {part.uniform for part in parts}
    lengths = np.concatenate([part.lengths for part in parts])
    dtype = np.result_type(*[part.splits.dtype for part in parts]).type
    partition = RowPartition.of_lengths(lengths, uniform.pop() if len(uniform) == 1 else None, dtype)
    return RaggedTensor(joined([value.values for value in values]), partition)


def coordinates(partitions: Sequence[RowPartition]) -> list[np.ndarray]:
    """Return, for each ragged dimension and the first, the index along it of every innermost value.

    Example:
        >>> [index.tolist() for index in coordinates([RowPartition(np.array([0, 2, 3]))])]
        [[0, 0, 1], [0, 1, 0]]
    """
    found = [np.arange(partitions[0].count)] if partitions else []
    for partition in partitions:
        rows = partition.row_ids
        found = [*[index[rows] for index in found], partition.columns]
    return found
