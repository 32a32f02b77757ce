"""How far two answers are apart. Stateless; tells numbers about values, never the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

_EXACT_KINDS = "biuOSU"
_FLOAT_KINDS = "fc"


@dataclass(frozen=True, slots=True)
class Difference:
    """What is different in one output.

    Args:
        output: its name.
        reason: ``missing``, ``unexpected``, ``dtype``, ``shape`` or ``values``.
        detail: dtypes or shapes, if it is they that differ.
        max_absolute: the largest difference of two values; ``inf`` where only one of them is finite.
        max_relative: the largest difference as a part of the expected magnitude.
        fraction: which part of the values is different.
    """

    output: str
    reason: str
    detail: str = ""
    max_absolute: float | None = None
    max_relative: float | None = None
    fraction: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON-able dict, without what is not known; infinity is a text."""
        known = {name: value for name, value in asdict(self).items() if value not in (None, "")}
        return {name: "Infinity" if value == float("inf") else value for name, value in known.items()}


def compare(
    expected: Mapping[str, np.ndarray],
    actual: Mapping[str, np.ndarray],
    relative_tolerance: float,
    absolute_tolerance: float,
) -> tuple[Difference, ...]:
    """Return the outputs that differ: in presence, dtype, shape, or values.

    Floats agree within ``absolute_tolerance + relative_tolerance * |expected|``, NaN with NaN and infinity with itself;
    all other values must be equal.

    Args:
        expected: the outputs that the client got.
        actual: the outputs to compare with them.
        relative_tolerance: see above.
        absolute_tolerance: see above.

    Example:
        >>> compare({"y": np.float32([1, 2])}, {"y": np.float32([1, 2.5])}, 0.01, 0)[0].to_json()
        {'output': 'y', 'reason': 'values', 'max_absolute': 0.5, 'max_relative': 0.25, 'fraction': 0.5}
    """
    found = [Difference(name, "missing") for name in expected.keys() - actual.keys()]
    found += [Difference(name, "unexpected") for name in actual.keys() - expected.keys()]
    for name in expected.keys() & actual.keys():
        difference = _difference(name, expected[name], actual[name], relative_tolerance, absolute_tolerance)
        if difference is not None:
            found.append(difference)
    return tuple(sorted(found, key=lambda difference: difference.output))


def _difference(name: str, expected: np.ndarray, actual: np.ndarray, rtol: float, atol: float) -> Difference | None:
    if expected.dtype != actual.dtype:
        return Difference(name, "dtype", f"{expected.dtype.name} became {actual.dtype.name}")
    if expected.shape != actual.shape:
        return Difference(name, "shape", f"{expected.shape} became {actual.shape}")
    if expected.dtype.kind in _EXACT_KINDS:
        return _unequal(name, expected, actual)
    if expected.dtype.kind not in _FLOAT_KINDS:  # bfloat16 and the like
        expected, actual = expected.astype(np.float64), actual.astype(np.float64)
    close = np.isclose(actual, expected, rtol, atol, equal_nan=True)
    return None if close.all() else _distances(name, expected, actual, ~close)


def _unequal(name: str, expected: np.ndarray, actual: np.ndarray) -> Difference | None:
    wrong = np.asarray(expected != actual)
    if not wrong.any():
        return None
    if expected.dtype.kind in "iu":
        return _distances(name, expected.astype(np.float64), actual.astype(np.float64), wrong)
    return Difference(name, "values", fraction=float(wrong.mean()))


def _distances(name: str, expected: np.ndarray, actual: np.ndarray, wrong: np.ndarray) -> Difference:
    with np.errstate(all="ignore"):
        distances = np.abs(actual[wrong].astype(np.complex128) - expected[wrong])
        relative = distances / np.abs(expected[wrong])
    return Difference(
        name, "values", "", _largest(distances), _largest(relative), float(np.count_nonzero(wrong) / wrong.size)
    )


def _largest(values: np.ndarray) -> float:
    """Return the largest value; what is no number comes of infinities and NaN, and counts as infinite."""
    return float(np.nan_to_num(values, nan=np.inf, posinf=np.inf).max())
