from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf

INTEGERS = ["uint8", "int8", "uint16", "int16", "int32"]
FLOATS = ["float32", "float64"]


@pytest.mark.parametrize("integer", INTEGERS)
@pytest.mark.parametrize("floating", FLOATS)
def test_the_largest_integer_is_one_and_back(integer, floating):
    largest = np.iinfo(integer).max
    image = np.array([[[0], [largest // 3], [largest]]], integer)
    found = tf.image.convert_image_dtype(image, floating)
    np.testing.assert_allclose(found.numpy().ravel(), image.ravel() / largest, rtol=1e-6)
    back = tf.image.convert_image_dtype(found, integer, saturate=True)
    assert back.dtype == integer
    np.testing.assert_allclose(back.numpy().astype(float), image.astype(float), rtol=1e-6)


@given(st.integers(0, 255))
@settings(max_examples=20)
def test_wider_integers_scale_up_and_back(value):
    image = np.full((1, 1, 1), value, "uint8")
    wide = tf.image.convert_image_dtype(image, tf.uint16)
    assert int(wide[0, 0, 0]) == value * 256
    np.testing.assert_array_equal(tf.image.convert_image_dtype(wide, tf.uint8), image)


def test_numbers_out_of_range_become_its_ends_if_asked():
    assert tf.image.convert_image_dtype([-1.0, 0.5, 2.0], tf.uint8, saturate=True).numpy().tolist() == [0, 127, 255]
    small = np.array([-100, 100], "int16")
    assert tf.image.convert_image_dtype(small, tf.uint16, saturate=True).numpy().tolist() == [0, 200]


@pytest.mark.parametrize("narrow", ["float16", "bfloat16"])
def test_16_bits_do_not_overflow(narrow):
    image = tf.constant([0.0, 0.5, 1.0], narrow)
    found = tf.image.convert_image_dtype(image, tf.uint16, saturate=True).numpy()
    assert found.tolist() == [0, 32767, 65535] or found.tolist() == [0, 32768, 65535]


def test_the_same_type_is_the_same_image_and_floats_are_cast():
    image = tf.constant([[[0.1, 2.0]]], tf.float64)
    np.testing.assert_array_equal(tf.image.convert_image_dtype(image, tf.float64), image)
    np.testing.assert_allclose(tf.image.convert_image_dtype(image, tf.float32), image, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["bool", "complex64", "string"])
def test_images_are_of_numbers(dtype):
    with pytest.raises(tf.errors.InvalidArgumentError, match="an image is of integers or floating point numbers"):
        tf.image.convert_image_dtype([1.0], dtype)
