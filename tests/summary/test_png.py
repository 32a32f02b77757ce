import struct
import zlib

import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.summary._png import encode_png, to_pixels


def decode(content: bytes) -> tuple[tuple[int, ...], np.ndarray]:
    """Read a PNG without filters back: its header fields and its pixels."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        (crc,) = struct.unpack(">I", content[at + 8 + length : at + 12 + length])
        assert crc == zlib.crc32(kind + data)
        chunks[kind] = data
        at += 12 + length
    header = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    channels = {0: 1, 4: 2, 2: 3, 6: 4}[header[3]]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(header[1], 1 + header[0] * channels)
    assert not rows[:, 0].any()
    return header, rows[:, 1:].reshape(header[1], header[0], channels)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_picture_survives_encoding(channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels), dtype=np.uint8)
    header, found = decode(encode_png(pixels))
    assert header[:3] == (7, 5, 8)
    np.testing.assert_array_equal(found, pixels)


def test_floats_are_clipped_to_the_unit_interval_and_nan_is_black() -> None:
    images = np.array([-1.0, 0.0, 0.5, 1.0, 2.0, np.nan], np.float32).reshape(1, 1, 6, 1)
    assert to_pixels(images).ravel().tolist() == [0, 0, 128, 255, 255, 0]


@pytest.mark.parametrize("shape", [(4, 4, 3), (1, 4, 4, 5)])
def test_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidArgumentError, match=r"images: must have shape .* received shape"):
        to_pixels(np.zeros(shape, np.uint8))


def test_another_dtype_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="received dtype int32"):
        to_pixels(np.zeros((1, 2, 2, 1), np.int32))
