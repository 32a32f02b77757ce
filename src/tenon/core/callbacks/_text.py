"""Tensors as text, the way TensorFlow's kernels write them."""

from __future__ import annotations

import math
import pprint
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from tenon.core.nest import flatten, is_nested, pack_sequence_as

_DIGITS: Final = {"f8": ("%.15g", "%.17g"), "f4": ("%.6g", "%.9g")}


def tensor_text(array: np.ndarray, summarize: int, quoted: bool = True) -> str:
    """Return an array as text.

    Args:
        array: the array; of ``bytes`` objects for strings.
        summarize: how many elements are shown at each end of each dimension; -1 for all.
        quoted: whether a single string is quoted, as those of larger tensors are.

    Example:
        >>> tensor_text(np.arange(10), 3), tensor_text(np.float32(1 / 3), 3)
        ('[0 1 2 ... 7 8 9]', '0.333333343')
    """
    array = np.asarray(array)
    if not array.ndim:
        return _element(array[()], quoted)
    ends = array.size if summarize < 0 else min(summarize, array.size)
    return "".join(_dimension(array, 0, array.ndim, ends))


def _dimension(array: Any, dimension: int, rank: int, ends: int) -> Iterator[str]:
    if dimension == rank:
        yield _element(array, quoted=True)
        return
    count = array.shape[0]
    gap = " " if dimension == rank - 1 else "\n" * (rank - dimension - 1) + " " * (dimension + 1)
    yield "["
    for place in range(min(ends, count)):
        yield gap if place else ""
        yield from _dimension(array[place], dimension + 1, rank, ends)
    if count > 2 * ends:
        yield gap + "..."
    for place in range(max(ends, count - ends), count):
        yield gap
        yield from _dimension(array[place], dimension + 1, rank, ends)
    yield "]"


def _element(value: Any, quoted: bool) -> str:
    if isinstance(value, bytes):
        text = value.decode("utf-8", "replace")
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"' if quoted else text
    if isinstance(value, np.bool_):
        return str(int(value))
    if np.issubdtype(value.dtype, np.complexfloating):
        return "?"
    if np.issubdtype(value.dtype, np.integer):
        return str(int(value))
    return _float(value)


def _float(value: Any) -> str:
    """Return a number in 6 (or 15) digits if that is enough to read it back, else in 9 (or 17)."""
    kind: Any = np.float64 if value.dtype == np.float64 else np.float32
    number = float(value)
    if math.isnan(number) or math.isinf(number):
        return "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"
    short, long = _DIGITS["f8" if kind is np.float64 else "f4"]
    text = short % number
    return text if kind(text) == kind(number) else long % number


class _Named:
    """Stands in a structure where a tensor goes."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def structure_text(value: Any, texts: Sequence[str | None]) -> str:
    """Return a value given to ``tf.print`` as text, with the texts of the tensors in it.

    Args:
        value: a nested structure, or one leaf.
        texts: for each leaf the text of the tensor that it is, or ``None`` where it is none.

    Example:
        >>> structure_text({"a": 0, "b": "x"}, ["[1 2]", None])
        "{'a': [1 2], 'b': 'x'}"
    """
    if not is_nested(value):
        text = texts[0]
        return text if text is not None else value if isinstance(value, str) else pprint.pformat(value)
    leaves = [leaf if text is None else _Named(text) for leaf, text in zip(flatten(value), texts, strict=True)]
    return pprint.pformat(pack_sequence_as(value, leaves))
