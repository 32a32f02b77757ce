"""Runs of neighbouring strings, joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tenon.core._names import export
from tenon.core.ragged import RaggedTensor, RowPartition
from tenon.core.strings._arrays import filled, text_bytes
from tenon.core.tensors import as_tensor, constant_value, convert_to_tensor, string


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
    separator: Any = " ",
    pad_values: Any = None,
    padding_width: int | None = None,
    preserve_short_sequences: bool = False,
    name: str | None = None,
) -> Any:
    """Return the runs of neighbouring strings in each row, joined, ``tf.strings.ngrams``.

    Args:
        data: strings: a tensor, or a ragged tensor, whose innermost dimension holds the rows.
        ngram_width: how long runs are: a number or several.
        separator: what goes between strings.
        pad_values: what stands before and after each row: a string, or a pair; ``None`` for nothing.
        padding_width: how often at most; ``None`` for one less than the width.
        preserve_short_sequences: whether a row that is shorter than a run is one run itself.
        name: ignored.

    Returns:
        A tensor where ``data`` is one, and else a ragged tensor.

    Raises:
        TypeError: ``pad_values`` is no string and no pair of strings.
        ValueError: a width is not above zero, or there is a padding width without values.

    Example:
        >>> ngrams(["a", "b", "c"], 2).numpy().tolist()
        [b'a b', b'b c']
    """
    del name
    given = constant_value(ngram_width)
    widths = list(given) if isinstance(given, list) else [given]
    if any([width < 1 for width in widths]):
        raise ValueError(f"All ngram_widths must be greater than 0. Got {ngram_width}")
    padding, between = as_padding(pad_values, padding_width), text_bytes("separator", separator)

    def of_row(row: list[bytes]) -> list[bytes]:
        return ngrams_of(row, widths, between, padding, preserve_short_sequences)

    return _of_ragged(data, of_row) if isinstance(data, RaggedTensor) else _of_tensor(data, of_row)


def _of_ragged(ragged: RaggedTensor, of_row: Callable[[list[bytes]], list[bytes]]) -> Any:
    if isinstance(ragged.values, RaggedTensor):
        return ragged.with_values(_of_ragged(ragged.values, of_row))
    if ragged.values.ndim > 1:
        return ragged.with_values(_of_tensor(ragged.values, of_row))
    rows = [of_row(row) for row in ragged.to_list()]
    items = [item for row in rows for item in row]
    lengths = np.array([len(row) for row in rows], np.int64)
    return RaggedTensor(as_tensor(filled(items, [len(items)])), RowPartition.of_lengths(lengths))


def _of_tensor(data: Any, of_row: Callable[[list[bytes]], list[bytes]]) -> Any:
    array = convert_to_tensor(data, string).value
    rows = [of_row(row) for row in array.reshape(-1, array.shape[-1]).tolist()]
    items = [item for row in rows for item in row]
    return as_tensor(filled(items, [*array.shape[:-1], len(rows[0]) if rows else 0]))
