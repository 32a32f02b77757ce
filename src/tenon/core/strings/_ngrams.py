"""Runs of neighbouring strings, joined."""

from __future__ import annotations

from typing import Any, NamedTuple

from tenon.core.strings._arrays import text_bytes


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
