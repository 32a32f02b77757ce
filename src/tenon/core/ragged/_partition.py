"""Where the rows of a list of values begin and end: numbers of the host, so that shapes are known to XLA."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.tensors import array_of, int64


class RowPartition:
    """How values, one after the other, are cut into rows. It never changes, and counts by its content.

    Args:
        splits: where each row begins, and at last where the last one ends: int32 or int64, from 0, never falling.
        uniform: the length that all rows are promised to have, or ``None``.

    Attributes:
        splits: as given.
        uniform: as given.

    Example:
        >>> partition = RowPartition(np.array([0, 2, 2, 3]))
        >>> partition.lengths.tolist(), partition.row_ids.tolist()
        ([2, 0, 1], [0, 0, 2])
    """

    __slots__ = ("splits", "uniform")

    def __init__(self, splits: np.ndarray, uniform: int | None = None) -> None:
        self.splits = splits
        self.uniform = uniform

    @classmethod
    def of_lengths(cls, lengths: np.ndarray, uniform: int | None = None, dtype: Any = np.int64) -> RowPartition:
        """Return the partition whose rows have these lengths."""
        splits = np.zeros(len(lengths) + 1, dtype)
        np.cumsum(lengths, out=splits[1:])
        return cls(splits, uniform)

    @classmethod
    def of_equal_rows(cls, length: int, count: int, dtype: Any = np.int64) -> RowPartition:
        """Return the partition of ``count`` rows that are promised to have one length."""
        return cls(np.arange(count + 1, dtype=dtype) * dtype(length), length)

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self.splits) - 1

    @property
    def size(self) -> int:
        """The number of values in all rows."""
        return int(self.splits[-1])

    @property
    def starts(self) -> np.ndarray:
        """Where each row begins."""
        return self.splits[:-1]

    @property
    def lengths(self) -> np.ndarray:
        """The length of each row."""
        return np.diff(self.splits)

    @property
    def row_ids(self) -> np.ndarray:
        """The row of each value."""
        return np.repeat(np.arange(self.count, dtype=self.splits.dtype), self.lengths)

    @property
    def columns(self) -> np.ndarray:
        """The place of each value in its row."""
        return ranges(np.zeros(self.count, np.int64), self.lengths)

    def taken(self, rows: np.ndarray) -> tuple[RowPartition, np.ndarray]:
        """Return the partition of some rows, and which values those are."""
        lengths = self.lengths[rows]
        chosen = RowPartition.of_lengths(lengths, self.uniform, self.splits.dtype.type)
        return chosen, ranges(self.starts[rows], lengths)

    def of_type(self, dtype: Any) -> RowPartition:
        """Return the same rows with splits of another dtype."""
        return RowPartition(self.splits.astype(dtype), self.uniform)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RowPartition) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        return self.splits.dtype, self.uniform, self.splits.tobytes()

    def same_rows(self, other: RowPartition) -> bool:
        """Tell whether the rows are as long as those of another partition."""
        return np.array_equal(self.splits, other.splits)


def ranges(starts: np.ndarray, lengths: np.ndarray, steps: Any = 1) -> np.ndarray:
    """Return one arithmetic progression after the other.

    Example:
        >>> ranges(np.array([5, 1]), np.array([2, 3])).tolist()
        [5, 6, 1, 2, 3]
    """
    ends = np.cumsum(lengths)
    places = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    found: np.ndarray = np.repeat(starts, lengths) + places * steps
    return found


def host_integers(value: Any, name: str) -> np.ndarray:
    """Return the integers of an argument that says where rows are.

    Raises:
        InvalidArgumentError: they are computed in a function that is being traced.
        ValueError: they are no integers of 32 or 64 bits.
    """
    array = array_of(value, None, None if hasattr(value, "dtype") else int64)
    if isinstance(array, jax.core.Tracer):
        raise InvalidArgumentError(
            f"{name}: where the rows of a ragged tensor begin decides about shapes, but it is computed in the function "
            "that is being traced, and XLA compiles for fixed shapes. Make the ragged tensor outside of the function, "
            "or keep padded tensors and masks."
        )
    found = np.asarray(array)
    if found.dtype not in (np.int32, np.int64):
        if found.size:
            raise ValueError(f"{name}: must have dtype int32 or int64; received {found.dtype.name}.")
        found = found.astype(np.int64)
    return found


def vector(value: Any, name: str) -> np.ndarray:
    """Return a vector of integers.

    Raises:
        ValueError: it has another rank.
    """
    found = host_integers(value, name)
    if found.ndim != 1:
        raise ValueError(f"{name}: Shape {found.shape} must have rank 1.")
    return found


def refuse(holds: Any, name: str, rule: str, received: np.ndarray) -> None:
    """Check a rule about a row partition.

    Raises:
        InvalidArgumentError: it does not hold.
    """
    if not holds:
        raise InvalidArgumentError(
            f"{name}: Arguments do not form a valid RaggedTensor: {rule}; received {received.tolist()}."
        )


def from_splits(row_splits: Any) -> RowPartition:
    """Return the partition with these splits.

    Raises:
        InvalidArgumentError: they do not begin with 0, or they fall.
    """
    splits = vector(row_splits, "row_splits")
    refuse(len(splits) > 0 and splits[0] == 0, "row_splits", "the first split must be zero", splits)
    refuse((np.diff(splits) >= 0).all(), "row_splits", "splits must never fall", splits)
    return RowPartition(splits)


def from_lengths(row_lengths: Any) -> RowPartition:
    """Return the partition with these lengths.

    Raises:
        InvalidArgumentError: one is negative.
    """
    lengths = vector(row_lengths, "row_lengths")
    refuse((lengths >= 0).all(), "row_lengths", "a length must not be negative", lengths)
    return RowPartition.of_lengths(lengths, None, lengths.dtype.type)


def from_starts(row_starts: Any, size: int) -> RowPartition:
    """Return the partition whose rows begin here.

    Raises:
        InvalidArgumentError: the first is not 0, they fall, or they go past the values.
    """
    starts = vector(row_starts, "row_starts")
    return from_splits(np.append(starts, np.array(size, starts.dtype)))


def from_limits(row_limits: Any) -> RowPartition:
    """Return the partition whose rows end here.

    Raises:
        InvalidArgumentError: they fall.
    """
    limits = vector(row_limits, "row_limits")
    return from_splits(np.concatenate([np.zeros(1, limits.dtype), limits]))


def from_row_ids(value_rowids: Any, nrows: Any = None) -> RowPartition:
    """Return the partition in which each value is in the row that is named.

    Raises:
        InvalidArgumentError: the rows fall, are negative, or are beyond ``nrows``.
    """
    ids = vector(value_rowids, "value_rowids")
    least = int(ids[-1]) + 1 if len(ids) else 0
    count = least if nrows is None else int(host_integers(nrows, "nrows"))
    refuse(not len(ids) or ids[0] >= 0, "value_rowids", "rows must not be negative", ids)
    refuse((np.diff(ids) >= 0).all(), "value_rowids", "rows must never fall", ids)
    refuse(count >= least, "nrows", f"there are at least {least} rows", np.array(count))
    return RowPartition.of_lengths(np.bincount(ids, minlength=count), None, ids.dtype.type)


def from_uniform_length(uniform_row_length: Any, size: int, nrows: Any = None) -> RowPartition:
    """Return the partition into rows of one length.

    Raises:
        ValueError: the length is negative, or ``size`` values do not fill the rows.
    """
    length = int(host_integers(uniform_row_length, "uniform_row_length"))
    if length < 0:
        raise ValueError(f"uniform_row_length must not be negative; received {length}.")
    stated = None if nrows is None else int(host_integers(nrows, "nrows"))
    count = stated if stated is not None else size // length if length else 0
    if count * length != size:
        raise ValueError(f"uniform_row_length={length} times nrows={count} must equal nvals={size}.")
    return RowPartition.of_equal_rows(length, count)
