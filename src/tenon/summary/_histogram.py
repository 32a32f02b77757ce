"""Histograms by TensorFlow's rules."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenon.base import InvalidArgumentError

DEFAULT_BUCKETS = 30
"""Number of buckets where the caller names none, as in ``tf.summary.histogram``."""

_Array = NDArray[np.float64]


def histogram_buckets(values: Any, buckets: int = DEFAULT_BUCKETS) -> _Array:
    """Count values into buckets of equal width, as ``tf.summary.histogram`` does.

    A bucket holds its left edge and not its right one; the last holds both. Without values all rows are zero. With one
    distinct value every edge is that value and the last bucket counts all. One NaN makes every edge NaN and every
    count zero, so that a diverged run is seen. Infinities are counted in the outermost buckets of the finite values
    (TensorFlow's edges become infinite there and the finite values are lost).

    Args:
        values: an array of any shape and any dtype that converts to float64.
        buckets: number of buckets, at least 1.

    Returns:
        float64 of shape ``[buckets, 3]``: left edge, right edge, count.

    Raises:
        InvalidArgumentError: ``buckets`` is less than 1.

    Example:
        >>> histogram_buckets([0.0, 0.4, 1.0], buckets=2).tolist()
        [[0.0, 0.5, 2.0], [0.5, 1.0, 1.0]]
    """
    if buckets < 1:
        raise InvalidArgumentError(f"buckets: must be at least 1; received {buckets}.")
    flat = np.asarray(values).astype(np.float64).ravel()
    finite = flat[np.isfinite(flat)]
    if flat.size == 0:
        return np.zeros((buckets, 3))
    if np.isnan(flat).any() or finite.size == 0:
        return np.tile(np.array([np.nan, np.nan, 0.0]), (buckets, 1))
    low, high = float(finite.min()), float(finite.max())
    return _one_value(low, flat.size, buckets) if low == high else _many_values(flat, low, high, buckets)


def _one_value(value: float, count: int, buckets: int) -> _Array:
    rows = np.tile(np.array([value, value, 0.0]), (buckets, 1))
    rows[-1, 2] = count
    return rows


def _many_values(flat: _Array, low: float, high: float, buckets: int) -> _Array:
    edges = _edges(low, high, buckets)
    index = np.clip(_position(flat, low, high, buckets), 0, buckets - 1).astype(np.int64)
    counts = np.bincount(index, minlength=buckets).astype(np.float64)
    return np.stack([edges[:-1], edges[1:], counts], axis=1)


def _position(flat: _Array, low: float, high: float, buckets: int) -> _Array:
    """Return the bucket of every value, still a float: ``floor(offset / width)`` as TensorFlow computes it."""
    scale = 1.0 if np.isfinite(high - low) else 0.5
    offsets = flat * scale - low * scale
    span = high * scale - low * scale
    width = span / buckets
    return np.floor(offsets / width) if width else np.floor(offsets / span * buckets)


def _edges(low: float, high: float, buckets: int) -> _Array:
    share = np.arange(buckets + 1) / buckets
    edges = low * (1 - share) + high * share
    edges[0], edges[-1] = low, high
    return edges
