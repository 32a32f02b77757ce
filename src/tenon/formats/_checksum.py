"""The masked CRC-32C that guards TFRecord files, tables and TensorBundles."""

from __future__ import annotations

import google_crc32c
import numpy as np

_MASK_DELTA = 0xA282EAD8
_WORD = 0xFFFFFFFF


def masked_crc32c(data: bytes | np.ndarray) -> int:
    """Return the masked CRC-32C of ``data``, an unsigned 32-bit integer.

    The mask (rotate right by 15, add a constant) keeps checksums of data that holds checksums apart; it is LevelDB's
    and TensorFlow's.

    Args:
        data: bytes, or a C-contiguous ``uint8`` array, which is not copied.

    Example:
        >>> hex(masked_crc32c(b"123456789"))
        '0xc78ab0e5'
    """
    return mask_crc32c(google_crc32c.value(data))


def mask_crc32c(crc: int) -> int:
    """Return the stored form of a plain CRC-32C."""
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & _WORD


def extend_crc32c(crc: int, data: bytes) -> int:
    """Return the plain CRC-32C of what gave ``crc`` followed by ``data``."""
    extended: int = google_crc32c.extend(crc, data)
    return extended
