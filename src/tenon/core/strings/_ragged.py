"""From rows of strings, each of its own length, to what TensorFlow returns for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tenon.core.ragged import RaggedTensor
from tenon.core.tensors import Tensor


def outer_splits(shape: Sequence[int]) -> list[np.ndarray]:
    """Return the splits of all dimensions but the first, whose rows all have one length.

    Example:
        >>> [splits.tolist() for splits in outer_splits((2, 3))]
        [[0, 3, 6]]
    """
    counts = np.cumprod(shape)
    return [
        np.arange(0, counts[place] + 1, size) if size else np.zeros(counts[place - 1] + 1, np.int64)
        for place, size in enumerate(shape)
        if place
    ]


def assembled(values: Tensor, *splits: Tensor) -> Any:
    """Return values with the splits of their rows, outside in; without splits, the values."""
    if not splits:
        return values
    return RaggedTensor.from_nested_row_splits(values, splits)
