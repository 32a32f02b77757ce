"""Whether two contenders computed the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def disagreements(values: Mapping[str, Sequence[float]], tolerance: float, trusted: Sequence[str]) -> dict[str, str]:
    """Return why contenders are out: their values are not those of the first trusted one that has any.

    Args:
        values: of each contender.
        tolerance: how far apart they may be, as a share of the largest value.
        trusted: whose values are right, in this order.
    """
    reference = next((name for name in trusted if name in values), None)
    if reference is None:
        return {}
    want = np.asarray(values[reference])
    found = {name: _difference(np.asarray(have), want) for name, have in values.items()}
    return {
        name: f"computes something else than {reference}: {difference:.2g} of the largest value apart"
        for name, difference in found.items()
        if not difference <= tolerance
    }


def _difference(have: np.ndarray, want: np.ndarray) -> float:
    if have.shape != want.shape:
        return float("inf")
    return float(np.abs(have - want).max() / max(np.abs(want).max(), 1e-12))
