"""Base-128 varints, the least significant group first: the integers of protobuf and of LevelDB."""

from __future__ import annotations

_MAX_BITS = 64


def encode_varint(value: int) -> bytes:
    """Return the bytes of an unsigned integer of up to 64 bits.

    Args:
        value: the integer.

    Example:
        >>> encode_varint(300).hex()
        'ac02'
    """
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def decode_varint(data: bytes | memoryview, position: int) -> tuple[int, int]:
    """Return the integer at ``position`` and the position after it.

    Args:
        data: what holds the integer.
        position: where it begins.

    Raises:
        ValueError: the data ends inside the integer, or it is longer than 64 bits.

    Example:
        >>> decode_varint(bytes.fromhex("ac02"), 0)
        (300, 2)
    """
    value = 0
    for shift in range(0, _MAX_BITS, 7):
        if position >= len(data):
            raise ValueError(f"a varint must end inside the data; there are {len(data)} bytes")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    else:
        raise ValueError(f"a varint has at most 10 bytes; the one before byte {position} is longer")
    if value >> _MAX_BITS:
        raise ValueError(f"a varint has at most 64 bits; received {value}")
    return value, position
