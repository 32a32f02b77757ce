"""Whether two engines answer the same. Stateless."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TOLERANCES = {8: 1e-6, 4: 1e-4, 2: 2e-2}
"""How far floats may lie apart, by the bytes of one: a part of the value plus a part of the largest value in its array.

Sums taken in another order differ by a few units in the last place of the largest term; what lies beyond these bounds
is another computation.
"""


def tolerance(dtype: np.dtype) -> float:
    """Return the relative tolerance for a dtype; 0 for what must be equal.

    Args:
        dtype: of an output.

    Example:
        >>> tolerance(np.dtype("float32")), tolerance(np.dtype("int32"))
        (0.0001, 0.0)
    """
    if dtype.kind in "biuOSU":
        return 0.0
    return TOLERANCES[min(8, dtype.itemsize // (2 if dtype.kind == "c" else 1))] if dtype.itemsize > 1 else 0.0


def agree(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> bool:
    """Return whether answers agree.

    Shapes, dtypes, integers and infinities must be equal, NaN in the same places, floats within the tolerance.

    Args:
        one: the outputs of one engine.
        other: the outputs of the other.

    Example:
        >>> agree([np.float32([1, np.nan])], [np.float32([1.00001, np.nan])])
        True
        >>> agree([np.float32([1, np.nan])], [np.float32([1, 2])])
        False
    """
    return len(one) == len(other) and all(_same(*pair) for pair in zip(one, other, strict=True))


def largest_difference(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> float:
    """Return how far the finite floats of two answers lie apart at most, as a part of the largest value of their array.

    Args:
        one: the outputs of one engine.
        other: the outputs of the other, of the same shapes.

    Example:
        >>> largest_difference([np.float32([4, 2])], [np.float32([4, 3])])
        0.25
    """
    pairs = [pair for pair in zip(one, other, strict=True) if pair[0].dtype.kind not in "OSU"]
    return max((_difference(*pair) for pair in pairs), default=0.0)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    allowed = tolerance(one.dtype)
    if not allowed:
        return bool(np.array_equal(one, other))
    one, other = one.astype(np.complex128), other.astype(np.complex128)
    return bool(np.allclose(one, other, rtol=allowed, atol=allowed * _scale(one), equal_nan=True))


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one.astype(np.complex128), other.astype(np.complex128)
    both = np.isfinite(one) & np.isfinite(other)
    apart = float(np.abs(one[both] - other[both]).max(initial=0.0))
    return apart / (_scale(one) or 1.0)


def _scale(array: np.ndarray) -> float:
    return float(np.abs(array[np.isfinite(array)]).max(initial=0.0))
