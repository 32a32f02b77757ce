"""Encoded images and arrays of pixels: Pillow decodes and encodes, TensorFlow's rules say what comes out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

import numpy as np
from PIL import Image, ImageFile, ImageSequence, UnidentifiedImageError

from tenon.base import InvalidArgumentError
from tenon.core.io._bmp import decode_bmp_planes
from tenon.core.io._png16 import decode_png16, is_png16_in_color

_SIGNATURES: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "JPEG": lambda data: data.startswith(b"\xff\xd8\xff"),
    "PNG": lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"),
    "GIF": lambda data: data.startswith(b"GIF8"),
    "BMP": lambda data: data.startswith(b"BM"),
    "WebP": lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP",
}
_CHANNELS: Final[Mapping[str, tuple[int, ...]]] = {
    "JPEG": (0, 1, 3),
    "PNG": (0, 1, 3, 4),
    "GIF": (0, 3),
    "BMP": (0, 3, 4),
    "WebP": (0, 3, 4),
}
_FAILURES: Final = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)
"""What Pillow raises on damaged or far too large images."""


def format_of(data: bytes) -> str:
    """Return the name of an image's format.

    Raises:
        InvalidArgumentError: it is none of those that are known, or empty.

    Example:
        >>> format_of(b"GIF89a")
        'GIF'
    """
    if not data:
        raise InvalidArgumentError("contents: Input is empty.")
    found = next((name for name, fits in _SIGNATURES.items() if fits(data)), None)
    if found is None:
        raise InvalidArgumentError(
            f"contents: Unknown image file format. One of {', '.join(_SIGNATURES)} required; received {data[:8]!r}..."
        )
    return found


def check_channels(name: str, channels: int) -> None:
    """Refuse a number of channels that images of a format cannot have.

    Raises:
        InvalidArgumentError: they cannot.
    """
    if channels not in (0, 1, 3, 4):
        raise InvalidArgumentError(f"`channels` must be 0, 1, 3 or 4 but got {channels}")
    if channels not in _CHANNELS[name]:
        raise InvalidArgumentError(
            f"channels: {name} does not support {channels} channels; use one of {_CHANNELS[name]}, 0 for "
            "the image's own."
        )


def opened(data: bytes, name: str) -> Image.Image:
    """Return an image whose header has been read.

    Raises:
        InvalidArgumentError: the header is damaged.
    """
    try:
        return Image.open(BytesIO(data), formats=[name.upper()])
    except _FAILURES as error:
        raise _damaged(name, len(data), error) from error


def _damaged(name: str, size: int, error: Exception) -> InvalidArgumentError:
    return InvalidArgumentError(f"contents: Invalid {name} data, size {size}: {error}")


@contextmanager
def _cut_off_allowed(allowed: bool) -> Iterator[None]:
    """Let Pillow read images that end early; it has one switch for the whole process."""
    if not allowed:
        yield
        return
    with _SWITCH:
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


_SWITCH: Final = threading.Lock()


def pixels(data: bytes, name: str, channels: int, cut_off: bool = False) -> np.ndarray:
    """Return the pixels of an image, or of the first frame of several: ``(height, width, channels)``.

    Args:
        data: the encoded image.
        name: its format.
        channels: how many channels to return; 0 for as many as it has.
        cut_off: whether the image may end early; what is missing is gray.

    Returns:
        uint8, or uint16 where a PNG has 16 bits for a channel.

    Raises:
        InvalidArgumentError: the image is damaged, or cannot have so many channels.
    """
    check_channels(name, channels)
    if name == "PNG" and is_png16_in_color(data):
        return _with_channels(decode_png16(data), channels)
    if name == "BMP":
        return _with_channels(decode_bmp_planes(data), channels)
    image = opened(data, name)
    if name == "JPEG" and channels == 1:
        image.draft("L", image.size)
    try:
        with _cut_off_allowed(cut_off):
            return _of_png(image, channels) if name == "PNG" else _of_image(image, channels)
    except _FAILURES as error:
        raise _damaged(name, len(data), error) from error


def frames(data: bytes, name: str, channels: int) -> np.ndarray:
    """Return the pixels of every frame, ``(frames, height, width, channels)``; errors as in ``pixels``."""
    if name not in ("GIF", "WebP"):
        return pixels(data, name, channels)[None]
    check_channels(name, channels)
    image = opened(data, name)
    try:
        return np.stack([_of_image(frame, channels) for frame in ImageSequence.Iterator(image)])
    except _FAILURES as error:
        raise _damaged(name, len(data), error) from error


def _of_image(image: Image.Image, channels: int) -> np.ndarray:
    return _with_channels(np.asarray(image.convert(_own_mode(image))), channels)


def _own_mode(image: Image.Image) -> str:
    if image.format == "GIF":
        return "RGB"
    if image.mode == "P":
        return "RGBA" if "transparency" in image.info else "RGB"
    return {"1": "L", "CMYK": "RGB", "YCbCr": "RGB", "RGBX": "RGB"}.get(image.mode, image.mode)


def _of_png(image: Image.Image, channels: int) -> np.ndarray:
    if image.mode.startswith("I"):
        return _with_channels(np.asarray(image).astype(np.uint16), channels)
    if channels == 4 and "transparency" in image.info:
        return np.asarray(image.convert("RGBA"))
    return _of_image(image, channels)


def _with_channels(array: np.ndarray, channels: int) -> np.ndarray:
    """Add, drop or mix channels as TensorFlow does."""
    planes = array[..., None] if array.ndim == 2 else array
    count = planes.shape[-1]
    if channels in (0, count):
        return planes
    color = planes[..., :1] if count < 3 else planes[..., :3]
    if channels == 1:
        return color if count < 3 else _gray(color)
    color = np.repeat(color, 3, -1) if count < 3 else color
    if channels == 3:
        return color
    opaque = np.full_like(color[..., :1], np.iinfo(planes.dtype).max)
    return np.concatenate([color, planes[..., -1:] if count in (2, 4) else opaque], -1)


def _gray(color: np.ndarray) -> np.ndarray:
    """Mix colors to gray in fixed point, as libpng does."""
    rounding = 1 << 14 if color.dtype == np.uint16 else 0
    mixed = (color.astype(np.int64) @ np.array([9797, 19234, 3737]) + rounding) >> 15
    same = (color[..., 0] == color[..., 1]) & (color[..., 1] == color[..., 2])
    return np.where(same, color[..., 0], mixed).astype(color.dtype)[..., None]


def encoded(array: np.ndarray, name: str, **options: Any) -> bytes:
    """Return pixels ``(height, width, channels)`` of uint8 as an encoded image."""
    planes = array[..., 0] if array.shape[-1] == 1 else array
    image = Image.fromarray(np.ascontiguousarray(planes))
    file = BytesIO()
    image.save(file, name, **options)
    return file.getvalue()
