import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

import tenon as tf
from tenon.base import InvalidArgumentError
from tenon.core.io._png16 import decode_png16, encode_png16

SIDES = st.integers(1, 6)


def shapes(*channels):
    return st.tuples(SIDES, SIDES, st.sampled_from(channels))


def saved(array, kind, **options):
    file = io.BytesIO()
    Image.fromarray(array).save(file, kind, **options)
    return file.getvalue()


RGB = np.random.RandomState(0).randint(0, 256, (5, 7, 3)).astype(np.uint8)
GIF = saved(RGB, "GIF", save_all=True, append_images=[Image.fromarray(255 - RGB)])


@given(hnp.arrays(st.sampled_from(["uint8", "uint16"]), shapes(1, 2, 3, 4)), st.integers(-1, 9))
def test_png_loses_nothing(array, compression):
    data = tf.io.encode_png(array, compression)
    np.testing.assert_array_equal(tf.io.decode_png(data, dtype=array.dtype).numpy(), array)
    other = tf.io.decode_png(data, dtype="uint16" if array.dtype == np.uint8 else "uint8").numpy()
    np.testing.assert_array_equal(other, array.astype(np.uint16) * 257 if array.dtype == np.uint8 else array >> 8)


@given(hnp.arrays("uint8", st.tuples(st.integers(0, 2), SIDES, SIDES, st.just(3))))
def test_many_images_are_encoded_at_once(array):
    found = tf.io.encode_png(array) if array.size else None
    assert found is None or found.shape == array.shape[:1]


@given(hnp.arrays("uint16", shapes(2, 3, 4)), st.data())
def test_every_filter_of_png_is_undone(array, data):
    height, width, channels = array.shape
    raw = np.zeros((height + 1, width + 1, channels * 2), np.int64)
    raw[1:, 1:] = array.astype(">u2").view(np.uint8).reshape(height, width, -1)
    here, left, up, corner = raw[1:, 1:], raw[1:, :-1], raw[:-1, 1:], raw[:-1, :-1]
    guess = left + up - corner
    distances = np.stack([abs(guess - left), abs(guess - up), abs(guess - corner)])
    paeth = np.choose(distances.argmin(0), [left, up, corner])
    foretold = [np.zeros_like(here), left, up, (left + up) // 2, paeth]
    kinds = data.draw(st.lists(st.integers(0, 4), min_size=height, max_size=height))
    rows = [
        bytes([kind]) + ((here - foretold[kind])[y] & 255).astype(np.uint8).tobytes() for y, kind in enumerate(kinds)
    ]
    np.testing.assert_array_equal(decode_png16(_with_rows(encode_png16(array), rows)), array)


def _with_rows(png, rows):
    body = zlib.compress(b"".join(rows))
    chunk = struct.pack(">I", len(body)) + b"IDAT" + body + struct.pack(">I", zlib.crc32(b"IDAT" + body))
    return png[:33] + chunk + png[-12:]


@given(hnp.arrays("uint8", shapes(1, 3)))
def test_jpeg_keeps_about_everything(array):
    smooth = np.full_like(array, array.mean())
    decoded = tf.io.decode_jpeg(tf.io.encode_jpeg(smooth)).numpy()
    assert decoded.shape == array.shape
    assert abs(decoded.astype(int) - smooth).max() <= 3


def test_channels_are_added_dropped_and_mixed():
    data = tf.io.encode_png(RGB)
    gray = tf.io.decode_png(data, channels=1).numpy()[..., 0]
    assert abs(gray - RGB @ [0.299, 0.587, 0.114]).max() <= 1
    alpha = tf.io.decode_png(data, channels=4).numpy()
    np.testing.assert_array_equal(alpha[..., :3], RGB)
    assert (alpha[..., 3] == 255).all()
    assert tf.io.decode_png(tf.io.encode_png(RGB[..., :1]), channels=3).shape == (5, 7, 3)
    assert tf.io.decode_jpeg(saved(RGB, "JPEG"), channels=1).shape == (5, 7, 1)


def test_every_format_is_recognized():
    for kind, shape in [("PNG", (5, 7, 3)), ("JPEG", (5, 7, 3)), ("BMP", (5, 7, 3)), ("WEBP", (1, 5, 7, 3))]:
        assert tf.io.decode_image(saved(RGB, kind)).shape == shape
    assert tf.io.decode_image(GIF).shape == (2, 5, 7, 3)
    assert tf.io.decode_image(GIF, expand_animations=False).shape == (5, 7, 3)
    assert tf.io.decode_gif(saved(RGB, "PNG")).shape == (1, 5, 7, 3)
    np.testing.assert_array_equal(tf.io.decode_bmp(saved(RGB, "BMP")).numpy(), RGB)
    np.testing.assert_array_equal(tf.io.decode_webp(saved(RGB, "WEBP", lossless=True)).numpy()[0], RGB)


@pytest.mark.parametrize("dtype", [tf.float16, tf.float32, tf.float64])
def test_images_can_be_numbers_from_zero_to_one(dtype):
    found = tf.io.decode_image(saved(RGB, "BMP"), dtype=dtype)
    assert found.dtype == dtype
    np.testing.assert_allclose(found.numpy(), RGB / 255, rtol=1e-3)


def test_a_part_of_a_jpeg_and_its_shape_can_be_had():
    data = saved(RGB, "JPEG")
    whole = tf.io.decode_jpeg(data).numpy()
    np.testing.assert_array_equal(tf.io.decode_and_crop_jpeg(data, [1, 2, 3, 4]).numpy(), whole[1:4, 2:6])
    assert tf.io.extract_jpeg_shape(data, tf.int64).numpy().tolist() == [5, 7, 3]
    assert tf.io.decode_jpeg(saved(np.repeat(np.repeat(RGB, 8, 0), 8, 1), "JPEG"), ratio=8).shape == (5, 7, 3)
    assert bool(tf.io.is_jpeg(data))
    assert not bool(tf.io.is_jpeg(GIF))


def test_a_jpeg_that_ends_early_is_refused_or_filled_up():
    data = saved(np.random.RandomState(1).randint(0, 256, (100, 100, 3)).astype(np.uint8), "JPEG")
    with pytest.raises(InvalidArgumentError, match="Invalid JPEG data"):
        tf.io.decode_jpeg(data[: len(data) // 2])
    found = tf.io.decode_jpeg(data[: len(data) // 2], try_recover_truncated=True)
    assert found.shape == (100, 100, 3)
    with pytest.raises(InvalidArgumentError, match="Invalid JPEG data"):
        tf.io.decode_jpeg(data[: len(data) // 2])


def test_metadata_is_embedded():
    data = tf.io.encode_jpeg(RGB, density_unit="cm", x_density=100, y_density=200, xmp_metadata="<x/>").numpy()
    image = Image.open(io.BytesIO(data))
    assert image.info["dpi"] == (254, 508)
    assert image.info["xmp"] == b"<x/>"


@given(st.binary(max_size=60), st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WEBP"]), st.data())
def test_damaged_images_are_refused_or_read(noise, kind, data):
    whole = GIF if kind == "GIF" else saved(RGB, kind)
    cut = data.draw(st.integers(0, len(whole)))
    try:
        tf.io.decode_image(whole[:cut] + noise + whole[cut + len(noise) :])
    except InvalidArgumentError as error:
        assert str(error)  # noqa: PT017  # both ends are right


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf.io.decode_png(b""), "Input is empty"),
        (lambda: tf.io.decode_png(b"abc"), "Unknown image file format. One of JPEG, PNG, GIF, BMP, WebP required"),
        (lambda: tf.io.decode_png([b"a"]), r"contents: must be scalar, but had shape: \[1\]"),
        (lambda: tf.io.decode_png(saved(RGB, "BMP")), "Trying to decode BMP format using a wrong op"),
        (lambda: tf.io.decode_png(GIF), "Got 2 frames, but animated gifs can only be decoded by"),
        (lambda: tf.io.decode_png(saved(RGB, "PNG"), channels=2), "`channels` must be 0, 1, 3 or 4 but got 2"),
        (lambda: tf.io.decode_png(saved(RGB, "PNG"), dtype=tf.float32), "dtype: float32 is not in the list"),
        (lambda: tf.io.decode_jpeg(saved(RGB, "JPEG"), channels=4), "JPEG does not support 4 channels"),
        (lambda: tf.io.decode_jpeg(saved(RGB, "JPEG"), ratio=3), "ratio must be 1, 2, 4, or 8, got 3"),
        (lambda: tf.io.decode_jpeg(saved(RGB, "PNG"), ratio=2), "only a JPEG can be made smaller"),
        (lambda: tf.io.decode_jpeg(saved(RGB, "JPEG"), dct_method="X"), "dct_method: must be"),
        (lambda: tf.io.decode_and_crop_jpeg(saved(RGB, "JPEG"), [0, 0, 9, 9]), "leaves an image"),
        (lambda: tf.io.decode_and_crop_jpeg(saved(RGB, "JPEG"), [0, 0]), "must have four elements"),
        (lambda: tf.io.decode_bmp(saved(RGB, "PNG")), "Trying to decode PNG format using DecodeBmp op"),
        (lambda: tf.io.decode_bmp(b"BM"), "Incomplete bmp content, requires at least 32 bytes"),
        (lambda: tf.io.decode_bmp(saved(RGB, "BMP")[:90]), "Incomplete bmp content"),
        (lambda: tf.io.decode_webp(saved(RGB, "WEBP"), channels=4), "does not match input"),
        (lambda: tf.io.decode_webp(saved(RGB, "PNG")), "Trying to decode PNG format using DecodeWebP op"),
        (lambda: tf.io.decode_webp(saved(RGB, "WEBP"), dtype=tf.float32), "WebP only supports uint8"),
        (lambda: tf.io.encode_png(RGB.astype(np.float32)), "image: float32 is not in the list"),
        (lambda: tf.io.encode_png(RGB[..., 0]), "images must be at least rank 3"),
        (lambda: tf.io.encode_png(np.zeros((2, 2, 5), np.uint8)), "image must have 1, 2, 3, or 4 channels, got 5"),
        (lambda: tf.io.encode_png(RGB[:0]), "there must be at least one pixel"),
        (lambda: tf.io.encode_jpeg(RGB[..., 0]), "image must be 3-dimensional"),
        (lambda: tf.io.encode_jpeg(RGB[..., :2]), r"expects \(1, 3\) channels"),
        (lambda: tf.io.encode_jpeg(RGB, format="cmyk"), "format: must be '', 'grayscale' or 'rgb'"),
        (lambda: tf.io.encode_jpeg(RGB, quality=101), r"quality must be in \[0,100\], got 101"),
        (lambda: tf.io.encode_jpeg(RGB, density_unit="m"), "density_unit: must be 'in' or 'cm'"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(InvalidArgumentError, match=message):
        call()
