"""Diagonals and bands of matrices, in TensorFlow's compact form.

Several diagonals stand in the rows of one tensor, the highest first; shorter ones are padded on the left or right, as
the alignment says: the first word is for those above the main diagonal, the second for those below.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from tenon.core.operations import operation

_ALIGNMENTS = ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT")


def _bounds(k: Any) -> tuple[int, int]:
    """Return the lowest and the highest diagonal."""
    low, high = (k, k) if isinstance(k, int) else (k[0], k[-1])
    if low > high:
        raise ValueError(f"k: the lower diagonal must not be above the upper one; received {k}.")
    return low, high


def _length(diagonal: Any, rows: int, columns: int) -> Any:
    """Return how long a diagonal (or each of an array of them) of a matrix is."""
    return jnp.minimum(rows + jnp.minimum(diagonal, 0), columns - jnp.maximum(diagonal, 0))


def _longest(low: int, high: int, rows: int, columns: int) -> int:
    if not -rows < low <= high < columns and (rows, columns) != (0, 0):
        raise ValueError(f"k: a matrix of {rows} x {columns} has no diagonals from {low} to {high}.")
    return min(rows + min(high, 0), columns - max(low, 0))


def _padding(diagonal: Any, longest: int, rows: int, columns: int, align: str) -> Any:
    """Return how many places of a diagonal's row stand before its first element."""
    if align not in _ALIGNMENTS:
        raise ValueError(f"align: must be one of {list(_ALIGNMENTS)}; received {align!r}.")
    above, below = (word == "RIGHT" for word in align.split("_"))
    right = jnp.where(diagonal >= 0, above, below)
    return jnp.where(right, longest - _length(diagonal, rows, columns), 0)


def _band(low: int, high: int, rows: int, columns: int, align: str) -> tuple[Any, Any, Any]:
    """Return for each place of a matrix: whether a diagonal covers it, the row of that diagonal, the place there."""
    longest = _longest(low, high, rows, columns)
    i, j = jnp.arange(rows)[:, None], jnp.arange(columns)[None, :]
    diagonal = j - i
    place = jnp.minimum(i, j) + _padding(diagonal, longest, rows, columns, align)
    return (diagonal >= low) & (diagonal <= high), high - diagonal, place


def _spread(diagonal: Any, others: Any, low: int, high: int, rows: int, columns: int, align: str) -> Any:
    """Return matrices with the diagonals where they belong, and ``others`` everywhere else."""
    covered, row, place = _band(low, high, rows, columns, align)
    listed = diagonal if low < high else diagonal[..., None, :]
    count, longest = listed.shape[-2:]
    found = listed[..., jnp.clip(row, 0, count - 1), jnp.clip(place, 0, max(longest - 1, 0))]
    return jnp.where(covered, found, others)


def _diag(diagonal: Any, k: Any, num_rows: int, num_cols: int, padding_value: Any, align: str) -> Any:
    low, high = _bounds(k)
    rows, columns = _sizes(diagonal.shape[-1], low, high, num_rows, num_cols)
    return _spread(diagonal, jnp.asarray(padding_value, diagonal.dtype), low, high, rows, columns, align)


def _sizes(longest: int, low: int, high: int, rows: int, columns: int) -> tuple[int, int]:
    """Return the sizes of the smallest matrix that has such diagonals, with those kept that are given."""
    least_rows, least_columns = longest - min(high, 0), longest + max(low, 0)
    if rows == -1 and columns == -1:
        rows = columns = max(least_rows, least_columns)
    rows = least_rows if rows == -1 else rows
    columns = least_columns if columns == -1 else columns
    if rows < least_rows or columns < least_columns or (rows != least_rows and columns != least_columns):
        raise ValueError(
            f"num_rows, num_cols: a matrix of {rows} x {columns} does not have diagonals of length {longest} from "
            f"{low} to {high}."
        )
    return rows, columns


def _diag_part(matrix: Any, k: Any, padding_value: Any, align: str) -> Any:
    low, high = _bounds(k)
    rows, columns = matrix.shape[-2:]
    longest = _longest(low, high, rows, columns)
    diagonal = jnp.arange(high, low - 1, -1)[:, None]
    place = jnp.arange(longest)[None, :] - _padding(diagonal, longest, rows, columns, align)
    inside = (place >= 0) & (place < _length(diagonal, rows, columns))
    i = jnp.clip(place - jnp.minimum(diagonal, 0), 0, max(rows - 1, 0))
    j = jnp.clip(place + jnp.maximum(diagonal, 0), 0, max(columns - 1, 0))
    found = jnp.where(inside, matrix[..., i, j], jnp.asarray(padding_value, matrix.dtype))
    return found if low < high else found[..., 0, :]


def _set_diag(matrix: Any, diagonal: Any, k: Any, align: str) -> Any:
    low, high = _bounds(k)
    rows, columns = matrix.shape[-2:]
    longest = _longest(low, high, rows, columns)
    wanted = (*matrix.shape[:-2], *([high - low + 1] if low < high else []), longest)
    if diagonal.shape != wanted:
        raise ValueError(f"diagonal: must have shape {list(wanted)}; received {list(diagonal.shape)}.")
    return _spread(diagonal, matrix, low, high, rows, columns, align)


def _band_part(matrix: Any, num_lower: int, num_upper: int) -> Any:
    below = jnp.arange(matrix.shape[-2])[:, None] - jnp.arange(matrix.shape[-1])[None, :]
    kept = ((num_lower < 0) | (below <= num_lower)) & ((num_upper < 0) | (-below <= num_upper))
    return jnp.where(kept, matrix, jnp.zeros((), matrix.dtype))


def _tensor_diag(diagonal: Any) -> Any:
    flat = diagonal.reshape(-1)
    matrix = jnp.where(jnp.eye(flat.shape[0], dtype=bool), flat[:, None], jnp.zeros((), flat.dtype))
    return matrix.reshape(*diagonal.shape, *diagonal.shape)


def _tensor_diag_part(tensor: Any) -> Any:
    half = tensor.ndim // 2
    if tensor.ndim % 2 or tensor.shape[:half] != tensor.shape[half:]:
        raise ValueError(f"input: must have each dimension twice, in order; received shape {list(tensor.shape)}.")
    inner = tensor.shape[:half]
    size = math.prod(inner)
    return jnp.diagonal(tensor.reshape(size, size)).reshape(inner)


def _trace(matrix: Any) -> Any:
    return jnp.trace(matrix, axis1=-2, axis2=-1, dtype=matrix.dtype)


diag = operation(
    "linalg.diag",
    "diagonal: T, name='diag', k=0, num_rows=-1, num_cols=-1, padding_value=0, align='RIGHT_LEFT'",
    _diag,
    "Returns matrices with the given diagonals, the k-th or those from k[0] to k[1].",
    "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], k=(0, 1)",
)
diag_part = operation(
    "linalg.diag_part",
    "input: T, name='diag_part', k=0, padding_value=0, align='RIGHT_LEFT'",
    _diag_part,
    "Returns diagonals of matrices, the k-th or those from k[0] to k[1].",
    "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], k=(-1, 1)",
)
set_diag = operation(
    "linalg.set_diag",
    "input: T, diagonal: T, name='set_diag', k=0, align='RIGHT_LEFT'",
    _set_diag,
    "Returns matrices with other values on their diagonals, the k-th or those from k[0] to k[1].",
    "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [8.0, 9.0]",
)
band_part = operation(
    "linalg.band_part",
    "input: T, num_lower, num_upper",
    _band_part,
    "Returns matrices with zeros outside of a band around the main diagonal; -1 keeps a whole side.",
    "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], 1, 0",
)
tensor_diag = operation(
    "linalg.tensor_diag",
    "diagonal: T",
    _tensor_diag,
    "Returns a tensor of twice the rank with the given diagonal.",
    "[[1.0, 2.0], [3.0, 4.0]]",
)
tensor_diag_part = operation(
    "linalg.tensor_diag_part",
    "input: T",
    _tensor_diag_part,
    "Returns the diagonal of a tensor that has each dimension twice.",
    "[[1.0, 2.0], [3.0, 4.0]]",
)
trace = operation(
    "linalg.trace", "x: T", _trace, "Returns the sums of the main diagonals of matrices.", "[[1.0, 2.0], [3.0, 4.0]]"
)
