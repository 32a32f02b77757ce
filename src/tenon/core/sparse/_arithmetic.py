"""Sparse tensors added, compared, reduced and multiplied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.operations import (
    concat,
    conj,
    divide,
    exp,
    expand_dims,
    gather,
    multiply,
    ones_like,
    reshape,
    subtract,
    tensor_scatter_nd_add,
    transpose,
    unsorted_segment_max,
    unsorted_segment_sum,
    where,
)
from tenon.core.operations import (
    maximum as larger,
)
from tenon.core.operations import (
    minimum as smaller,
)
from tenon.core.operations import (
    reduce_sum as reduce_sum_of,
)
from tenon.core.sparse._places import axis_of
from tenon.core.sparse._tensor import SparseTensor, as_sparse, known_indices, linear, unraveled
from tenon.core.tensors import Tensor, constant_value, convert_to_tensor

Binary = Callable[[Any, Any], Any]


def _together(a: SparseTensor, b: SparseTensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the places where either has an element, in order, and which of those each element is in.

    Raises:
        InvalidArgumentError: the shapes differ.
    """
    if a.sizes != b.sizes:
        raise InvalidArgumentError(f"Operands' shapes do not match: got {list(a.sizes)} and {list(b.sizes)}.")
    numbers = [linear(known_indices(sparse), a.sizes) for sparse in (a, b)]
    union, found = np.unique(np.concatenate(numbers), return_inverse=True)
    return unraveled(union, a.sizes), found[: len(numbers[0])], found[len(numbers[0]) :]


@export("sparse.add")
def add(a: Any, b: Any, threshold: Any = 0) -> Any:
    """Return the sum of two tensors of which at least one is sparse, ``tf.sparse.add``.

    Args:
        a: a sparse tensor or a tensor.
        b: another.
        threshold: sums of two sparse tensors whose magnitude is below it are left out.

    Returns:
        A sparse tensor where both are sparse, and else a tensor.

    Raises:
        TypeError: none is sparse.
        InvalidArgumentError: their shapes differ.

    Example:
        >>> sparse = SparseTensor([[1]], [7], [2])
        >>> add(sparse, sparse).values.numpy().tolist(), add(sparse, [1, 1]).numpy().tolist()
        ([14], [1, 8])
    """
    if not isinstance(a, SparseTensor) and not isinstance(b, SparseTensor):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    if isinstance(a, SparseTensor) and isinstance(b, SparseTensor):
        return _sum(a, b, threshold)
    sparse, dense = (a, b) if isinstance(a, SparseTensor) else (b, a)
    return tensor_scatter_nd_add(convert_to_tensor(dense, sparse.dtype), sparse.indices, sparse.values)


def _sum(a: SparseTensor, b: SparseTensor, threshold: Any) -> SparseTensor:
    places, of_a, of_b = _together(a, b)
    values = unsorted_segment_sum(concat([a.values, b.values], 0), np.concatenate([of_a, of_b]), len(places))
    least = constant_value(threshold)
    if not least:
        return SparseTensor(places, values, a.sizes)
    kept = np.flatnonzero(np.abs(values.numpy()) >= least)
    return SparseTensor(places[kept], gather(values, kept), a.sizes)


def _by_element(function: Binary, a: Any, b: Any) -> SparseTensor:
    x, y = as_sparse(a), as_sparse(b)
    places, of_x, of_y = _together(x, y)
    spread = [unsorted_segment_sum(s.values, found, len(places)) for s, found in ((x, of_x), (y, of_y))]
    return SparseTensor(places, function(*spread), x.sizes)


@export("sparse.maximum")
def maximum(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
    """Return the larger of each two elements, where either is stored, ``tf.sparse.maximum``.

    Args:
        sp_a: a sparse tensor.
        sp_b: another of the same shape.
        name: ignored.

    Example:
        >>> maximum(SparseTensor([[0]], [-7], [2]), SparseTensor([[1]], [8], [2])).values.numpy().tolist()
        [0, 8]
    """
    del name
    return _by_element(larger, sp_a, sp_b)


@export("sparse.minimum")
def minimum(sp_a: Any, sp_b: Any, name: str | None = None) -> SparseTensor:
    """Return the smaller of each two elements, where either is stored, ``tf.sparse.minimum``.

    Args:
        sp_a: a sparse tensor.
        sp_b: another of the same shape.
        name: ignored.

    Example:
        >>> minimum(SparseTensor([[0]], [-7], [2]), SparseTensor([[1]], [8], [2])).values.numpy().tolist()
        [-7, 0]
    """
    del name
    return _by_element(smaller, sp_a, sp_b)


def _kept_axes(sparse: SparseTensor, axis: Any) -> list[int]:
    rank = len(sparse.sizes)
    if axis is None:
        return []
    given = constant_value(axis)
    gone = {axis_of(place, rank) for place in (given if isinstance(given, list) else [given])}
    return [place for place in range(rank) if place not in gone]


def _numbers(sparse: SparseTensor, kept: list[int]) -> Any:
    """Return for each element its place among the dimensions that stay, as one number."""
    strides = np.zeros(len(sparse.sizes), np.int64)
    sizes = [sparse.sizes[place] for place in kept]
    strides[kept] = [int(np.prod(sizes[place + 1 :])) for place in range(len(sizes))]
    return reduce_sum_of(multiply(sparse.indices, strides), 1)


def _reduced(segments: Any, sp_input: Any, axis: Any, keepdims: Any, output_is_sparse: bool) -> Any:
    sparse = as_sparse(sp_input)
    kept = _kept_axes(sparse, axis)
    sizes = [sparse.sizes[place] for place in kept]
    shape = [sparse.sizes[p] if p in kept else 1 for p in range(len(sparse.sizes))] if keepdims else sizes
    if output_is_sparse:
        numbers = linear(known_indices(sparse)[:, kept], sizes)
        places, found = np.unique(numbers, return_inverse=True)
        return SparseTensor(unraveled(places, shape), segments(sparse.values, found, len(places)), shape)
    numbers, count = _numbers(sparse, kept), int(np.prod(sizes))
    full = unsorted_segment_sum(ones_like(numbers), numbers, count)
    found = segments(sparse.values, numbers, count)
    return reshape(where(full > 0, found, ones_like(found) - ones_like(found)), shape)


@export("sparse.reduce_sum")
def reduce_sum(
    sp_input: Any, axis: Any = None, keepdims: Any = None, output_is_sparse: bool = False, name: str | None = None
) -> Any:
    """Return sums over axes, ``tf.sparse.reduce_sum``.

    Args:
        sp_input: a sparse tensor.
        axis: an axis, several, or ``None`` for all.
        keepdims: whether the axes stay, with the size 1.
        output_is_sparse: whether the result is sparse.
        name: ignored.

    Example:
        >>> reduce_sum(SparseTensor([[0, 1], [1, 0]], [7, 8], [2, 2]), 1).numpy().tolist()
        [7, 8]
    """
    del name
    return _reduced(unsorted_segment_sum, sp_input, axis, keepdims, output_is_sparse)


@export("sparse.reduce_max")
def reduce_max(
    sp_input: Any, axis: Any = None, keepdims: Any = None, output_is_sparse: bool = False, name: str | None = None
) -> Any:
    """Return the largest of the stored elements over axes; zero where there is none, ``tf.sparse.reduce_max``.

    Args:
        sp_input: a sparse tensor.
        axis: an axis, several, or ``None`` for all.
        keepdims: whether the axes stay, with the size 1.
        output_is_sparse: whether the result is sparse.
        name: ignored.

    Example:
        >>> reduce_max(SparseTensor([[0, 1], [0, 0]], [-7, -8], [2, 2]), 1).numpy().tolist()
        [-7, 0]
    """
    del name
    return _reduced(unsorted_segment_max, sp_input, axis, keepdims, output_is_sparse)


@export("sparse.softmax")
def softmax(sp_input: Any, name: str | None = None) -> SparseTensor:
    """Return the softmax over the last dimension, of stored elements only, ``tf.sparse.softmax``.

    Args:
        sp_input: a sparse tensor of two dimensions or more.
        name: ignored.

    Example:
        >>> softmax(SparseTensor([[0, 0], [1, 1]], [7.0, 8.0], [2, 2])).values.numpy().tolist()
        [1.0, 1.0]
    """
    del name
    sparse = as_sparse(sp_input)
    kept = list(range(len(sparse.sizes) - 1))
    rows, count = _numbers(sparse, kept), int(np.prod(sparse.sizes[:-1]))
    top = gather(unsorted_segment_max(sparse.values, rows, count), rows)
    raised = exp(subtract(sparse.values, top))
    return sparse.with_values(divide(raised, gather(unsorted_segment_sum(raised, rows, count), rows)))


@export("sparse.sparse_dense_matmul")
def sparse_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Tensor:
    """Return the product of a sparse and a dense matrix, in either order, ``tf.sparse.sparse_dense_matmul``.

    Args:
        sp_a: a sparse matrix (or a dense one, where ``b`` is sparse).
        b: a dense matrix.
        adjoint_a: whether the first is transposed and conjugated.
        adjoint_b: whether the second is.
        name: ignored.

    Raises:
        InvalidArgumentError: the inner sizes differ.

    Example:
        >>> sparse_dense_matmul(SparseTensor([[0, 1]], [2.0], [1, 2]), [[1.0], [3.0]]).numpy().tolist()
        [[6.0]]
    """
    del name
    if isinstance(b, SparseTensor) and not isinstance(sp_a, SparseTensor):
        swapped: Tensor = _adjoint(sparse_dense_matmul(b, sp_a, not adjoint_b, not adjoint_a))
        return swapped
    sparse = as_sparse(sp_a)
    dense = convert_to_tensor(b, dtype_hint=sparse.dtype)
    dense = _adjoint(dense) if adjoint_b else dense
    rows, columns = (1, 0) if adjoint_a else (0, 1)
    if sparse.sizes[columns] != dense.shape[0]:
        raise InvalidArgumentError(
            f"Cannot multiply A and B because inner dimension does not match: {sparse.sizes[columns]} vs. "
            f"{dense.shape[0]}. Did you forget a transpose?"
        )
    values = conj(sparse.values) if adjoint_a else sparse.values
    products = multiply(expand_dims(values, 1), gather(dense, sparse.indices[:, columns]))
    total: Tensor = unsorted_segment_sum(products, sparse.indices[:, rows], sparse.sizes[rows])
    return total


def _adjoint(matrix: Any) -> Any:
    return conj(transpose(matrix, [1, 0]))
