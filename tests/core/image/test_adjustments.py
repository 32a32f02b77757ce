from __future__ import annotations

import colorsys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tests.core.image.strategies import numbers

IMAGE = numbers(4, 5, 3)
FACTORS = st.floats(0, 3)
FEW = settings(max_examples=20)


@given(st.floats(-1, 1), FACTORS)
@FEW
def test_brightness_adds_and_contrast_spreads_around_the_mean(delta, factor):
    np.testing.assert_allclose(tf.image.adjust_brightness(IMAGE, delta), IMAGE + delta, atol=1e-6)
    mean = IMAGE.mean((0, 1))
    np.testing.assert_allclose(tf.image.adjust_contrast(IMAGE, factor), (IMAGE - mean) * factor + mean, atol=1e-5)


@given(st.floats(0.1, 3), FACTORS)
@FEW
def test_gamma_is_a_power_and_gain_a_factor(gamma, gain):
    np.testing.assert_allclose(tf.image.adjust_gamma(IMAGE, gamma, gain), gain * IMAGE**gamma, rtol=1e-5, atol=1e-6)


@given(st.floats(-1, 1), FACTORS)
@FEW
def test_hue_turns_and_saturation_is_multiplied(delta, factor):
    turned, saturated = tf.image.adjust_hue(IMAGE, delta).numpy(), tf.image.adjust_saturation(IMAGE, factor).numpy()
    for place in ((0, 0), (1, 3), (3, 4)):
        hue, saturation, value = colorsys.rgb_to_hsv(*IMAGE[place])
        expected = colorsys.hsv_to_rgb((hue + delta) % 1, saturation, value)
        np.testing.assert_allclose(turned[place], expected, atol=1e-5)
        expected = colorsys.hsv_to_rgb(hue, min(1, saturation * factor), value)
        np.testing.assert_allclose(saturated[place], expected, atol=1e-5)


def test_bytes_stay_bytes_and_saturate():
    image = np.array([[[10, 250, 100]]], "uint8")
    found = tf.image.adjust_brightness(image, 0.1)
    assert (found.dtype, found.numpy().ravel().tolist()) == (tf.uint8, [35, 255, 125])


def test_each_image_of_a_batch_has_its_own_mean():
    batch = np.stack([IMAGE, IMAGE * 0.5])
    found = tf.image.adjust_contrast(batch, 2.0).numpy()
    np.testing.assert_allclose(found[1], tf.image.adjust_contrast(batch[1], 2.0), rtol=1e-6)


def test_changes_may_be_tensors_of_a_traced_function():
    function = tf.function(lambda x, delta: tf.image.adjust_hue(tf.image.adjust_brightness(x, delta), delta))
    expected = tf.image.adjust_hue(tf.image.adjust_brightness(IMAGE, 0.3), 0.3)
    np.testing.assert_allclose(function(IMAGE, tf.constant(0.3)), expected, atol=1e-9)


def test_standardized_images_have_mean_0_and_variance_1():
    found = tf.image.per_image_standardization(np.stack([IMAGE, IMAGE * 9 + 4])).numpy()
    np.testing.assert_allclose(found.mean((1, 2, 3)), 0, atol=1e-9)
    np.testing.assert_allclose(found.std((1, 2, 3)), 1, rtol=1e-9)


def test_images_of_one_colour_are_standardized_to_0_and_bytes_to_floats():
    found = tf.image.per_image_standardization(np.full((2, 3, 3), 7, "uint8"))
    assert (found.dtype, np.abs(found).max()) == (tf.float32, 0.0)
    nearly = np.array([[[1], [2]], [[1], [1]]], "uint8")
    assert tf.image.per_image_standardization(nearly).numpy().ravel().tolist() == [-0.5, 1.5, -0.5, -0.5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf.image.adjust_gamma(IMAGE, -0.1), "gamma: should be a non-negative real number; received -0.1"),
        (lambda: tf.image.adjust_hue(IMAGE, 1.5), r"delta: must be in the interval \[-1, 1\]; received 1.5"),
        (lambda: tf.image.adjust_hue(IMAGE[..., :1], 0.5), "must have 3 channels"),
        (lambda: tf.image.adjust_contrast(IMAGE[0], 0.5), "must have at least 3 dimensions"),
        (lambda: tf.image.per_image_standardization(IMAGE[0]), "must have at least 3 dimensions"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call()
