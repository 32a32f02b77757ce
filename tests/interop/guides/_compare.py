"""Compare the results of two libraries: integers, texts and shapes exactly, floats within a tolerance."""

from __future__ import annotations

from collections.abc import Iterator

import ml_dtypes
import numpy as np

TOLERANCE = {"float64": 1e-9, "complex128": 1e-9, "float16": 4e-3, "bfloat16": 3e-2}
"""The finest that makes sense: a double has to be one, four steps of a half may lie between two orders of summation."""

USUAL_TOLERANCE = 1e-5


def differences(theirs: object, ours: object, name: str = "") -> Iterator[str]:
    """Yield a line for each entry that is missing, of another kind or too far away."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        yield from _of_dictionaries(theirs, ours, name)
    elif isinstance(theirs, list) and isinstance(ours, list):
        yield from _of_lists(theirs, ours, name)
    elif _kind(theirs) != _kind(ours):
        yield f"{name}: TensorFlow gives {_kind(theirs)} {_short(theirs)}, and not {_kind(ours)} {_short(ours)}"
    elif not _equal(theirs, ours):
        yield f"{name}: TensorFlow gives {_short(theirs)}, and not {_short(ours)}"


def _of_dictionaries(theirs: dict, ours: dict, name: str) -> Iterator[str]:
    for key in [*theirs, *(key for key in ours if key not in theirs)]:
        inner = f"{name}[{key}]" if name else key
        if key not in theirs or key not in ours:
            yield f"{inner}: only {'TensorFlow' if key in theirs else 'Tenon'} has it"
        else:
            yield from differences(theirs[key], ours[key], inner)


def _of_lists(theirs: list, ours: list, name: str) -> Iterator[str]:
    if len(theirs) != len(ours):
        yield f"{name}: TensorFlow gives {len(theirs)} parts {_short(theirs)}, and not {len(ours)} {_short(ours)}"
        return
    for position, (their_part, our_part) in enumerate(zip(theirs, ours, strict=True)):
        yield from differences(their_part, our_part, f"{name}[{position}]")


def _kind(value: object) -> str:
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        return f"{array.dtype.name}{list(array.shape)}"
    return type(value).__name__


def _equal(theirs: object, ours: object) -> bool:
    if isinstance(theirs, frozenset):  # What catches TensorFlow's error has to catch ours, which may have more parents.
        return theirs <= ours if theirs else not ours
    if isinstance(theirs, float):
        return bool(np.isclose(ours, theirs, USUAL_TOLERANCE, USUAL_TOLERANCE, equal_nan=True))
    if isinstance(theirs, np.ndarray | np.generic):
        return _equal_arrays(np.asarray(theirs), np.asarray(ours))
    return bool(theirs == ours)


def _equal_arrays(theirs: np.ndarray, ours: np.ndarray) -> bool:
    if theirs.dtype.kind not in "fc" and theirs.dtype != ml_dtypes.bfloat16:
        return np.array_equal(theirs, ours)
    tolerance = TOLERANCE.get(theirs.dtype.name, USUAL_TOLERANCE)
    wide = np.complex128 if theirs.dtype.kind == "c" else np.float64
    return np.allclose(ours.astype(wide), theirs.astype(wide), tolerance, tolerance, equal_nan=True)


def _short(value: object) -> str:
    text = " ".join(repr(sorted(value) if isinstance(value, frozenset) else value).split())
    return text if len(text) <= 160 else f"{text[:157]}..."
