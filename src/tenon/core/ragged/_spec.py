"""What a ragged tensor will look like, as ``tf.RaggedTensorSpec``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tenon.core._names import export
from tenon.core.ragged._joining import stack
from tenon.core.ragged._tensor import RaggedTensor, method
from tenon.core.tensors import DType, Tensor, TensorShape, as_dtype, convert_to_tensor, float32, int64


@export("RaggedTensorSpec")
class RaggedTensorSpec:
    """The shape, dtype and ragged rank of a ragged tensor that is not there yet.

    Args:
        shape: anything that ``tf.TensorShape`` takes.
        dtype: anything that ``tf.as_dtype`` takes.
        ragged_rank: how many dimensions are cut into rows; ``None`` for all but one.
        row_splits_dtype: int32 or int64.
        flat_values_spec: a spec of the innermost values, or ``None``.

    Raises:
        ValueError: the ragged rank does not fit the shape, or cannot be known.

    Example:
        >>> RaggedTensorSpec([None, None], "int32")
        RaggedTensorSpec(TensorShape([None, None]), tf.int32, 1, tf.int64)
    """

    __slots__ = ("_dtype", "_flat_values_spec", "_ragged_rank", "_row_splits_dtype", "_shape")

    def __init__(
        self,
        shape: Any = None,
        dtype: Any = float32,
        ragged_rank: int | None = None,
        row_splits_dtype: Any = int64,
        flat_values_spec: Any = None,
    ) -> None:
        self._shape = TensorShape(shape)
        self._dtype = as_dtype(dtype)
        self._row_splits_dtype = as_dtype(row_splits_dtype)
        self._flat_values_spec = flat_values_spec
        rank = self._shape.rank
        if ragged_rank is None and rank is None:
            raise ValueError("Must specify ragged_rank or a shape with a known rank.")
        self._ragged_rank = ragged_rank if ragged_rank is not None else (rank or 0) - 1
        if rank is not None and self._ragged_rank >= rank:
            raise ValueError(f"ragged_rank ({self._ragged_rank}) must be less than rank ({rank}).")

    @classmethod
    def from_value(cls, value: RaggedTensor) -> RaggedTensorSpec:
        """Return the spec of a ragged tensor."""
        return cls(value.shape, value.dtype, value.ragged_rank, as_dtype(value.partition.splits.dtype))

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def ragged_rank(self) -> int:
        """How many dimensions are cut into rows."""
        return self._ragged_rank

    @property
    def row_splits_dtype(self) -> DType:
        """The type of the splits."""
        return self._row_splits_dtype

    @property
    def flat_values_spec(self) -> Any:
        """The spec of the innermost values, or ``None``."""
        return self._flat_values_spec

    @property
    def value_type(self) -> type:
        """What this is a spec of."""
        return RaggedTensor if self._ragged_rank else Tensor

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Tell whether a ragged tensor, or another spec, could be what this spec describes."""
        found = RaggedTensorSpec.from_value(spec_or_value) if isinstance(spec_or_value, RaggedTensor) else spec_or_value
        return (
            isinstance(found, RaggedTensorSpec)
            and (found.dtype, found.ragged_rank, found.row_splits_dtype)
            == (self._dtype, self._ragged_rank, self._row_splits_dtype)
            and self._shape.is_compatible_with(found.shape)
        )

    def __tf_stack__(self, rows: Sequence[Any]) -> RaggedTensor:
        """Return results of this kind as the rows of one ragged tensor."""
        stacked: RaggedTensor = stack([_of_dtype(row, self._dtype) for row in rows])
        return stacked

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RaggedTensorSpec) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        return self._shape, self._dtype, self._ragged_rank, self._row_splits_dtype, self._flat_values_spec

    def __repr__(self) -> str:
        flat = "" if self._flat_values_spec is None else f", {self._flat_values_spec}"
        shown = f"{self._shape!r}, {self._dtype!r}, {self._ragged_rank}, {self._row_splits_dtype!r}"
        return f"RaggedTensorSpec({shown}{flat})"

    def __reduce__(self) -> Any:
        return RaggedTensorSpec, self._key()


@method("__tf_spec__")
def _spec_of(value: RaggedTensor) -> RaggedTensorSpec:
    return RaggedTensorSpec.from_value(value)


def _of_dtype(row: Any, dtype: DType) -> Any:
    if isinstance(row, RaggedTensor) and row.dtype == dtype:
        return row
    return convert_to_tensor(row, dtype)  # names both dtypes where they differ
