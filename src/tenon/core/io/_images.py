"""Encoded images to tensors and back, ``tf.io.decode_png`` and its kin."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.io._host import host_array, one_string, scalar_string, strings
from tenon.core.io._image_formats import check_channels, encoded, format_of, frames, opened, pixels
from tenon.core.io._png16 import encode_png16
from tenon.core.tensors import DType, Tensor, as_dtype, as_tensor, int32, uint8, uint16

_STILL: Final = ("JPEG", "PNG", "GIF", "WebP")


def _paths(name: str) -> tuple[str, str]:
    return f"io.{name}", f"image.{name}"


@export(*_paths("is_jpeg"))
def is_jpeg(contents: Any, name: str | None = None) -> Tensor:
    """Return whether encoded bytes are a JPEG.

    Args:
        contents: one string.
        name: ignored.

    Example:
        >>> bool(is_jpeg(b"abc"))
        False
    """
    del name
    return as_tensor(np.array(one_string(contents, "contents")[:3] == b"\xff\xd8\xff"))


def _still(contents: Any, channels: int, function: str, cut_off: bool = False) -> np.ndarray:
    """Decode one image of a format that the function takes."""
    data = one_string(contents, "contents")
    name = format_of(data)
    if name not in _STILL:
        raise InvalidArgumentError(
            f"Trying to decode {name} format using a wrong op. Use `decode_bmp` or `decode_image` instead. Op used: "
            f"{function}"
        )
    if name == "GIF":
        every = frames(data, name, channels)
        if len(every) > 1:
            raise InvalidArgumentError(
                f"Got {len(every)} frames, but animated gifs can only be decoded by tf.io.decode_gif or "
                "tf.io.decode_image"
            )
        first: np.ndarray = every[0]
        return first
    return pixels(data, name, channels, cut_off)


def _of_depth(array: np.ndarray, dtype: DType, from_png: bool = True) -> np.ndarray:
    """Convert the pixels of a PNG between 8 and 16 bits; those of other images are only shifted."""
    if array.dtype == dtype.dtype:
        return array
    if dtype == uint8:
        narrow: np.ndarray = np.right_shift(array, 8).astype(np.uint8)
        return narrow
    wide: np.ndarray = np.multiply(array, 257 if from_png else 256, dtype=np.uint16)
    return wide


@export(*_paths("decode_png"))
def decode_png(contents: Any, channels: int = 0, dtype: Any = uint8, name: str | None = None) -> Tensor:
    """Return the pixels of a PNG, ``tf.io.decode_png``; also of a JPEG, a WebP or a GIF with one frame.

    Args:
        contents: the encoded image, one string.
        channels: 1 for gray, 3 for RGB, 4 for RGBA; 0 for what the image has.
        dtype: uint8 or uint16.
        name: ignored.

    Returns:
        A tensor ``(height, width, channels)``.

    Raises:
        InvalidArgumentError: it is no such image, it is damaged, or the channels or the dtype are not possible.

    Example:
        >>> decode_png(encode_png(np.zeros((2, 3, 1), np.uint8))).shape
        TensorShape([2, 3, 1])
    """
    del name
    wanted = as_dtype(dtype)
    if wanted not in (uint8, uint16):
        raise InvalidArgumentError(f"dtype: {wanted.name} is not in the list of allowed values: uint8, uint16")
    return as_tensor(_of_depth(_still(contents, channels, "DecodePng"), wanted))


@export(*_paths("decode_jpeg"))
def decode_jpeg(
    contents: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Tensor:
    """Return the pixels of a JPEG, ``tf.io.decode_jpeg``; also of a PNG, a WebP or a GIF with one frame.

    The cosine transform is always the accurate one and colors are always interpolated: pixels may differ by a few units
    from TensorFlow's, whose default is the fast transform.

    Args:
        contents: the encoded image, one string.
        channels: 1 for gray, 3 for RGB; 0 for what the image has.
        ratio: 1, 2, 4 or 8, by which the image is made smaller while it is decoded.
        fancy_upscaling: ignored: colors of lower resolution are always interpolated.
        try_recover_truncated: whether an image that ends early is filled up with gray, and not refused.
        acceptable_fraction: ignored: however little of it there is.
        dct_method: ``""``, ``"INTEGER_ACCURATE"`` or ``"INTEGER_FAST"``; ignored.
        name: ignored.

    Returns:
        A tensor ``(height, width, channels)`` of uint8.

    Raises:
        InvalidArgumentError: it is no such image, it is damaged, or an option is not possible.
    """
    del fancy_upscaling, acceptable_fraction, name
    if dct_method not in ("", "INTEGER_ACCURATE", "INTEGER_FAST"):
        raise InvalidArgumentError(f"dct_method: must be '', 'INTEGER_ACCURATE' or 'INTEGER_FAST'; got {dct_method!r}")
    return as_tensor(_jpeg(contents, channels, ratio, try_recover_truncated))


def _jpeg(contents: Any, channels: int, ratio: int, cut_off: bool) -> np.ndarray:
    if ratio not in (1, 2, 4, 8):
        raise InvalidArgumentError(f"ratio must be 1, 2, 4, or 8, got {ratio}")
    if ratio == 1:
        return _of_depth(_still(contents, channels, "DecodeJpeg", cut_off), uint8)
    data = one_string(contents, "contents")
    if format_of(data) != "JPEG":
        raise InvalidArgumentError(f"ratio: only a JPEG can be made smaller while it is decoded; got {format_of(data)}")
    check_channels("JPEG", channels)
    image = opened(data, "JPEG")
    image.draft("L" if channels == 1 else image.mode, (image.width // ratio or 1, image.height // ratio or 1))
    planes = np.asarray(image if image.mode == "L" and channels < 3 else image.convert("RGB"))
    return planes[..., None] if planes.ndim == 2 else planes


@export(*_paths("decode_and_crop_jpeg"))
def decode_and_crop_jpeg(
    contents: Any,
    crop_window: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Tensor:
    """Return a part of the pixels of a JPEG, ``tf.io.decode_and_crop_jpeg``.

    Args:
        contents: the encoded image, one string.
        crop_window: ``[top, left, height, width]``.
        channels: as in ``decode_jpeg``, and so are the others.
        ratio: as in ``decode_jpeg``.
        fancy_upscaling: as in ``decode_jpeg``.
        try_recover_truncated: as in ``decode_jpeg``.
        acceptable_fraction: ignored.
        dct_method: as in ``decode_jpeg``.
        name: ignored.

    Raises:
        InvalidArgumentError: the window has not four numbers or leaves the image; otherwise as in ``decode_jpeg``.
    """
    window = host_array(crop_window, "crop_window", int32)
    if window.shape != (4,):
        raise InvalidArgumentError(f"crop_size must have four elements {list(window.shape)}")
    whole = decode_jpeg(
        contents, channels, ratio, fancy_upscaling, try_recover_truncated, acceptable_fraction, dct_method, name
    ).numpy()
    top, left, height, width = window.tolist()
    if min(top, left, height - 1, width - 1) < 0 or top + height > whole.shape[0] or left + width > whole.shape[1]:
        raise InvalidArgumentError(
            f"crop_window: Invalid JPEG data or crop window: {window.tolist()} leaves an image of {list(whole.shape)}."
        )
    return as_tensor(whole[top : top + height, left : left + width])


@export(*_paths("extract_jpeg_shape"))
def extract_jpeg_shape(contents: Any, output_type: Any = int32, name: str | None = None) -> Tensor:
    """Return ``[height, width, channels]`` of a JPEG without decoding it.

    Args:
        contents: the encoded image, one string.
        output_type: int32 or int64.
        name: ignored.

    Raises:
        InvalidArgumentError: it is no JPEG.
    """
    del name
    image = opened(one_string(contents, "contents"), "JPEG")
    return as_tensor(np.array([image.height, image.width, len(image.getbands())], as_dtype(output_type).dtype))


@export(*_paths("decode_gif"))
def decode_gif(contents: Any, name: str | None = None) -> Tensor:
    """Return the pixels of every frame of a GIF, ``tf.io.decode_gif``; also of a PNG or a JPEG, with one frame.

    Args:
        contents: the encoded image, one string.
        name: ignored.

    Returns:
        A tensor ``(frames, height, width, 3)`` of uint8; each frame is drawn over those before.

    Raises:
        InvalidArgumentError: it is no such image, or it is damaged.
    """
    del name
    data = one_string(contents, "contents")
    if format_of(data) == "GIF":
        return as_tensor(frames(data, "GIF", 3))
    return as_tensor(_of_depth(_still(contents, 3, "DecodeGif"), uint8)[None])


@export(*_paths("decode_webp"))
def decode_webp(contents: Any, channels: int = 0, dtype: Any = uint8, name: str | None = None) -> Tensor:
    """Return the pixels of every frame of a WebP, ``tf.io.decode_webp``.

    Args:
        contents: the encoded image, one string.
        channels: 3 or 4; 0 for what the image has.
        dtype: uint8.
        name: ignored.

    Returns:
        A tensor ``(frames, height, width, channels)`` of uint8.

    Raises:
        InvalidArgumentError: it is no such image, it is damaged, or the channels or the dtype are not possible.
    """
    del name
    if as_dtype(dtype) != uint8:
        raise InvalidArgumentError(f"WebP only supports uint8 for dtype; received {as_dtype(dtype).name}")
    return as_tensor(_webp(one_string(contents, "contents"), channels))


def _webp(data: bytes, channels: int) -> np.ndarray:
    if format_of(data) != "WebP":
        raise InvalidArgumentError(f"contents: Trying to decode {format_of(data)} format using DecodeWebP op.")
    found = frames(data, "WebP", 0)
    check_channels("WebP", channels)
    if channels not in (0, found.shape[-1]):
        raise InvalidArgumentError(
            f"channels: Number of channels requested does not match input: {channels} and {found.shape[-1]}."
        )
    return found


@export(*_paths("decode_bmp"))
def decode_bmp(contents: Any, channels: int = 0, name: str | None = None) -> Tensor:
    """Return the pixels of a BMP, ``tf.io.decode_bmp``.

    Args:
        contents: the encoded image, one string.
        channels: 3 or 4; 0 for what the image has.
        name: ignored.

    Returns:
        A tensor ``(height, width, channels)`` of uint8.

    Raises:
        InvalidArgumentError: it is no BMP, it is damaged, or it cannot have so many channels.
    """
    del name
    data = one_string(contents, "contents")
    if format_of(data) != "BMP":
        raise InvalidArgumentError(
            f"Trying to decode {format_of(data)} format using DecodeBmp op. Use `decode_image` instead."
        )
    return as_tensor(pixels(data, "BMP", channels))


@export(*_paths("decode_image"))
def decode_image(
    contents: Any,
    channels: int | None = None,
    dtype: Any = uint8,
    name: str | None = None,
    expand_animations: bool = True,
) -> Tensor:
    """Return the pixels of an image of any of these formats, ``tf.io.decode_image``.

    Args:
        contents: the encoded image, one string.
        channels: as in ``decode_png``.
        dtype: uint8, uint16, or any other, for numbers from 0 to 1 or up to the dtype's largest.
        name: ignored.
        expand_animations: whether all frames of a GIF or WebP are returned, or only the first one.

    Returns:
        A tensor ``(height, width, channels)``, with a first dimension more for a GIF or WebP with all its frames.

    Raises:
        InvalidArgumentError: it is no image, it is damaged, or the channels or the dtype are not possible.
    """
    del name
    wanted, data, count = as_dtype(dtype), one_string(contents, "contents"), channels or 0
    kind = format_of(data)
    if kind == "WebP" and wanted != uint8:
        raise InvalidArgumentError(f"WebP only supports uint8 for dtype; received {wanted.name}")
    moving = kind in ("GIF", "WebP")
    every = _webp(data, count) if kind == "WebP" else frames(data, kind, count)
    return as_tensor(_as_numbers(every if moving and expand_animations else every[0], wanted, kind == "PNG"))


def _as_numbers(array: np.ndarray, dtype: DType, from_png: bool) -> np.ndarray:
    if dtype in (uint8, uint16):
        return _of_depth(array, dtype, from_png)
    array = _of_depth(array, uint16) if from_png else array
    if dtype.is_floating:
        return (array.astype(np.float64) / np.iinfo(array.dtype).max).astype(dtype.dtype)
    bits = np.iinfo(dtype.dtype).bits - (0 if dtype.is_unsigned else 1) - np.iinfo(array.dtype).bits
    wide = array.astype(np.int64)
    return (wide << bits if bits >= 0 else wide >> -bits).astype(dtype.dtype)


@export(*_paths("encode_png"))
def encode_png(image: Any, compression: int = -1, name: str | None = None) -> Tensor:
    """Return pixels as PNG, ``tf.io.encode_png``.

    Args:
        image: ``(..., height, width, channels)`` of uint8 or uint16: gray, gray and alpha, RGB, or RGBA.
        compression: 0 (fast) to 9 (small); -1 for the encoder's own.
        name: ignored.

    Returns:
        A string tensor of the shape before ``height``.

    Raises:
        InvalidArgumentError: it has other dimensions, channels or another dtype, or no pixel.

    Example:
        >>> encode_png(np.zeros((2, 3, 1), np.uint8)).numpy()[1:4]
        b'PNG'
    """
    del name
    array = host_array(image, "image")
    if array.dtype not in (np.uint8, np.uint16):
        raise InvalidArgumentError(f"image: {array.dtype} is not in the list of allowed values: uint8, uint16")
    if array.ndim < 3:
        raise InvalidArgumentError(f"images must be at least rank 3; received {list(array.shape)}")
    if array.shape[-1] not in (1, 2, 3, 4):
        raise InvalidArgumentError(f"image must have 1, 2, 3, or 4 channels, got {array.shape[-1]}")
    _check_pixels(array)
    flat = array.reshape(-1, *array.shape[-3:])
    return Tensor(strings([_png(one, compression) for one in flat]).value.reshape(array.shape[:-3]))


def _png(array: np.ndarray, compression: int) -> bytes:
    if array.dtype == np.uint16:
        return encode_png16(array, compression)
    return encoded(array, "PNG", **({} if compression < 0 else {"compress_level": compression}))


def _check_pixels(array: np.ndarray) -> None:
    if not array.size:
        raise InvalidArgumentError(f"image: there must be at least one pixel; received shape {list(array.shape)}.")


@export(*_paths("encode_jpeg"))
def encode_jpeg(
    image: Any,
    format: str = "",  # TensorFlow's name
    quality: int = 95,
    progressive: bool = False,
    optimize_size: bool = False,
    chroma_downsampling: bool = True,
    density_unit: str = "in",
    x_density: int = 300,
    y_density: int = 300,
    xmp_metadata: str = "",
    name: str | None = None,
) -> Tensor:
    """Return pixels as JPEG, ``tf.io.encode_jpeg``.

    Args:
        image: ``(height, width, 1 or 3)`` of uint8.
        format: ``"grayscale"``, ``"rgb"``, or ``""`` for what fits.
        quality: 0 to 100.
        progressive: whether the image appears in steps while it is loaded.
        optimize_size: whether to take longer for fewer bytes.
        chroma_downsampling: whether colors get half the resolution.
        density_unit: ``"in"`` or ``"cm"``.
        x_density: pixels for one unit across.
        y_density: pixels for one unit down.
        xmp_metadata: metadata to embed.
        name: ignored.

    Returns:
        One string.

    Raises:
        InvalidArgumentError: the image has other dimensions, channels or no pixel, or an option is not possible.
    """
    del name
    array = host_array(image, "image", uint8)
    if array.ndim != 3:
        raise InvalidArgumentError(f"image must be 3-dimensional; received {list(array.shape)}")
    _check_jpeg(array, format, quality, density_unit)
    dots_in_inches = 1.0 if density_unit == "in" else 2.54
    options = {"xmp": xmp_metadata.encode()} if xmp_metadata else {}
    data = encoded(
        array,
        "JPEG",
        quality=quality,
        progressive=progressive,
        optimize=optimize_size,
        subsampling=2 if chroma_downsampling else 0,
        dpi=(round(x_density * dots_in_inches), round(y_density * dots_in_inches)),
        **options,
    )
    return scalar_string(data)


def _check_jpeg(array: np.ndarray, kind: str, quality: int, density_unit: str) -> None:
    wanted = {"": (1, 3), "grayscale": (1,), "rgb": (3,)}.get(kind)
    if wanted is None:
        raise InvalidArgumentError(f"format: must be '', 'grayscale' or 'rgb'; received {kind!r}")
    if array.shape[-1] not in wanted:
        raise InvalidArgumentError(f"format {kind!r} expects {wanted} channels, got {list(array.shape)}")
    if not 0 <= quality <= 100:
        raise InvalidArgumentError(f"quality must be in [0,100], got {quality}")
    if density_unit not in ("in", "cm"):
        raise InvalidArgumentError(f"density_unit: must be 'in' or 'cm'; received {density_unit!r}")
    _check_pixels(array)
