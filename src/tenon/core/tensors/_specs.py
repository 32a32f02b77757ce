"""What a tensor will look like, as ``tf.TensorSpec``."""

from __future__ import annotations

from typing import Any

from tenon.core._names import export
from tenon.core.tensors._convert import convert_to_tensor
from tenon.core.tensors._dtypes import DType, as_dtype, float32
from tenon.core.tensors._shapes import TensorShape


class TensorSpec:
    """The shape, dtype and name of a tensor that is not there yet.

    Args:
        shape: anything that ``tf.TensorShape`` takes; ``None`` for any shape.
        dtype: anything that ``tf.as_dtype`` takes.
        name: the name of the argument, or ``None``.

    Raises:
        TypeError: there is no such dtype, or a size is not an integer.

    Example:
        >>> spec = TensorSpec([None, 2], "float32", "x")
        >>> spec, spec.is_compatible_with([[1.0, 2.0]])
        (TensorSpec(shape=(None, 2), dtype=tf.float32, name='x'), True)
    """

    __slots__ = ("_dtype", "_name", "_shape")

    def __init__(self, shape: Any, dtype: Any = float32, name: str | None = None) -> None:
        self._shape = TensorShape(shape)
        self._dtype = as_dtype(dtype)
        self._name = name

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> TensorSpec:
        """Return the spec of anything that has a shape and a dtype."""
        return cls(spec.shape, spec.dtype, name or getattr(spec, "name", None))

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """Return the spec of a tensor or variable."""
        return cls(tensor.shape, tensor.dtype, name)

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape."""
        return self._shape

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._dtype

    @property
    def name(self) -> str | None:
        """The name of the argument, or ``None``."""
        return self._name

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Tell whether a tensor, a value that becomes one, or another spec could be what this spec describes."""
        if not hasattr(spec_or_value, "shape") or not hasattr(spec_or_value, "dtype"):
            spec_or_value = convert_to_tensor(spec_or_value, dtype_hint=self._dtype)
        same = as_dtype(spec_or_value.dtype) == self._dtype
        return same and self._shape.is_compatible_with(spec_or_value.shape)

    def is_subtype_of(self, other: Any) -> bool:
        """Tell whether everything that this spec describes is described by ``other`` too."""
        return (
            isinstance(other, TensorSpec)
            and self._dtype == other._dtype
            and self._shape.most_specific_compatible_shape(other._shape) == other._shape
        )

    def most_specific_compatible_type(self, other: TensorSpec) -> TensorSpec:
        """Return the narrowest spec that describes both.

        Raises:
            ValueError: the dtypes differ.
        """
        if self._dtype != other._dtype:
            raise ValueError(f"No TypeSpec is compatible with both {self} and {other}: their dtypes differ.")
        return TensorSpec(self._shape.most_specific_compatible_shape(other._shape), self._dtype, self._name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        return self._shape, self._dtype, self._name

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"

    def __reduce__(self) -> Any:
        return TensorSpec, (self._shape, self._dtype, self._name)


@export("type_spec_from_value")
def type_spec_from_value(value: Any) -> Any:
    """Return the spec of a value, ``tf.type_spec_from_value``.

    Args:
        value: a tensor, variable, ragged or sparse tensor, or what becomes a tensor.

    Raises:
        TypeError, ValueError: it becomes no tensor.

    Example:
        >>> type_spec_from_value([1.0, 2.0])
        TensorSpec(shape=(2,), dtype=tf.float32, name=None)
    """
    if hasattr(type(value), "__tf_spec__"):
        return value.__tf_spec__()
    return TensorSpec.from_tensor(value if hasattr(value, "shape") else convert_to_tensor(value))
