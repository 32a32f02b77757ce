"""BMP images, as TensorFlow reads them: bytes of 8, 24 or 32 bits a pixel, without palette or compression."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from tenon.base import InvalidArgumentError

_HEADER: Final = 32
_CHANNELS: Final = {8: 1, 24: 3, 32: 4}


def decode_bmp_planes(data: bytes) -> np.ndarray:
    """Return the pixels of a BMP: ``(height, width, channels)`` of uint8, in the order red, green, blue, alpha.

    One byte a pixel is a shade of gray: the palette is not looked at.

    Raises:
        InvalidArgumentError: it is damaged, or has another number of bits a pixel.
    """
    if len(data) < _HEADER:
        raise InvalidArgumentError(
            f"Incomplete bmp content, requires at least {_HEADER} bytes to find the header size, width, height, and bpp"
            f", got {len(data)} bytes"
        )
    (start,), (width, height), (bits,) = (
        struct.unpack_from(form, data, place) for form, place in (("<i", 10), ("<ii", 18), ("<h", 28))
    )
    if bits not in _CHANNELS:
        raise InvalidArgumentError(f"contents: a BMP must have 8, 24 or 32 bits a pixel; received {bits}.")
    channels, rows = _CHANNELS[bits], abs(height)
    stride = (width * channels + 3) // 4 * 4
    if width < 1 or not rows or start < 0 or len(data) < start + stride * rows:
        raise InvalidArgumentError(
            f"Incomplete bmp content, requires at least {start + stride * rows} bytes for {width} x {rows} pixels, got "
            f"{len(data)} bytes"
        )
    lines = np.frombuffer(data, np.uint8, stride * rows, start).reshape(rows, stride)
    planes = lines[:, : width * channels].reshape(rows, width, channels)
    upright = planes if height < 0 else planes[::-1]
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
    return np.ascontiguousarray(upright[..., order])
