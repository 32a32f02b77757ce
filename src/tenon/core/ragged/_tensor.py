"""The ragged tensor: values one after the other, and where their rows begin. ``tf.RaggedTensor``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, cast

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.operations import Operation
from tenon.core.ragged import _partition as partitions
from tenon.core.ragged._partition import RowPartition
from tenon.core.tensors import DType, Tensor, TensorShape, as_dtype, as_tensor, convert_to_tensor

Handler = Callable[[Operation, Mapping[str, Any]], Any]

HANDLERS: Final[dict[str, Handler]] = {}
"""What computes an operation where an argument is ragged, by the operation's canonical path."""


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Return a decorator that makes a function compute the operations of these names for ragged tensors."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, handler))
        return handler

    return register


@export("RaggedTensor")
class RaggedTensor:
    """A tensor whose rows differ in length, as ``tf.RaggedTensor``; make one with its ``from_...`` or ``tf.ragged``.

    The rows are known on the host, also in a function that is being traced: it is traced again for rows of other
    lengths, as for tensors of another shape. The values are a tensor, through which gradients flow.

    Args:
        values: a tensor of one dimension or more, or a ragged tensor.
        partition: how its first dimension is cut into rows.

    Example:
        >>> RaggedTensor.from_row_lengths([1, 2, 3], [2, 0, 1])
        <tf.RaggedTensor [[1, 2], [], [3]]>
    """

    __slots__ = ("__weakref__", "_partition", "_values")

    __array_priority__ = 101

    def __init__(self, values: Any, partition: RowPartition) -> None:
        self._values = values
        self._partition = partition

    @classmethod
    def from_row_splits(
        cls, values: Any, row_splits: Any, name: str | None = None, validate: bool = True
    ) -> RaggedTensor:
        """Return rows that begin at the splits; the last split is the number of values.

        Raises:
            InvalidArgumentError: the splits do not begin with 0, fall, or do not end with the number of values.
        """
        del name, validate
        return cls._checked(values, lambda _: partitions.from_splits(row_splits))

    @classmethod
    def from_row_lengths(
        cls, values: Any, row_lengths: Any, name: str | None = None, validate: bool = True
    ) -> RaggedTensor:
        """Return rows of these lengths.

        Raises:
            InvalidArgumentError: a length is negative, or they do not add up to the number of values.
        """
        del name, validate
        return cls._checked(values, lambda _: partitions.from_lengths(row_lengths))

    @classmethod
    def from_row_starts(
        cls, values: Any, row_starts: Any, name: str | None = None, validate: bool = True
    ) -> RaggedTensor:
        """Return rows that begin here.

        Raises:
            InvalidArgumentError: the first does not begin at 0, or they fall.
        """
        del name, validate
        return cls._checked(values, lambda size: partitions.from_starts(row_starts, size))

    @classmethod
    def from_row_limits(
        cls, values: Any, row_limits: Any, name: str | None = None, validate: bool = True
    ) -> RaggedTensor:
        """Return rows that end here.

        Raises:
            InvalidArgumentError: the limits fall, or the last is not the number of values.
        """
        del name, validate
        return cls._checked(values, lambda _: partitions.from_limits(row_limits))

    @classmethod
    def from_value_rowids(
        cls, values: Any, value_rowids: Any, nrows: Any = None, name: str | None = None, validate: bool = True
    ) -> RaggedTensor:
        """Return ``nrows`` rows (as many as needed for ``None``), with each value in the row that is named.

        Raises:
            InvalidArgumentError: the rows fall or are negative, or there is not one for each value.
        """
        del name, validate
        return cls._checked(values, lambda _: partitions.from_row_ids(value_rowids, nrows))

    @classmethod
    def from_uniform_row_length(
        cls, values: Any, uniform_row_length: Any, nrows: Any = None, validate: bool = True, name: str | None = None
    ) -> RaggedTensor:
        """Return rows of one length, which the shape then has.

        Raises:
            ValueError: the values do not fill the rows.
        """
        del name, validate
        return cls._checked(values, lambda size: partitions.from_uniform_length(uniform_row_length, size, nrows))

    @classmethod
    def from_nested_row_splits(
        cls, flat_values: Any, nested_row_splits: Sequence[Any], name: str | None = None, validate: bool = True
    ) -> RaggedTensor:
        """Return rows of rows, by their splits from the outside in.

        Raises:
            InvalidArgumentError: splits do not fit what they split.
        """
        del name, validate
        return cls._nested(cls.from_row_splits, flat_values, nested_row_splits)

    @classmethod
    def from_nested_row_lengths(
        cls, flat_values: Any, nested_row_lengths: Sequence[Any], name: str | None = None, validate: bool = True
    ) -> RaggedTensor:
        """Return rows of rows, by their lengths from the outside in.

        Raises:
            InvalidArgumentError: lengths do not add up to what they split.
        """
        del name, validate
        return cls._nested(cls.from_row_lengths, flat_values, nested_row_lengths)

    @classmethod
    def from_nested_value_rowids(
        cls,
        flat_values: Any,
        nested_value_rowids: Sequence[Any],
        nested_nrows: Sequence[Any] | None = None,
        name: str | None = None,
        validate: bool = True,
    ) -> RaggedTensor:
        """Return rows of rows, by the row of each value from the outside in.

        Raises:
            InvalidArgumentError: there is not a row for each value.
        """
        del name, validate
        found: Any = flat_values
        counts = list(nested_nrows) if nested_nrows is not None else [None] * len(nested_value_rowids)
        for ids, count in reversed(list(zip(nested_value_rowids, counts, strict=True))):
            found = cls.from_value_rowids(found, ids, count)
        return cast(RaggedTensor, found)

    @classmethod
    def _nested(cls, make: Callable[..., RaggedTensor], flat_values: Any, nested: Any) -> RaggedTensor:
        if isinstance(nested, Tensor | np.ndarray):
            raise TypeError(f"nested rows must be a list of vectors, from the outside in; received {nested!r}.")
        found: Any = flat_values
        for rows in reversed(list(nested)):
            found = make(found, rows)
        return cast(RaggedTensor, found)

    @classmethod
    def _checked(cls, values: Any, cut: Callable[[int], RowPartition]) -> RaggedTensor:
        found = values if isinstance(values, RaggedTensor) else convert_to_tensor(values)
        if found.shape.rank == 0:
            raise ValueError(f"values: Shape {found.shape} must have rank at least 1.")
        size = int(found.shape[0])
        partition = cut(size)
        if partition.size != size:
            raise InvalidArgumentError(
                "values: Arguments do not form a valid RaggedTensor: the rows must hold all values; received "
                f"{size} values and rows that hold {partition.size}."
            )
        return cls(found, partition)

    @property
    def partition(self) -> RowPartition:
        """How the values are cut into rows, on the host."""
        return self._partition

    @property
    def partitions(self) -> tuple[RowPartition, ...]:
        """How the values of each ragged dimension are cut into rows, from the outside in, on the host."""
        inner = self._values.partitions if isinstance(self._values, RaggedTensor) else ()
        return (self._partition, *inner)

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._values.dtype  # type: ignore[no-any-return]

    @property
    def shape(self) -> TensorShape:
        """The sizes of the dimensions; ``None`` for those whose rows differ."""
        return TensorShape([self._partition.count, self._partition.uniform, *self._values.shape[1:]])

    def get_shape(self) -> TensorShape:
        """Return the shape."""
        return self.shape

    @property
    def ragged_rank(self) -> int:
        """How many dimensions are cut into rows."""
        return len(self.partitions)

    @property
    def uniform_row_length(self) -> Tensor | None:
        """The length that all rows have, where that is promised, or ``None``."""
        uniform = self._partition.uniform
        return None if uniform is None else as_tensor(np.asarray(uniform, self._partition.splits.dtype))

    @property
    def values(self) -> Any:
        """The rows one after the other: a tensor, or a ragged tensor of one dimension less."""
        return self._values

    @property
    def flat_values(self) -> Tensor:
        """The innermost values."""
        return self._values.flat_values if isinstance(self._values, RaggedTensor) else self._values

    @property
    def row_splits(self) -> Tensor:
        """Where each row begins, and at last where the last one ends."""
        return as_tensor(self._partition.splits)

    @property
    def nested_row_splits(self) -> tuple[Tensor, ...]:
        """The splits of each ragged dimension, from the outside in."""
        return tuple([as_tensor(partition.splits) for partition in self.partitions])

    def nested_row_lengths(self, name: str | None = None) -> tuple[Tensor, ...]:
        """Return the lengths of the rows of each ragged dimension, from the outside in."""
        del name
        return tuple([as_tensor(partition.lengths) for partition in self.partitions])

    def nested_value_rowids(self, name: str | None = None) -> tuple[Tensor, ...]:
        """Return the row of each value of each ragged dimension, from the outside in."""
        del name
        return tuple([as_tensor(partition.row_ids) for partition in self.partitions])

    def nrows(self, out_type: Any = None, name: str | None = None) -> Tensor:
        """Return the number of rows."""
        del name
        dtype = self._partition.splits.dtype if out_type is None else as_dtype(out_type).dtype
        return as_tensor(np.asarray(self._partition.count, dtype))

    def row_starts(self, name: str | None = None) -> Tensor:
        """Return where each row begins."""
        del name
        return as_tensor(self._partition.starts)

    def row_limits(self, name: str | None = None) -> Tensor:
        """Return where each row ends."""
        del name
        return as_tensor(self._partition.splits[1:])

    def row_lengths(self, axis: int = 1, name: str | None = None) -> Any:
        """Return the lengths of the rows along an axis: a tensor for axis 1, ragged for the axes further in.

        Raises:
            ValueError: there is no such axis.
        """
        del name
        if axis == 0:
            return self.nrows()
        if axis == 1:
            return as_tensor(self._partition.lengths)
        if not isinstance(self._values, RaggedTensor):
            sizes = self._values.shape[1:].as_list()
            if not 2 <= axis < 2 + len(sizes):
                raise ValueError(f"axis: there is no dimension {axis}; received shape {self.shape}.")
            lengths = np.full(self._partition.size, sizes[axis - 2], self._partition.splits.dtype)
            return self.with_values(as_tensor(lengths))
        return self.with_values(self._values.row_lengths(axis - 1))

    def value_rowids(self, name: str | None = None) -> Tensor:
        """Return the row of each value."""
        del name
        return as_tensor(self._partition.row_ids)

    def with_values(self, new_values: Any) -> RaggedTensor:
        """Return other values, a tensor or ragged tensor, in the same rows.

        Raises:
            ValueError: there are not as many.
        """
        found = new_values if isinstance(new_values, RaggedTensor) else convert_to_tensor(new_values)
        if found.shape.rank == 0 or found.shape[0] != self._partition.size:
            raise ValueError(
                f"new_values: there must be {self._partition.size} of them, as many as the rows hold; received shape "
                f"{found.shape}."
            )
        return RaggedTensor(found, self._partition)

    def with_flat_values(self, new_values: Any) -> RaggedTensor:
        """Return other innermost values in the same rows.

        Raises:
            ValueError: there are not as many.
        """
        inner = self._values
        return self.with_values(inner.with_flat_values(new_values) if isinstance(inner, RaggedTensor) else new_values)

    def with_row_splits_dtype(self, dtype: Any) -> RaggedTensor:
        """Return the same rows with splits of int32 or int64."""
        inner = self._values
        values = inner.with_row_splits_dtype(dtype) if isinstance(inner, RaggedTensor) else inner
        return RaggedTensor(values, self._partition.of_type(as_dtype(dtype).dtype))

    def numpy(self) -> np.ndarray:
        """Return a NumPy array where all rows have one length, and else an array of arrays.

        Raises:
            AttributeError: the values are being traced and are not known yet.
        """
        values, lengths = np.asarray(self._values.numpy()), self._partition.lengths
        if not len(lengths) or (lengths == lengths[0]).all():
            length = int(lengths[0]) if len(lengths) else 0
            return values.reshape(len(lengths), length, *values.shape[1:])
        rows = np.empty(len(lengths), object)
        for place, (start, limit) in enumerate(pairwise(self._partition.splits.tolist())):
            rows[place] = values[start:limit]
        return rows

    def to_list(self) -> list[Any]:
        """Return lists of lists.

        Raises:
            AttributeError: the values are being traced and are not known yet.
        """
        inner = self._values
        values = inner.to_list() if isinstance(inner, RaggedTensor) else np.asarray(inner.numpy()).tolist()
        splits = self._partition.splits.tolist()
        return [values[start:limit] for start, limit in pairwise(splits)]

    def __iter__(self) -> Iterator[Any]:
        return (self[place] for place in range(self._partition.count))

    def __bool__(self) -> bool:
        raise TypeError("RaggedTensor may not be used as a boolean.")

    def __hash__(self) -> int:
        raise TypeError("RaggedTensor is unhashable.")

    def __repr__(self) -> str:
        if self.flat_values.is_symbolic:
            return f"tf.RaggedTensor(values={self._values}, row_splits={self._partition.splits.tolist()})"
        return f"<tf.RaggedTensor {_text(self.numpy())}>"

    def __tf_dispatch__(self, row: Operation, arguments: Mapping[str, Any]) -> Any:
        """Return what an operation is for arguments of which one is ragged.

        Raises:
            TypeError: it is nothing.
        """
        handler = HANDLERS.get(row.name)
        if handler is None:
            raise TypeError(
                f"tf.{row.name}: takes no ragged tensor; received {self!r}. Use to_tensor() for a padded tensor, or "
                "tf.ragged.map_flat_values where rows do not matter."
            )
        return handler(row, arguments)

    def __tf_components__(self) -> Any:
        return self.flat_values

    def __tf_from_components__(self, parts: Any) -> RaggedTensor:
        found: RaggedTensor = rebuilt(self.partitions, parts)
        return found

    def __tf_static__(self) -> Any:
        return self.partitions

    def __reduce__(self) -> Any:
        splits = [partition.splits for partition in self.partitions]
        return RaggedTensor.from_nested_row_splits, (self.flat_values, splits)

    # Set by the modules above this one:
    __getitem__: Callable[[RaggedTensor, Any], Any]
    bounding_shape: Callable[..., Tensor]
    merge_dims: Callable[..., Any]
    to_sparse: Callable[..., Any]
    to_tensor: Callable[..., Tensor]
    from_tensor: Callable[..., RaggedTensor]
    from_sparse: Callable[..., RaggedTensor]


def rebuilt(rows: Sequence[RowPartition], flat_values: Any) -> Any:
    """Return values in rows of rows, the partitions from the outside in."""
    found = flat_values
    for partition in reversed(rows):
        found = RaggedTensor(found, partition)
    return found


def method(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that makes a function a method of ragged tensors."""

    def install(function: Callable[..., Any]) -> Callable[..., Any]:
        setattr(RaggedTensor, name, function)
        return function

    return install


def _text(value: np.ndarray) -> str:
    if not value.size:
        return str(value.tolist())
    return np.array2string(value, separator=", ", formatter={"all": _shown})


def _shown(item: Any) -> str:
    if isinstance(item, np.ndarray):
        return _text(item)
    return str(item) if isinstance(item, np.generic) else repr(item)


def _flatten(ragged: Any) -> tuple[tuple[Any], tuple[RowPartition, ...]]:
    return (ragged.flat_values,), ragged.partitions


def _unflatten(rows: tuple[RowPartition, ...], children: tuple[Any]) -> Any:
    return rebuilt(rows, children[0])


jax.tree_util.register_pytree_node(RaggedTensor, _flatten, _unflatten)
