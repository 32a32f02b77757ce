"""Keys of slices in a TensorBundle: a tensor's name and a box, in TensorFlow's order-preserving encoding."""

from __future__ import annotations

from collections.abc import Sequence

FULL_EXTENT = -1
"""The length that stands for a whole dimension."""

_ESCAPES = {0x00: b"\x00\xff", 0xFF: b"\xff\x00"}


def tensor_slice_key(name: bytes, extents: Sequence[tuple[int, int]]) -> bytes:
    r"""Return the key of the slice ``extents`` (start and length a dimension) of the tensor ``name``.

    Example:
        >>> tensor_slice_key(b"w", [(0, 2), (0, FULL_EXTENT)])
        b'\x00w\x00\x01\x01\x02\x80\x82\x80\x7f'
    """
    bounds = b"".join(_signed(bound) for extent in extents for bound in extent)
    return _unsigned(0) + _string(name) + _unsigned(len(extents)) + bounds


def _unsigned(value: int) -> bytes:
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "big")


def _string(value: bytes) -> bytes:
    return b"".join(_ESCAPES.get(byte, bytes([byte])) for byte in value) + b"\x00\x01"


def _signed(value: int) -> bytes:
    """Encode so that byte order is numeric order: a header of as many ones as further bytes, flipped by the sign."""
    magnitude = ~value if value < 0 else value
    size = magnitude.bit_length() // 7 + 1
    header = ((1 << size) - 1) << (8 * size - size)
    return ((value ^ header) & ((1 << 8 * size) - 1)).to_bytes(size, "big")
