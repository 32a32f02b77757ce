"""How features of examples are read, ``tf.io.FixedLenFeature`` and its kin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from tenon.core._names import export
from tenon.core.tensors import int32


@export("io.FixedLenFeature")
class FixedLenFeature(NamedTuple):
    """A feature with as many values in every example, read as a tensor, ``tf.io.FixedLenFeature``.

    Attributes:
        shape: the sizes.
        dtype: float32, int64 or string.
        default_value: what stands for a feature that is not there; ``None`` where it must be there.
    """

    shape: Any
    dtype: Any
    default_value: Any = None


@export("io.FixedLenSequenceFeature")
class FixedLenSequenceFeature(NamedTuple):
    """A feature with some rows of one shape, read as a tensor that is padded to the longest.

    Attributes:
        shape: the sizes of one row.
        dtype: float32, int64 or string.
        allow_missing: whether an example may be without it; must be true in ``parse_example``.
        default_value: what rows are padded with; ``None`` for 0 or an empty string.
    """

    shape: Any
    dtype: Any
    allow_missing: bool = False
    default_value: Any = None


@export("io.VarLenFeature")
class VarLenFeature(NamedTuple):
    """A feature with any number of values, read as a sparse tensor, ``tf.io.VarLenFeature``.

    Attributes:
        dtype: float32, int64 or string.
    """

    dtype: Any


@export("io.SparseFeature")
class SparseFeature(NamedTuple):
    """Two or more features that are the indices and the values of a sparse tensor, ``tf.io.SparseFeature``.

    Attributes:
        index_key: the name of the feature of indices, or a list of them, one for each dimension.
        value_key: the name of the feature of values.
        dtype: float32, int64 or string.
        size: how many indices are possible, or a list of such numbers.
        already_sorted: whether the indices rise.
    """

    index_key: Any
    value_key: str
    dtype: Any
    size: Any
    already_sorted: bool = False


class RowSplits(NamedTuple):
    """Where rows end and the next begin, with 0 in front."""

    key: str


class RowLengths(NamedTuple):
    """How long rows are."""

    key: str


class RowStarts(NamedTuple):
    """Where rows begin."""

    key: str


class RowLimits(NamedTuple):
    """Where rows end."""

    key: str


class ValueRowIds(NamedTuple):
    """To which row each value belongs."""

    key: str


class UniformRowLength(NamedTuple):
    """How long every row is."""

    length: int


@export("io.RaggedFeature")
@dataclass(frozen=True)
class RaggedFeature:
    """A feature with any number of values, read as a ragged tensor, ``tf.io.RaggedFeature``.

    Attributes:
        dtype: float32, int64 or string.
        value_key: the name of the feature of values; ``None`` for the key of this feature.
        partitions: how the values are cut into rows, outside in: ``RaggedFeature.RowSplits(key)``,
            ``RowLengths``, ``RowStarts``, ``RowLimits``, ``ValueRowIds`` or ``UniformRowLength(length)``.
        row_splits_dtype: int32 or int64.
        validate: whether to check that the partitions fit; they are always checked.
    """

    dtype: Any
    value_key: str | None = None
    partitions: Sequence[Any] = ()
    row_splits_dtype: Any = int32
    validate: bool = False

    RowSplits: ClassVar = RowSplits
    RowLengths: ClassVar = RowLengths
    RowStarts: ClassVar = RowStarts
    RowLimits: ClassVar = RowLimits
    ValueRowIds: ClassVar = ValueRowIds
    UniformRowLength: ClassVar = UniformRowLength
