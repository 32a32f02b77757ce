"""Sparse tensors with other places: reordered, cut, joined, seen in another shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.operations import IndexedSlices, concat, gather
from tenon.core.sparse._tensor import SparseTensor, as_sparse, known_indices, linear, unraveled
from tenon.core.tensors import Tensor, array_of, as_tensor, constant_value


def chosen(sparse: SparseTensor, rows: np.ndarray, indices: np.ndarray, sizes: Sequence[int]) -> SparseTensor:
    """Return some of the elements, in new places."""
    return SparseTensor(indices[rows], gather(sparse.values, rows), sizes)


def in_order(sparse: SparseTensor) -> SparseTensor:
    """Return the elements in row-major order."""
    places = known_indices(sparse)
    numbers = linear(places, sparse.sizes)
    if (np.diff(numbers) >= 0).all():
        return sparse
    return chosen(sparse, np.argsort(numbers, kind="stable"), places, sparse.sizes)


def axis_of(axis: Any, rank: int) -> int:
    """Return an axis counted from the front.

    Raises:
        ValueError: there is no such axis.
    """
    number = int(constant_value(axis))
    if not -rank <= number < rank:
        raise ValueError(f"axis={number} out of bounds: expected {-rank}<=axis<{rank}")
    return number % rank


@export("sparse.reorder")
def reorder(sp_input: Any, name: str | None = None) -> SparseTensor:
    """Return the elements in row-major order, ``tf.sparse.reorder``.

    Args:
        sp_input: a sparse tensor.
        name: ignored.

    Example:
        >>> reorder(SparseTensor([[1], [0]], [7, 8], [2])).values.numpy().tolist()
        [8, 7]
    """
    del name
    return in_order(as_sparse(sp_input))


@export("sparse.reshape")
def reshape(sp_input: Any, shape: Any, name: str | None = None) -> SparseTensor:
    """Return the elements in a tensor of another shape, ``tf.sparse.reshape``.

    Args:
        sp_input: a sparse tensor.
        shape: sizes, of which one may be -1.
        name: ignored.

    Raises:
        InvalidArgumentError: the shape has another number of elements.

    Example:
        >>> reshape(SparseTensor([[1, 0]], [7], [2, 2]), [4]).indices.numpy().tolist()
        [[2]]
    """
    del name
    sparse, sizes = as_sparse(sp_input), list(constant_value(shape))
    count = int(np.prod(sparse.sizes))
    if -1 in sizes:
        rest = int(np.prod([size for size in sizes if size != -1]))
        sizes[sizes.index(-1)] = count // rest if rest else 0
    if int(np.prod(sizes)) != count:
        raise InvalidArgumentError(f"shape: input has {count} dense values, but {sizes} has {int(np.prod(sizes))}.")
    return SparseTensor(unraveled(linear(known_indices(sparse), sparse.sizes), sizes), sparse.values, sizes)


@export("sparse.slice")
def slice_(sp_input: Any, start: Any, size: Any, name: str | None = None) -> SparseTensor:
    """Return a block, ``tf.sparse.slice``.

    Args:
        sp_input: a sparse tensor.
        start: where the block begins in each dimension.
        size: how large it is; it ends with the tensor at the latest.
        name: ignored.

    Example:
        >>> slice_(SparseTensor([[0], [2]], [7, 8], [3]), [1], [5]).indices.numpy().tolist()
        [[1]]
    """
    del name
    sparse = as_sparse(sp_input)
    begins = np.array(constant_value(start), np.int64)
    sizes = np.maximum(np.minimum(begins + np.array(constant_value(size), np.int64), sparse.sizes) - begins, 0)
    moved = known_indices(sparse) - begins
    inside = ((moved >= 0) & (moved < sizes)).all(axis=1)
    return chosen(sparse, np.flatnonzero(inside), moved, sizes.tolist())


@export("sparse.split")
def split(sp_input: Any = None, num_split: Any = None, axis: Any = None, name: str | None = None) -> list[SparseTensor]:
    """Return parts along an axis, the first ones larger by one where they do not divide, ``tf.sparse.split``.

    Args:
        sp_input: a sparse tensor.
        num_split: how many parts.
        axis: along which dimension.
        name: ignored.

    Raises:
        ValueError: an argument is missing, or there are more parts than the dimension is long.

    Example:
        >>> [part.sizes for part in split(SparseTensor([[0]], [7], [3]), 2, 0)]
        [(2,), (1,)]
    """
    del name
    if sp_input is None or num_split is None or axis is None:
        raise ValueError("sp_input, num_split and axis are required.")
    sparse, count = as_sparse(sp_input), int(constant_value(num_split))
    place = axis_of(axis, len(sparse.sizes))
    small, larger = divmod(sparse.sizes[place], count)
    if not small and larger < count:
        raise ValueError(f"num_split: there are more parts than the dimension is long; received {count}.")
    ends = np.cumsum([small + (part < larger) for part in range(count)]).tolist()
    begin = [0] * len(sparse.sizes)
    parts = []
    for first, end in zip([0, *ends], ends, strict=False):
        begin[place] = first
        sizes = list(sparse.sizes)
        sizes[place] = end - first
        parts.append(slice_(sparse, begin, sizes))
    return parts


@export("sparse.concat")
def concat_(axis: Any, sp_inputs: Any, expand_nonconcat_dims: bool = False, name: str | None = None) -> SparseTensor:
    """Return sparse tensors one after the other along an axis, ``tf.sparse.concat``.

    Args:
        axis: along which dimension.
        sp_inputs: sparse tensors of one rank.
        expand_nonconcat_dims: whether other sizes may differ; the largest is taken.
        name: ignored.

    Raises:
        InvalidArgumentError: other sizes differ.

    Example:
        >>> concat_(0, [SparseTensor([[0]], [7], [1]), SparseTensor([[0]], [8], [1])]).indices.numpy().tolist()
        [[0], [1]]
    """
    del name
    inputs = [as_sparse(value) for value in sp_inputs]
    place = axis_of(axis, len(inputs[0].sizes))
    along = [sparse.sizes[place] for sparse in inputs]
    others = {(*sparse.sizes[:place], *sparse.sizes[place + 1 :]) for sparse in inputs}
    if len(others) > 1 and not expand_nonconcat_dims:
        raise InvalidArgumentError(
            f"sp_inputs: sizes other than along axis {place} must match; received {sorted(others)}."
        )
    sizes = np.max([sparse.sizes for sparse in inputs], axis=0)
    sizes[place] = sum(along)
    moved = []
    for sparse, begin in zip(inputs, np.cumsum([0, *along[:-1]]), strict=True):
        places = known_indices(sparse).copy()
        places[:, place] += begin
        moved.append(places)
    values = concat([sparse.values for sparse in inputs], 0)
    return in_order(SparseTensor(np.concatenate(moved), values, sizes.tolist()))


@export("sparse.expand_dims")
def expand_dims(sp_input: Any, axis: Any = None, name: str | None = None) -> SparseTensor:
    """Return a tensor with a dimension of size 1 more, ``tf.sparse.expand_dims``.

    Args:
        sp_input: a sparse tensor.
        axis: where; the default is the last.
        name: ignored.

    Example:
        >>> expand_dims(SparseTensor([[1]], [7], [2]), 0).sizes
        (1, 2)
    """
    del name
    sparse = as_sparse(sp_input)
    place = axis_of(-1 if axis is None else axis, len(sparse.sizes) + 1)
    sizes = [*sparse.sizes[:place], 1, *sparse.sizes[place:]]
    return SparseTensor(np.insert(known_indices(sparse), place, 0, axis=1), sparse.values, sizes)


@export("sparse.transpose")
def transpose(sp_input: Any, perm: Any = None, name: str | None = None) -> SparseTensor:
    """Return the tensor with its dimensions in another order, ``tf.sparse.transpose``.

    Args:
        sp_input: a sparse tensor.
        perm: the dimensions in their new order; the default turns them around.
        name: ignored.

    Example:
        >>> transpose(SparseTensor([[1, 0]], [7], [2, 3])).indices.numpy().tolist()
        [[0, 1]]
    """
    del name
    sparse = as_sparse(sp_input)
    order = list(range(len(sparse.sizes)))[::-1] if perm is None else list(constant_value(perm))
    sizes = [sparse.sizes[place] for place in order]
    return in_order(SparseTensor(known_indices(sparse)[:, order], sparse.values, sizes))


@export("sparse.retain")
def retain(sp_input: Any, to_retain: Any) -> SparseTensor:
    """Return the elements that are to stay, ``tf.sparse.retain``.

    Args:
        sp_input: a sparse tensor.
        to_retain: for each element whether it stays.

    Raises:
        ValueError: there is not one bool for each element.

    Example:
        >>> retain(SparseTensor([[0], [1]], [7, 8], [2]), [False, True]).values.numpy().tolist()
        [8]
    """
    sparse, kept = as_sparse(sp_input), np.asarray(array_of(to_retain))
    if kept.shape != (sparse.values.shape[0],):
        raise ValueError(f"to_retain: must have one value for each element; received shape {list(kept.shape)}.")
    return chosen(sparse, np.flatnonzero(kept), known_indices(sparse), sparse.sizes)


@export("sparse.reset_shape")
def reset_shape(sp_input: Any, new_shape: Any = None) -> SparseTensor:
    """Return the same elements in a tensor of another size, ``tf.sparse.reset_shape``.

    Args:
        sp_input: a sparse tensor.
        new_shape: sizes, none smaller than before; the default is the smallest that holds all elements.

    Raises:
        ValueError: it has another rank, or a size is smaller.

    Example:
        >>> reset_shape(SparseTensor([[0]], [7], [5])).sizes
        (1,)
    """
    sparse = as_sparse(sp_input)
    places = known_indices(sparse)
    if new_shape is None:
        return SparseTensor(places, sparse.values, (places.max(axis=0, initial=-1) + 1).tolist())
    sizes = list(constant_value(new_shape))
    if len(sizes) != len(sparse.sizes) or any([new < old for new, old in zip(sizes, sparse.sizes, strict=True)]):
        raise ValueError(f"new_shape: must be at least {list(sparse.sizes)}; received {sizes}.")
    return SparseTensor(places, sparse.values, sizes)


@export("sparse.fill_empty_rows")
def fill_empty_rows(sp_input: Any, default_value: Any, name: str | None = None) -> tuple[SparseTensor, Tensor]:
    """Return a matrix with an element in each row, and which rows had none, ``tf.sparse.fill_empty_rows``.

    Args:
        sp_input: a sparse matrix.
        default_value: what goes into the first column of rows without an element.
        name: ignored.

    Example:
        >>> fill_empty_rows(SparseTensor([[1, 1]], [7], [2, 2]), 5)[0].values.numpy().tolist()
        [5, 7]
    """
    del name
    sparse = as_sparse(sp_input)
    places = known_indices(sparse)
    empty = np.bincount(places[:, 0], minlength=sparse.sizes[0]) == 0
    added = np.zeros((int(empty.sum()), places.shape[1]), np.int64)
    added[:, 0] = np.flatnonzero(empty)
    default = array_of(default_value, sparse.dtype)
    values = concat([sparse.values, as_tensor(np.full(len(added), default, default.dtype))], 0)
    return in_order(SparseTensor(np.concatenate([places, added]), values, sparse.sizes)), as_tensor(empty)


@export("sparse.map_values")
def map_values(op: Callable[..., Any], *args: Any, **kwargs: Any) -> SparseTensor:
    """Return what a function gives for the elements, in the same places, ``tf.sparse.map_values``.

    Args:
        op: a function that gets the values of sparse tensors in their places.
        *args: its arguments.
        **kwargs: its arguments by name.

    Raises:
        ValueError: no argument is sparse, or their places differ.

    Example:
        >>> map_values(lambda x: x * 2, SparseTensor([[0]], [7], [1])).values.numpy().tolist()
        [14]
    """
    found = [value for value in (*args, *kwargs.values()) if isinstance(value, SparseTensor)]
    if not found:
        raise ValueError("No SparseTensor in argument list of map_values")
    same = [sparse.sizes == found[0].sizes and _same_places(sparse, found[0]) for sparse in found]
    if not all(same):
        raise ValueError("map_values: all sparse tensors must have the same places.")
    given = [value.values if isinstance(value, SparseTensor) else value for value in args]
    named = {key: value.values if isinstance(value, SparseTensor) else value for key, value in kwargs.items()}
    return found[0].with_values(op(*given, **named))


def _same_places(x: SparseTensor, y: SparseTensor) -> bool:
    return x.indices is y.indices or np.array_equal(known_indices(x), known_indices(y))


@export("sparse.mask")
def mask(a: Any, mask_indices: Any, name: str | None = None) -> IndexedSlices:
    """Return slices without those of some indices, ``tf.sparse.mask``.

    Args:
        a: ``tf.IndexedSlices``.
        mask_indices: indices of slices to leave out.
        name: ignored.

    Example:
        >>> mask(IndexedSlices(as_tensor(np.eye(2)), as_tensor(np.array([4, 6]))), [4]).indices.numpy().tolist()
        [6]
    """
    del name
    kept = np.flatnonzero(~np.isin(np.asarray(array_of(a.indices)), np.asarray(array_of(mask_indices))))
    return IndexedSlices(gather(a.values, kept), gather(a.indices, kept), a.dense_shape)
