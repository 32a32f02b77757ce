"""The sparse tensor: elements and their places in a tensor that is zero elsewhere. ``tf.SparseTensor``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import NAMES, export
from tenon.core.operations import Operation, broadcast_to, divide, gather_nd, multiply
from tenon.core.tensors import (
    DType,
    Tensor,
    TensorShape,
    array_of,
    as_tensor,
    convert_to_tensor,
    int64,
    is_tensor_like,
)

_OF_VALUES: Final = frozenset(
    {
        *("math.abs", "math.negative", "math.sign", "math.square", "math.sqrt", "math.erf", "math.tanh", "math.sin"),
        *("math.tan", "math.asin", "math.asinh", "math.atan", "math.atanh", "math.sinh", "math.expm1", "math.log1p"),
        *("math.floor", "math.ceil", "math.rint", "math.round", "math.conj", "math.real", "math.imag"),
        *("math.special.bessel_i0e", "dtypes.cast", "dtypes.saturate_cast", "identity", "zeros_like", "ones_like"),
        *("nn.relu", "nn.relu6", "nn.elu", "nn.softsign", "stop_gradient"),
    }
)
"""Operations that a sparse tensor takes: they are computed of its values."""


@export("sparse.SparseTensor", "SparseTensor")
class SparseTensor:
    """A tensor of which only some elements are stored, as ``tf.SparseTensor``.

    Args:
        indices: int64 ``[count, rank]``: the place of each element.
        values: ``[count]``: the elements.
        dense_shape: int64 ``[rank]``: the shape; known also in a function that is being traced.

    Raises:
        ValueError: there is not one place for each element, or places and shape differ in rank.

    Example:
        >>> sparse = SparseTensor([[0, 1]], [7], [2, 3])
        >>> sparse.shape, sparse.values.numpy().tolist()
        (TensorShape([2, 3]), [7])
    """

    __slots__ = ("__weakref__", "_indices", "_shape", "_values")

    __array_priority__ = 101

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        self._indices = convert_to_tensor(indices, dtype=None if is_tensor_like(indices) else int64)
        self._values = convert_to_tensor(values)
        self._shape = _host_shape(dense_shape)
        places, count = self._indices.shape.as_list(), self._values.shape.as_list()
        if len(places) != 2 or len(count) != 1 or places[0] != count[0] or places[1] != len(self._shape):
            raise ValueError(
                f"SparseTensor: needs indices [count, rank], values [count] and dense_shape [rank]; received shapes "
                f"{places}, {count} and {[len(self._shape)]}."
            )

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """Return a sparse tensor of anything with indices, values and dense_shape."""
        value = sparse_tensor_value
        return value if isinstance(value, SparseTensor) else cls(value.indices, value.values, value.dense_shape)

    @property
    def indices(self) -> Tensor:
        """The place of each element, ``[count, rank]``."""
        return self._indices

    @property
    def values(self) -> Tensor:
        """The elements, ``[count]``."""
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        """The shape, as a tensor."""
        return as_tensor(np.array(self._shape, np.int64))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape, on the host."""
        return self._shape

    @property
    def shape(self) -> TensorShape:
        """The shape."""
        return TensorShape(self._shape)

    def get_shape(self) -> TensorShape:
        """Return the shape."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Check that the shape is as stated.

        Raises:
            ValueError: it is not.
        """
        if not self.shape.is_compatible_with(shape):
            raise ValueError(f"SparseTensor's shape {self.shape} is not compatible with {TensorShape(shape)}.")

    @property
    def dtype(self) -> DType:
        """The type of the elements."""
        return self._values.dtype

    def with_values(self, new_values: Any) -> SparseTensor:
        """Return other elements in the same places.

        Raises:
            ValueError: there is not one for each place.
        """
        return SparseTensor(self._indices, new_values, self._shape)

    def __mul__(self, other: Any) -> Any:
        return self._beside(multiply, other)

    def __truediv__(self, other: Any) -> Any:
        return self._beside(divide, other)

    def _beside(self, function: Callable[[Any, Any], Any], dense: Any) -> Any:
        """Compute with the elements of a tensor that are in the same places."""
        if isinstance(dense, SparseTensor):
            return NotImplemented
        other = as_tensor(array_of(dense, None, self.dtype))
        picked = other if not other.ndim else gather_nd(broadcast_to(other, self._shape), self._indices)
        return self.with_values(function(self._values, picked))

    def __repr__(self) -> str:
        return f"SparseTensor(indices={self._indices!s}, values={self._values!s}, dense_shape={self.dense_shape!s})"

    def __tf_dispatch__(self, row: Operation, arguments: Mapping[str, Any]) -> Any:
        """Return what an operation is for a sparse tensor.

        Raises:
            TypeError: it is nothing.
        """
        first, *others = arguments.items()
        if row.name not in _OF_VALUES or first[1] is not self:
            raise TypeError(f"tf.{row.name}: takes no sparse tensor; use tf.sparse, or tf.sparse.to_dense.")
        return self.with_values(NAMES[row.name](**{first[0]: self._values}, **dict(others)))

    def __tf_components__(self) -> Any:
        return [self._indices, self._values]

    def __tf_from_components__(self, parts: Any) -> SparseTensor:
        return _assembled(self._shape, parts)

    def __tf_static__(self) -> Any:
        return self._shape

    def __reduce__(self) -> Any:
        return SparseTensor, (self._indices, self._values, self._shape)


def _host_shape(value: Any) -> tuple[int, ...]:
    if isinstance(value, TensorShape):
        value = value.as_list()
    array = array_of(value, None, None if hasattr(value, "dtype") else int64)
    if isinstance(array, jax.core.Tracer):
        raise InvalidArgumentError(
            "dense_shape: must be known when a function is traced, because XLA compiles for fixed shapes; received a "
            "tensor that is computed in the function. Give numbers of Python, or the shape of a tensor."
        )
    return tuple([int(size) for size in np.asarray(array).ravel().tolist()])


def _assembled(shape: tuple[int, ...], parts: Any) -> SparseTensor:
    """Return a sparse tensor of parts that need no check: JAX passes placeholders through."""
    found = SparseTensor.__new__(SparseTensor)
    found._indices, found._values = parts
    found._shape = shape
    return found


def _flatten(sparse: SparseTensor) -> tuple[tuple[Any, Any], tuple[int, ...]]:
    return (sparse.indices, sparse.values), sparse.sizes


jax.tree_util.register_pytree_node(SparseTensor, _flatten, _assembled)


def as_sparse(value: Any) -> SparseTensor:
    """Return a sparse tensor.

    Raises:
        TypeError: it is none.
    """
    if isinstance(value, SparseTensor):
        return value
    if hasattr(value, "indices") and hasattr(value, "dense_shape"):
        return SparseTensor.from_value(value)
    raise TypeError(f"Input must be a SparseTensor; received {value!r}.")


def known_indices(sparse: SparseTensor) -> np.ndarray:
    """Return the places on the host.

    Raises:
        InvalidArgumentError: they are arguments of a function that is being traced.
    """
    array = sparse.indices.value
    if isinstance(array, jax.core.Tracer):
        raise InvalidArgumentError(
            "SparseTensor: how many elements come out depends on the places of those that go in, which are not known "
            "while a function is traced, and XLA compiles for fixed shapes. Call it outside of the function."
        )
    return np.asarray(array)


def linear(indices: np.ndarray, sizes: Any) -> np.ndarray:
    """Return each place as one number, in row-major order."""
    strides = np.append(np.cumprod(np.array(sizes, np.int64)[::-1])[::-1], 1)[1:]
    return indices @ strides  # type: ignore[no-any-return]


def unraveled(numbers: np.ndarray, sizes: Any) -> np.ndarray:
    """Return places of numbers in row-major order."""
    if not len(sizes):
        return np.zeros((len(numbers), 0), np.int64)
    return np.stack(np.unravel_index(numbers, tuple(sizes)), axis=1).astype(np.int64)
