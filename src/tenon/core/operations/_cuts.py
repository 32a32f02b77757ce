"""What Python's index expressions mean: a form, which programs are compiled for, and begins, which are data.

    x[i, 2:7, ..., ::-1]   ->   form (INDEX, (5, 1), FULL, (n, -1)),   begins [i, 2, n - 1]

Forms do not hold the places where slices begin, so that a loop over ``x[i]`` runs one program for every ``i``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.tensors import array_of, is_tensor_like, known_difference

NEW: Final = "new"
"""A new dimension of size 1."""
FULL: Final = "full"
"""A whole dimension."""
INDEX: Final = "index"
"""One element of a dimension, which goes; its place is the next of the known begins."""
TRACED: Final = "traced"
"""One element of a dimension, which goes; its place is the next of the scalars that are being traced."""

_INDEX_TYPES: Final = ("int16", "int32", "int64")
_REFUSED: Final = (
    "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 tensors are valid "
    "indices, got {!r}"
)

Part = Any
"""One of the marks above, or ``(size, step)`` for a slice, which begins at the next of the known begins; a slice that
begins at the next of the scalars that are being traced is ``(size, step, TRACED)``."""


class Cut(NamedTuple):
    """An index expression for an array of one shape.

    Attributes:
        form: a part for each dimension, and for each new one.
        begins: where the known parts begin, counted from the front.
        traced: the scalars that are being traced.
    """

    form: tuple[Part, ...]
    begins: list[int]
    traced: list[Any]


def parsed(key: Any, shape: Sequence[int]) -> Cut:
    """Return what an index expression means for an array of ``shape``.

    Raises:
        TypeError: something in it is no index.
        InvalidArgumentError: an index is out of bounds, or there are too many.

    Example:
        >>> parsed((1, slice(None, None, -1)), (2, 3))
        Cut(form=('index', (3, -1)), begins=[1, 2], traced=[])
    """
    items = [plain(item) for item in (key if isinstance(key, tuple | list) else (key,))]
    return cut_of(spread(items, len(shape)), shape)


def cut_of(items: Sequence[Any], shape: Sequence[int]) -> Cut:
    """Return what plain items mean: integers, scalars that are traced, slices of integers, ``None``."""
    cut = Cut((), [], [])
    form: list[Part] = []
    dimension = 0
    for item in items:
        if item is None:
            form.append(NEW)
            continue
        form.append(_part(item, dimension, shape[dimension], cut))
        dimension += 1
    return Cut(tuple(form), cut.begins, cut.traced)


def _part(item: Any, dimension: int, length: int, cut: Cut) -> Part:
    if isinstance(item, slice):
        return _slice_part(item, dimension, length, cut)
    if isinstance(item, int):
        if not -length <= item < length:
            raise InvalidArgumentError(
                f"slice index {item} of dimension {dimension} out of bounds: the size is {length}. [Op:StridedSlice]"
            )
        cut.begins.append(item % length)
        return INDEX
    cut.traced.append(item)
    return TRACED


def _slice_part(item: slice, dimension: int, length: int, cut: Cut) -> Part:
    if item.step == 0:
        raise InvalidArgumentError(f"strides[{dimension}] must be non-zero; received {item}. [Op:StridedSlice]")
    if any(isinstance(end, jax.core.Tracer) for end in (item.start, item.stop, item.step)):
        return _traced_part(item, dimension, length, cut)
    start, stop, step = item.indices(length)
    size = len(range(start, stop, step))
    if (start, size, step) == (0, length, 1):
        return FULL
    cut.begins.append(start if size else 0)
    return size, step


def _traced_part(item: slice, dimension: int, length: int, cut: Cut) -> Part:
    """Return the part of a slice whose ends are computed, if at least its size is known, as in ``x[i : i + 3]``."""
    step = 1 if item.step is None else item.step
    span = None
    if isinstance(item.start, jax.core.Tracer) and isinstance(item.stop, jax.core.Tracer) and isinstance(step, int):
        span = known_difference(item.stop, item.start)
    if not isinstance(span, int) or step < 0 or span > length:
        raise InvalidArgumentError(
            f"The slice of dimension {dimension} ends at a tensor that is computed in the function that is being "
            "traced, so that its size is not known, but XLA compiles for fixed shapes. Write both ends in terms of the "
            "same tensor (`x[i : i + 3]`), or use tf.slice with a fixed size, or tf.gather, or mask what is not wanted."
        )
    cut.traced.append(item.start)
    return max(0, -(-span // step)), step, TRACED


def is_traced(part: Part) -> bool:
    """Tell whether a part begins at one of the scalars that are being traced."""
    return part == TRACED or (isinstance(part, tuple) and part[2:] == (TRACED,))


def spread(items: list[Any], rank: int) -> list[Any]:
    """Put a slice of everything wherever the expression leaves a dimension out."""
    dots = [place for place, item in enumerate(items) if item is Ellipsis]
    if len(dots) > 1:
        raise InvalidArgumentError("Multiple ellipses in slice spec not allowed; write one. [Op:StridedSlice]")
    missing = rank - sum([item is not None and item is not Ellipsis for item in items])
    if missing < 0:
        raise InvalidArgumentError(
            f"Index out of range using input dim {rank}; input has only {rank} dims. [Op:StridedSlice]"
        )
    place = dots[0] if dots else len(items)
    return [*items[:place], *[slice(None)] * missing, *items[place + 1 :]]


def plain(item: Any) -> Any:
    if item is None or item is Ellipsis:
        return item
    if isinstance(item, slice):
        return slice(*[end if end is None else _integer(end) for end in (item.start, item.stop, item.step)])
    return _integer(item)


def _integer(value: Any) -> Any:
    if isinstance(value, int):
        return int(value)
    if isinstance(value, np.integer):
        return int(value)
    array = array_of(value) if is_tensor_like(value) or isinstance(value, np.ndarray) else None
    if array is None or array.ndim or array.dtype.name not in _INDEX_TYPES:
        raise TypeError(_REFUSED.format(value))
    return array if isinstance(array, jax.core.Tracer) else int(array)
