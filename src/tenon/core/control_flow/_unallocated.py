"""Buffers of which only the number of rows is known: what a ``tf.TensorArray`` is before the first write.

Such a buffer has no elements, and a shape that no tensor has by chance. Where control flow finds that a real one comes
out for it, it puts zeros in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from tenon.core.tensors import TensorShape, unknown_shape

_MARK: Final = (0, 1, 0, 1, 0, 1, 0)


def unallocated(rows: int, dtype: np.dtype) -> np.ndarray:
    """Return a buffer whose rows have no shape yet.

    Example:
        >>> is_unallocated(unallocated(3, np.dtype("float32")))
        True
    """
    return np.zeros((rows, *_MARK), dtype)


def is_unallocated(array: Any) -> bool:
    """Tell whether an array is a buffer whose rows have no shape yet."""
    return tuple(array.shape[1:]) == _MARK


def row_shape(buffer: Any) -> TensorShape:
    """Return what is known of the shape of a buffer's rows."""
    return unknown_shape() if is_unallocated(buffer) else TensorShape(buffer.shape[1:])


def with_rows(buffer: Any, shape: Sequence[int] | None) -> Any:
    """Return a buffer whose rows have a shape: zeros where they had none."""
    if not is_unallocated(buffer):
        return buffer
    if shape is None:
        raise ValueError(
            "TensorArray: nothing was written before and the shape of the tensors is not known; write first, or pass "
            "element_shape."
        )
    return np.zeros((buffer.shape[0], *shape), buffer.dtype)


def allocated(before: Sequence[Any], after: Sequence[Any]) -> list[Any]:
    """Return arrays that enter a loop, with zeros for unallocated ones where allocated ones come out."""
    return [
        np.zeros(new.shape, new.dtype) if is_unallocated(old) and not is_unallocated(new) else old
        for old, new in zip(before, after, strict=True)
    ]
