"""Arrays of ``bytes`` objects: what tensors of strings wrap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError


def filled(values: Sequence[bytes], shape: Sequence[int]) -> np.ndarray:
    """Return an array of strings in row-major order.

    Example:
        >>> filled([b"a", b"b"], (1, 2)).tolist()
        [[b'a', b'b']]
    """
    array = np.empty(len(values), object)
    array[:] = values
    return array.reshape(shape)


def mapped(function: Callable[[bytes], bytes], array: np.ndarray) -> np.ndarray:
    """Return the strings that a function makes of each string.

    Example:
        >>> mapped(bytes.upper, filled([b"a"], ())).tolist()
        b'A'
    """
    return filled([function(value) for value in array.ravel().tolist()], array.shape)


def numbered(function: Callable[[bytes], Any], array: np.ndarray, dtype: Any) -> np.ndarray:
    """Return the numbers that a function makes of each string.

    Example:
        >>> numbered(len, filled([b"ab"], (1,)), np.int32).tolist()
        [2]
    """
    return np.array([function(value) for value in array.ravel().tolist()], dtype).reshape(array.shape)


def choice(argument: str, value: Any, choices: Mapping[str, Any]) -> Any:
    """Return what a word of an argument stands for.

    Raises:
        InvalidArgumentError: there is no such word.
    """
    if value not in choices:
        raise InvalidArgumentError(f"{argument}: must be one of {', '.join(map(repr, choices))}; received {value!r}.")
    return choices[value]


def text_bytes(argument: str, value: Any) -> bytes:
    """Return one string of an argument as bytes.

    Raises:
        InvalidArgumentError: it is more than one string.
        TypeError: it is no string.
    """
    if isinstance(value, list | tuple):
        raise InvalidArgumentError(f"{argument}: must be a scalar, one string; received {value!r}.")
    if not isinstance(value, str | bytes):
        raise TypeError(f"{argument}: must be a string; received {value!r}.")
    return value.encode() if isinstance(value, str) else value


def row_splits(lengths: Iterable[int]) -> np.ndarray:
    """Return where rows of these lengths begin and end when they stand one after the other.

    Example:
        >>> row_splits([2, 0, 1]).tolist()
        [0, 2, 2, 3]
    """
    return np.concatenate([[0], np.cumsum(list(lengths), dtype=np.int64)]).astype(np.int64)
