"""Runs of neighbouring strings, joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.ragged import RaggedTensor
from tenon.core.strings._arrays import filled, row_splits, text_bytes
from tenon.core.tensors import Tensor, array_of, string


class Padding(NamedTuple):
    """What stands before and after each row.

    Attributes:
        left: a string.
        right: a string.
        width: how often at most; ``None`` for one less than the width of a run.
    """

    left: bytes
    right: bytes
    width: int | None


def ngrams_of(
    row: list[bytes], widths: list[int], separator: bytes, padding: Padding | None, preserve_short: bool
) -> list[bytes]:
    """Return the runs of strings in a row, joined, those of the first width first.

    Example:
        >>> ngrams_of([b"a", b"b", b"c"], [2], b" ", None, False)
        [b'a b', b'b c']
    """
    found = [joined for width in widths for joined in _runs(row, width, separator, padding)]
    if found or not preserve_short or not row:
        return found
    longest = _padded(row, max(widths, default=1), padding)
    return [separator.join(longest)]


def _runs(row: list[bytes], width: int, separator: bytes, padding: Padding | None) -> list[bytes]:
    padded = _padded(row, width, padding)
    return [separator.join(padded[place : place + width]) for place in range(len(padded) - width + 1)]


def _padded(row: list[bytes], width: int, padding: Padding | None) -> list[bytes]:
    if padding is None:
        return row
    count = width - 1 if padding.width is None else min(padding.width, width - 1)
    return [*[padding.left] * count, *row, *[padding.right] * count]


def as_padding(pad_values: Any, padding_width: int | None) -> Padding | None:
    """Return what ``pad_values`` and ``padding_width`` mean.

    Raises:
        TypeError: the values are no string and no pair of strings.
        ValueError: there is a width without values, or it is not above zero.
    """
    if padding_width is not None and pad_values is None:
        raise ValueError("pad_values must be provided if padding_width is set.")
    if padding_width is not None and padding_width < 1:
        raise ValueError(f"padding_width must be greater than 0. Got {padding_width}")
    if pad_values is None:
        return None
    if not isinstance(pad_values, str | bytes | tuple | list):
        raise TypeError(f"pad_values must be a string, tuple of strings, or None; received {pad_values!r}.")
    left, right = (pad_values, pad_values) if isinstance(pad_values, str | bytes) else pad_values
    return Padding(text_bytes("pad_values", left), text_bytes("pad_values", right), padding_width)


@export("strings.ngrams")
def ngrams(
    data: Any,
    ngram_width: Any,
    separator: str = " ",
    pad_values: Any = None,
    padding_width: int | None = None,
    preserve_short_sequences: bool = False,
    name: str | None = None,
) -> Any:
    """Return runs of neighbouring strings, joined, ``tf.strings.ngrams``.

    Args:
        data: a tensor or ragged tensor of strings; runs are within its innermost rows.
        ngram_width: how many strings a run has, or a list of such numbers, all of which are done.
        separator: what stands between the strings of a run.
        pad_values: a string that stands before and after each row, or a pair of strings; ``None`` for nothing.
        padding_width: how often they stand there at most; ``None`` for one less than the width of a run.
        preserve_short_sequences: whether a row that is too short for any run becomes one run.
        name: ignored.

    Returns:
        A ragged tensor for a ragged tensor, else a tensor; its innermost rows are the runs.

    Raises:
        ValueError: the data is one string, a width is not above zero, or the padding does not fit.
        TypeError: the padding is no string and no pair of strings.

    Example:
        >>> ngrams(["a", "b", "c"], 2).numpy().tolist()
        [b'a b', b'b c']
    """
    del name
    widths = [int(width) for width in (ngram_width if isinstance(ngram_width, list | tuple) else [ngram_width])]
    if any(width < 1 for width in widths):
        raise ValueError(f"All ngram_widths must be greater than 0. Got {ngram_width}")
    padding = as_padding(pad_values, padding_width)
    between = text_bytes("separator", separator)

    def runs(row: list[bytes]) -> list[bytes]:
        return ngrams_of(row, widths, between, padding, preserve_short_sequences)

    if not isinstance(data, RaggedTensor):
        return _of_dense(_on_host(data), runs)
    flat, splits = _on_host(data.flat_values), [splits.numpy() for splits in data.nested_row_splits]
    rows = [runs(flat[start:end].tolist()) for start, end in zip(splits[-1], splits[-1][1:], strict=False)]
    inner = row_splits(map(len, rows)).astype(splits[-1].dtype)
    return RaggedTensor.from_nested_row_splits(_flat(rows), [*splits[:-1], inner])


def _flat(rows: Sequence[Sequence[bytes]]) -> Tensor:
    joined = [text for row in rows for text in row]
    return Tensor(filled(joined, [len(joined)]))


def _of_dense(array: np.ndarray, runs: Callable[[list[bytes]], list[bytes]]) -> Tensor:
    if not array.ndim:
        raise ValueError("data: Data must have rank>0; received one string.")
    rows = [runs(row) for row in array.reshape(-1, array.shape[-1]).tolist()]
    return Tensor(_flat(rows).value.reshape(*array.shape[:-1], len(rows[0]) if rows else 0))


def _on_host(data: Any) -> np.ndarray:
    array = array_of(data, string)
    if isinstance(array, jax.core.Tracer):
        raise InvalidArgumentError("data: strings are joined on the host, not in a function that is being traced.")
    return np.asarray(array)
