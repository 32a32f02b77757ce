"""Some slices of a tensor along its first dimension, and where they belong: ``tf.IndexedSlices``."""

from __future__ import annotations

from typing import Any

from tenon.core._names import export
from tenon.core.operations._arithmetic import negative
from tenon.core.operations._arrays import expand_dims
from tenon.core.operations._scatter import scatter_nd
from tenon.core.tensors import (
    DType,
    Tensor,
    TensorShape,
    array_of,
    as_dtype,
    constant_value,
    convert_to_tensor,
    int32,
)


@export("IndexedSlices")
class IndexedSlices:
    """Slices of a larger tensor that is zero elsewhere, as ``tf.IndexedSlices``.

    Args:
        values: the slices, of shape ``[count, ...]``.
        indices: where each belongs in the first dimension, of shape ``[count]``; slices that meet are added.
        dense_shape: the shape of the larger tensor, or ``None`` where it is not known.

    Attributes:
        values: as given.
        indices: as given.
        dense_shape: as given.

    Example:
        >>> convert_to_tensor(IndexedSlices([[1, 2], [3, 4]], [2, 2], [3, 2])).numpy().tolist()
        [[0, 0], [0, 0], [4, 6]]
    """

    __slots__ = ("__weakref__", "dense_shape", "indices", "values")

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self.values = values
        self.indices = indices
        self.dense_shape = dense_shape

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return as_dtype(array_of(self.values).dtype)

    @property
    def shape(self) -> TensorShape:
        """The shape of the larger tensor, as far as it is known."""
        return TensorShape(None if self.dense_shape is None else constant_value(self.dense_shape))

    @property
    def device(self) -> str:
        """TensorFlow's name of the device that holds the slices."""
        return convert_to_tensor(self.values).device

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Tensor:
        """Return the larger tensor.

        Raises:
            ValueError: its shape is not known.
        """
        del name
        if self.dense_shape is None:
            raise ValueError(
                f"IndexedSlices: a tensor of it needs its dense_shape, which is not known; received {self}. Give it."
            )
        places = expand_dims(convert_to_tensor(self.indices, dtype_hint=int32), -1)
        dense: Tensor = scatter_nd(places, convert_to_tensor(self.values, dtype), self.dense_shape)
        return dense

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(negative(self.values), self.indices, self.dense_shape)

    def __repr__(self) -> str:
        shape = "" if self.dense_shape is None else f", dense_shape={self.dense_shape}"
        return f"IndexedSlices(indices={self.indices}, values={self.values}{shape})"
