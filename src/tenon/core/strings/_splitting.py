"""Strings taken apart. Each string has its own number of parts: the results are ragged, but for a single string."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tenon.core.operations import operation
from tenon.core.strings._arrays import filled, row_splits, text_bytes
from tenon.core.strings._ragged import assembled, outer_splits


def parts_of(strings: np.ndarray, parts: Callable[[bytes], Sequence[bytes]]) -> Any:
    """Return the parts of all strings one after the other, and the splits of the rows outside in.

    A single string has no rows: its parts are returned alone.
    """
    rows = [parts(value) for value in strings.ravel().tolist()]
    values = filled([part for row in rows for part in row], [sum(map(len, rows))])
    if not strings.ndim:
        return values
    return (values, *outer_splits(strings.shape), row_splits(map(len, rows)))


def _split(strings: np.ndarray, sep: Any, maxsplit: int) -> Any:
    separator = text_bytes("sep", b"" if sep is None else sep)
    limit = -1 if maxsplit < 0 else maxsplit
    if separator:
        return parts_of(strings, lambda value: value.split(separator, limit))
    return parts_of(strings, lambda value: _words(value, limit))


def _words(value: bytes, limit: int) -> list[bytes]:
    """Split at white space as Python does; but white space after the last cut is a part of its own, an empty one."""
    words = value.split(None, limit)
    return [*words, b""] if 0 < limit == len(words) and value[-1:].isspace() else words


split = operation(
    "strings.split",
    "input: string, sep=None, maxsplit=-1",
    _split,
    "Returns the parts of each string between separators, or between runs of white space, as a ragged tensor.",
    "'a b  c'",
    host=True,
    differentiable=False,
    result=assembled,
)


def _bytes_split(strings: np.ndarray) -> Any:
    return parts_of(strings, lambda value: [value[place : place + 1] for place in range(len(value))])


bytes_split = operation(
    "strings.bytes_split",
    "input: string",
    _bytes_split,
    "Returns the bytes of each string as a ragged tensor.",
    "'hello'",
    host=True,
    differentiable=False,
    result=assembled,
)
