"""From dense to sparse tensors and back."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.operations import fill, gather_nd, scatter_nd, tensor_scatter_nd_update
from tenon.core.sparse._tensor import SparseTensor, as_sparse, known_indices, linear, unraveled
from tenon.core.tensors import Tensor, array_of, as_dtype, as_tensor, bool_, constant_value, convert_to_tensor, float32


@export("sparse.from_dense")
def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """Return the elements of a tensor that are not zero, ``tf.sparse.from_dense``.

    Args:
        tensor: a tensor whose values are known.
        name: ignored.

    Raises:
        InvalidArgumentError: the values are computed in a function that is being traced.

    Example:
        >>> from_dense([0, 7, 0]).indices.numpy().tolist()
        [[1]]
    """
    del name
    found = convert_to_tensor(tensor)
    if isinstance(found.value, jax.core.Tracer):
        raise InvalidArgumentError(
            "tf.sparse.from_dense: how many elements are not zero is not known while a function is traced, and XLA "
            "compiles for fixed shapes; call it outside of the function."
        )
    array = np.asarray(found.value)
    places = np.argwhere(array != b"" if array.dtype == object else array != 0).astype(np.int64)
    return SparseTensor(places, gather_nd(found, places), array.shape)


@export("sparse.to_dense")
def to_dense(
    sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: str | None = None
) -> Tensor:
    """Return a sparse tensor with all elements, ``tf.sparse.to_dense``.

    Args:
        sp_input: a sparse tensor.
        default_value: what stands where there is no element; ``None`` for zero or an empty string.
        validate_indices: whether the order of the places is checked, where they are known.
        name: ignored.

    Raises:
        InvalidArgumentError: places are out of bounds, out of order or repeated.

    Example:
        >>> to_dense(SparseTensor([[1]], [7], [3]), -1).numpy().tolist()
        [-1, 7, -1]
    """
    del name
    sparse = as_sparse(sp_input)
    if not isinstance(sparse.indices.value, jax.core.Tracer):
        _check(sparse, validate_indices)
    if sparse.dtype.name == "string":
        return _dense_strings(sparse, default_value)
    if default_value is None and not sparse.dtype.is_bool:
        dense: Tensor = scatter_nd(sparse.indices, sparse.values, list(sparse.sizes))
        return dense
    default = convert_to_tensor(False if default_value is None else default_value, dtype=sparse.dtype)
    filled: Tensor = tensor_scatter_nd_update(fill(list(sparse.sizes), default), sparse.indices, sparse.values)
    return filled


def _check(sparse: SparseTensor, ordered: bool) -> None:
    places = known_indices(sparse)
    if ((places < 0) | (places >= np.array(sparse.sizes))).any():
        raise InvalidArgumentError(
            f"indices: out of bounds of the shape {list(sparse.sizes)}; received {places.tolist()}."
        )
    numbers = linear(places, sparse.sizes)
    if ordered and (np.diff(numbers) <= 0).any():
        raise InvalidArgumentError(
            f"indices: out of order or repeated; received {places.tolist()}. Many sparse operations require sorted "
            "indices: use tf.sparse.reorder."
        )


def _dense_strings(sparse: SparseTensor, default_value: Any) -> Tensor:
    dense = np.full(sparse.sizes, array_of(default_value or "").item(), object)
    dense[tuple(known_indices(sparse).T)] = np.asarray(sparse.values.value)
    return as_tensor(dense)


@export("sparse.eye")
def eye(num_rows: Any, num_columns: Any = None, dtype: Any = float32, name: str | None = None) -> SparseTensor:
    """Return a matrix with ones on its diagonal, ``tf.sparse.eye``.

    Args:
        num_rows: the number of rows.
        num_columns: the number of columns; ``None`` for that of rows.
        dtype: of the ones.
        name: ignored.

    Example:
        >>> to_dense(eye(2, 3)).numpy().tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    del name
    rows = constant_value(num_rows)
    columns = rows if num_columns is None else constant_value(num_columns)
    places = np.repeat(np.arange(min(rows, columns), dtype=np.int64)[:, None], 2, axis=1)
    return SparseTensor(places, np.ones(len(places), as_dtype(dtype).dtype), [rows, columns])


@export("sparse.to_indicator")
def to_indicator(sp_input: Any, vocab_size: Any, name: str | None = None) -> Tensor:
    """Return for each row which numbers are among its elements, ``tf.sparse.to_indicator``.

    Args:
        sp_input: a sparse tensor of int32 or int64.
        vocab_size: numbers are below it; it becomes the last dimension.
        name: ignored.

    Raises:
        InvalidArgumentError: a number is not below ``vocab_size``.

    Example:
        >>> to_indicator(SparseTensor([[0, 0], [0, 1]], [2, 0], [1, 2]), 3).numpy().tolist()
        [[True, False, True]]
    """
    del name
    sparse, size = as_sparse(sp_input), constant_value(vocab_size)
    places = known_indices(sparse).copy()
    numbers = np.asarray(sparse.values.value)
    if ((numbers < 0) | (numbers >= size)).any():
        raise InvalidArgumentError(f"sp_input: numbers must be below vocab_size={size}; received {numbers.tolist()}.")
    places[:, -1] = numbers
    sizes = (*sparse.sizes[:-1], size)
    once = unraveled(np.unique(linear(places, sizes)), sizes)
    return to_dense(SparseTensor(once, np.ones(len(once), bool_.dtype), sizes), False)
