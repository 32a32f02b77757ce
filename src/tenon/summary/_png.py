"""Pictures as PNG, the one format that TensorBoard's image dashboard needs."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenon.base import InvalidArgumentError

_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""PNG colour type by number of channels: grey, grey and alpha, RGB, RGBA."""


def to_pixels(images: Any) -> NDArray[np.uint8]:
    """Convert ``[k, height, width, channels]`` to uint8, as ``tf.summary.image`` does.

    Floats are clipped to [0, 1]; uint8 stays. NaN becomes 0.

    Raises:
        InvalidArgumentError: the rank is not 4, the channels are not 1 to 4, or the dtype is neither float nor uint8.
    """
    array = np.asarray(images)
    if array.ndim != 4 or array.shape[-1] not in _COLOUR_TYPES:
        raise InvalidArgumentError(
            f"images: must have shape [k, height, width, 1 to 4 channels]; received shape {array.shape}."
        )
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind in "iubcOSUMm":
        raise InvalidArgumentError(f"images: must be uint8 or floats in [0, 1]; received dtype {array.dtype}.")
    unit = np.clip(np.nan_to_num(array.astype(np.float64)), 0.0, 1.0)
    return (unit * 255.0 + 0.5).astype(np.uint8)


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode one picture ``[height, width, channels]``."""
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    rows = b"".join(b"\x00" + row.tobytes() for row in np.ascontiguousarray(pixels))
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
