"""PNG images with color and 16 bits a channel, which Pillow cuts to 8."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import numpy as np

from tenon.base import InvalidArgumentError

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_KINDS: Final = {0: 1, 4: 2, 2: 3, 6: 4}
"""Channels of a kind of color."""


def is_png16_in_color(data: bytes) -> bool:
    """Tell whether a PNG has 16 bits a channel and more channels than one.

    Example:
        >>> is_png16_in_color(encode_png16(np.zeros((1, 1, 3), np.uint16)))
        True
    """
    return len(data) > 25 and data[24] == 16 and data[25] != 0


def encode_png16(array: np.ndarray, level: int = -1) -> bytes:
    """Return pixels ``(height, width, 1 to 4)`` of uint16 as a PNG.

    Args:
        array: the pixels.
        level: 0 to 9 for zlib; -1 for its own.
    """
    height, width, channels = array.shape
    kind = next(kind for kind, count in _KINDS.items() if count == channels)
    rows = array.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1)
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    body = zlib.compress(filtered.tobytes(), level)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def decode_png16(data: bytes) -> np.ndarray:
    """Return the pixels of a PNG with 16 bits a channel: ``(height, width, channels)`` of uint16.

    Raises:
        InvalidArgumentError: it is damaged, or its rows are interlaced.

    Example:
        >>> decode_png16(encode_png16(np.full((1, 2, 3), 700, np.uint16))).tolist()
        [[[700, 700, 700], [700, 700, 700]]]
    """
    width, height, _, kind, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    if interlaced:
        raise InvalidArgumentError(
            "contents: PNG images with 16 bits a channel in color and interlaced rows are not read."
        )
    try:
        body = zlib.decompress(b"".join([part for name, part in _chunks(data) if name == b"IDAT"]))
        width_in_bytes = width * _KINDS[kind] * 2
        rows = np.frombuffer(body, np.uint8)[: height * (width_in_bytes + 1)].reshape(height, width_in_bytes + 1)
    except (zlib.error, struct.error, ValueError, KeyError) as error:
        raise InvalidArgumentError(f"contents: Invalid PNG data, size {len(data)}: {error}") from error
    unfiltered = _unfiltered(rows, _KINDS[kind] * 2)
    return unfiltered.view(">u2").astype(np.uint16).reshape(height, width, _KINDS[kind])


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place < len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        yield name, data[place + 8 : place + 8 + length]
        place += length + 12


def _unfiltered(rows: np.ndarray, step: int) -> np.ndarray:
    """Undo the filters of PNG: each byte was written as its difference to what its neighbours foretell."""
    result = np.zeros((len(rows) + 1, rows.shape[1] - 1), np.uint8)
    for place, row in enumerate(rows):
        kind, differences, above = int(row[0]), row[1:], result[place]
        if kind > 4:
            raise InvalidArgumentError(f"contents: Invalid PNG data: there is no filter {kind}.")
        result[place + 1] = _FILTERS[kind](differences, above, step)
    return result[1:]


def _sub(differences: np.ndarray, _above: np.ndarray, step: int) -> np.ndarray:
    return np.cumsum(differences.reshape(-1, step), axis=0, dtype=np.uint8).ravel()


def _average(differences: np.ndarray, above: np.ndarray, step: int) -> np.ndarray:
    row = [0] * step
    for difference, up in zip(differences.tolist(), above.tolist(), strict=True):
        row.append((difference + (row[-step] + up) // 2) & 255)
    return np.array(row[step:], np.uint8)


def _paeth(differences: np.ndarray, above: np.ndarray, step: int) -> np.ndarray:
    row, before = [0] * step, [0] * step + above.tolist()
    for difference, up, corner in zip(differences.tolist(), above.tolist(), before, strict=False):
        left = row[-step]
        guess = left + up - corner
        nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
        row.append((difference + nearest) & 255)
    return np.array(row[step:], np.uint8)


def _none(differences: np.ndarray, _above: np.ndarray, _step: int) -> np.ndarray:
    return differences


def _up(differences: np.ndarray, above: np.ndarray, _step: int) -> np.ndarray:
    added: np.ndarray = np.add(differences, above)
    return added


_FILTERS: Final = {
    0: _none,
    1: _sub,
    2: _up,
    3: _average,
    4: _paeth,
}
