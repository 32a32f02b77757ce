"""Sets of numbers or strings, one in each row: ``tf.sets``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tenon.core._names import export
from tenon.core.sparse._tensor import SparseTensor, known_indices
from tenon.core.tensors import Tensor, array_of, as_tensor

Rows = dict[tuple[int, ...], set[Any]]


def _rows(value: Any) -> tuple[Rows, tuple[int, ...], Any]:
    """Return the set of each row, the shape of the rows, and the dtype."""
    if isinstance(value, SparseTensor):
        places, values, outer = known_indices(value), np.asarray(value.values.value), value.sizes[:-1]
    else:
        array = np.asarray(array_of(value))
        places, values, outer = np.argwhere(np.ones(array.shape, bool)), array.ravel(), array.shape[:-1]
    rows: Rows = {place: set() for place in np.ndindex(*outer)}
    for place, item in zip(places[:, :-1].tolist(), values.tolist(), strict=True):
        rows[tuple(place)].add(item)
    return rows, outer, values.dtype


def _combined(a: Any, b: Any, combine: Callable[[set[Any], set[Any]], set[Any]]) -> SparseTensor:
    first, outer, dtype = _rows(a)
    second, others, _ = _rows(b)
    if outer != others:
        raise ValueError(f"sets: all sizes but the last must be equal; received {list(outer)} and {list(others)}.")
    found = {place: sorted(combine(first[place], second[place])) for place in first}
    places = [(*place, column) for place, items in found.items() for column in range(len(items))]
    values = np.empty(len(places), dtype)
    values[:] = [item for items in found.values() for item in items]
    width = max(map(len, found.values()), default=0)
    indices = np.array(places, np.int64).reshape(len(places), len(outer) + 1)
    return SparseTensor(indices, as_tensor(values), [*outer, width])


@export("sets.intersection")
def intersection(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """Return the items that are in both rows, ``tf.sets.intersection``.

    Args:
        a: a tensor or sparse tensor, whose last dimension holds the sets.
        b: another, of the same sizes but the last.
        validate_indices: ignored.

    Raises:
        ValueError: sizes differ.

    Example:
        >>> intersection([[1, 2]], [[2, 3]]).values.numpy().tolist()
        [2]
    """
    del validate_indices
    return _combined(a, b, set.intersection)


@export("sets.union")
def union(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """Return the items that are in either row, ``tf.sets.union``.

    Args:
        a: a tensor or sparse tensor, whose last dimension holds the sets.
        b: another, of the same sizes but the last.
        validate_indices: ignored.

    Raises:
        ValueError: sizes differ.

    Example:
        >>> union([[1, 2]], [[2, 3]]).values.numpy().tolist()
        [1, 2, 3]
    """
    del validate_indices
    return _combined(a, b, set.union)


@export("sets.difference")
def difference(a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True) -> SparseTensor:
    """Return the items that are in one row and not in the other, ``tf.sets.difference``.

    Args:
        a: a tensor or sparse tensor, whose last dimension holds the sets.
        b: another, of the same sizes but the last.
        aminusb: whether the items of ``b`` are taken from those of ``a``, or those of ``a`` from ``b``.
        validate_indices: ignored.

    Raises:
        ValueError: sizes differ.

    Example:
        >>> difference([[1, 2]], [[2, 3]]).values.numpy().tolist()
        [1]
    """
    del validate_indices
    return _combined(*((a, b) if aminusb else (b, a)), set.difference)


@export("sets.size")
def size(a: Any, validate_indices: bool = True) -> Tensor:
    """Return how many different items each row has, ``tf.sets.size``.

    Args:
        a: a sparse tensor, whose last dimension holds the sets.
        validate_indices: ignored.

    Example:
        >>> size(SparseTensor([[0, 0], [0, 1]], [7, 7], [1, 2])).numpy().tolist()
        [1]
    """
    del validate_indices
    rows, outer, _ = _rows(a)
    return as_tensor(np.array([len(items) for items in rows.values()], np.int32).reshape(outer))
