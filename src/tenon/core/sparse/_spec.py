"""What a sparse tensor will look like, as ``tf.SparseTensorSpec``."""

from __future__ import annotations

from typing import Any

from tenon.core._names import export
from tenon.core.sparse._tensor import SparseTensor
from tenon.core.tensors import DType, TensorShape, as_dtype, float32


@export("SparseTensorSpec")
class SparseTensorSpec:
    """The shape and dtype of a sparse tensor that is not there yet.

    Args:
        shape: anything that ``tf.TensorShape`` takes; ``None`` for any shape.
        dtype: anything that ``tf.as_dtype`` takes.

    Example:
        >>> SparseTensorSpec([None, 2], "int32")
        SparseTensorSpec(TensorShape([None, 2]), tf.int32)
    """

    __slots__ = ("_dtype", "_shape")

    def __init__(self, shape: Any = None, dtype: Any = float32) -> None:
        self._shape = TensorShape(shape)
        self._dtype = as_dtype(dtype)

    @classmethod
    def from_value(cls, value: SparseTensor) -> SparseTensorSpec:
        """Return the spec of a sparse tensor."""
        return cls(value.shape, value.dtype)

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def value_type(self) -> type[SparseTensor]:
        """What this is a spec of."""
        return SparseTensor

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Tell whether a sparse tensor, or another spec, could be what this spec describes."""
        return (
            isinstance(spec_or_value, SparseTensor | SparseTensorSpec)
            and spec_or_value.dtype == self._dtype
            and self._shape.is_compatible_with(spec_or_value.shape)
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SparseTensorSpec) and (self._shape, self._dtype) == (other._shape, other._dtype)

    def __hash__(self) -> int:
        return hash((self._shape, self._dtype))

    def __repr__(self) -> str:
        return f"SparseTensorSpec({self._shape!r}, {self._dtype!r})"

    def __reduce__(self) -> Any:
        return SparseTensorSpec, (self._shape, self._dtype)


def _spec_of(value: SparseTensor) -> SparseTensorSpec:
    return SparseTensorSpec.from_value(value)


setattr(SparseTensor, "__tf_spec__", _spec_of)  # noqa: B010  # the class is on a lower module
