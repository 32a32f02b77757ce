"""What Classify and Regress take: rows whose features have names, as ``tensorflow.Example`` has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.serving.servables import ServableRequest

Features = Mapping[str, np.ndarray]
"""A one-dimensional array of int64, float32 or objects (``bytes``) a feature."""

_DTYPES: Final = {"b": np.int64, "i": np.int64, "u": np.int64, "f": np.float32}
"""The dtype that a feature has in an example, by the kind of its values."""


class Classification(NamedTuple):
    """One class of a row.

    Args:
        label: its name; empty where the model gives none.
        score: its score; 0 where the model gives none.
    """

    label: str
    score: float


@dataclass(frozen=True)
class ExamplesRequest:
    """A request to classify rows, or to compute a value for each.

    Args:
        target: which model, and which version of it.
        signature_name: empty for the default one.
        examples: the rows.
        context: features that all rows share.
    """

    target: ServableRequest
    signature_name: str
    examples: Sequence[Features]
    context: Features | None


def features_of(values: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the features of a row.

    Args:
        values: a number, a text, bytes, or a list or array of one kind of them, by name.

    Raises:
        InvalidArgumentError: a feature holds something else, several kinds, or an integer beyond int64.
    """
    if not isinstance(values, Mapping):
        raise InvalidArgumentError(f"examples: each must hold values by name; received {type(values).__name__}.")
    return {name: _feature(name, value) for name, value in values.items()}


def _feature(name: str, value: Any) -> np.ndarray:
    array = np.atleast_1d(value if isinstance(value, np.ndarray) else np.asarray(value, object))
    items = array.tolist()
    if array.ndim == 1 and array.dtype.kind in "OSU" and all([isinstance(item, (str, bytes)) for item in items]):
        texts = np.empty(len(items), object)
        texts[:] = [item.encode() if isinstance(item, str) else item for item in items]
        return texts
    try:
        numbers = _numbers(array, items)
        if array.ndim == 1 and numbers.ndim == 1 and numbers.dtype.kind in _DTYPES:
            return numbers.astype(_DTYPES[numbers.dtype.kind])
    except (ValueError, OverflowError):
        pass  # told below
    raise InvalidArgumentError(
        f"feature {name!r}: must be integers of 64 bits, floats, or text and bytes, one or a flat list of one kind; "
        f"received {value!r:.100}."
    )


def _numbers(array: np.ndarray, items: list[Any]) -> np.ndarray:
    if array.dtype.kind in "uiO" and all([isinstance(item, (int, np.integer)) for item in items]):
        return np.array(items, np.int64)
    return array if array.dtype.kind != "O" else np.asarray(items)
