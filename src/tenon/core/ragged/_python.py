"""Ragged tensors of nested lists of Python."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np

from tenon.core._names import export
from tenon.core.operations import reshape
from tenon.core.ragged._partition import RowPartition
from tenon.core.ragged._tensor import rebuilt
from tenon.core.tensors import as_dtype
from tenon.core.tensors import constant as dense_constant


@export("ragged.constant")
def constant(
    pylist: Any,
    dtype: Any = None,
    ragged_rank: int | None = None,
    inner_shape: Any = None,
    name: str | None = None,
    row_splits_dtype: Any = "int64",
) -> Any:
    """Return nested lists, whose lengths may differ, as a ragged tensor, ``tf.ragged.constant``.

    Args:
        pylist: a list of lists, or of arrays; all scalars must be at one depth. A scalar or a plain list is a tensor.
        dtype: of the elements; ``None`` for their own.
        ragged_rank: how many dimensions are ragged; ``None`` for all but the innermost ones of ``inner_shape``.
        inner_shape: the shape of the innermost values, which all have; ``None`` for what ``ragged_rank`` leaves.
        name: ignored.
        row_splits_dtype: int32 or int64.

    Raises:
        ValueError: scalars are at different depths, or lengths differ in dimensions that are not ragged.

    Example:
        >>> constant([[1, 2], [], [3]])
        <tf.RaggedTensor [[1, 2], [], [3]]>
    """
    del name
    depth = _scalar_depth(pylist)
    levels = _nesting(pylist) if depth is None else depth
    if inner_shape is None and ragged_rank is None:
        cut = max(levels - 1, 0)
    elif inner_shape is None:
        cut = int(ragged_rank or 0)
    else:
        inner_shape = [int(size) for size in np.atleast_1d(inner_shape)]
        cut = levels - 1 - len(inner_shape) if ragged_rank is None else ragged_rank
    if not 0 <= cut <= max(levels - 1, 0) and depth is not None:
        raise ValueError(f"ragged_rank: invalid for a pylist with {levels} levels; received {ragged_rank}.")
    rows, flat = _taken_apart(pylist, cut, as_dtype(row_splits_dtype).dtype)
    kind = dtype if dtype is not None else None
    values = dense_constant(_plain(flat), kind)
    if cut and inner_shape is not None:
        values = reshape(values, [len(flat), *inner_shape])
    return rebuilt(rows, values)


def _plain(values: Any) -> Any:
    if isinstance(values, list) and values and all([isinstance(item, np.ndarray | np.generic) for item in values]):
        return np.array(values)
    return values


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _scalar_depth(value: Any) -> int | None:
    """Return how deep scalars are; ``None`` where there are none.

    Raises:
        ValueError: they are at different depths.
    """
    if not _is_list(value):
        return 0
    depths = {depth for depth in map(_scalar_depth, value) if depth is not None}
    if len(depths) > 1 or (depths and max(map(_nesting, value)) > max(depths)):
        raise ValueError("all scalar values must have the same nesting depth")
    return depths.pop() + 1 if depths else None


def _nesting(value: Any) -> int:
    return 1 + max(map(_nesting, value), default=0) if _is_list(value) else 0


def _taken_apart(value: Any, depth: int, dtype: Any) -> tuple[list[RowPartition], Any]:
    rows: list[RowPartition] = []
    items = list(value) if depth else value
    for _ in range(depth):
        rows.append(RowPartition.of_lengths(np.fromiter(map(len, items), np.int64, len(items)), None, dtype.type))
        items = list(_chained(items))
    return rows, items


def _chained(items: Any) -> Iterator[Any]:
    return chain.from_iterable(items)
