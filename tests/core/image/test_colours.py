from __future__ import annotations

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenon as tf

COLOURS = hnp.arrays(np.float64, (2, 3), elements=st.integers(0, 16).map(lambda number: number / 16))


@given(COLOURS)
def test_hue_saturation_and_value_are_pythons(colours):
    expected = [colorsys.rgb_to_hsv(*colour) for colour in colours]
    found = tf.image.rgb_to_hsv(colours).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(tf.image.hsv_to_rgb(found), colours, atol=1e-12)


@given(COLOURS)
def test_colour_spaces_come_back(colours):
    np.testing.assert_allclose(tf.image.yiq_to_rgb(tf.image.rgb_to_yiq(colours)), colours, atol=1e-4)
    np.testing.assert_allclose(tf.image.yuv_to_rgb(tf.image.rgb_to_yuv(colours)), colours, atol=1e-4)


@given(COLOURS)
def test_the_first_of_yiq_and_yuv_is_the_grey(colours):
    grey = colours @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(tf.image.rgb_to_yiq(colours)[:, 0], grey)
    np.testing.assert_allclose(tf.image.rgb_to_yuv(colours)[:, 0], grey)
    np.testing.assert_allclose(tf.image.rgb_to_grayscale(colours)[:, 0], grey, atol=2e-4)


def test_grey_images_have_one_channel_and_keep_their_type():
    image = np.array([[[255, 255, 255], [0, 0, 0], [255, 0, 0]]], "uint8")
    grey = tf.image.rgb_to_grayscale(image)
    assert (grey.dtype, grey.numpy().ravel().tolist()) == (tf.uint8, [255, 0, 76])
    assert tf.image.grayscale_to_rgb(grey).numpy()[0, 2].tolist() == [76, 76, 76]


@pytest.mark.parametrize("colour", [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [1.0, 1.0, 1.0]])
def test_colours_without_hue_have_finite_gradients(colour):
    image = tf.constant([[colour]])
    for function in (tf.image.rgb_to_hsv, tf.image.hsv_to_rgb, lambda x: tf.image.adjust_hue(x, 0.2)):
        with tf.GradientTape() as tape:
            tape.watch(image)
            result = function(image)
        assert np.isfinite(tape.gradient(result, image)).all()


@pytest.mark.parametrize("name", ["rgb_to_hsv", "hsv_to_rgb", "rgb_to_grayscale", "rgb_to_yiq", "yuv_to_rgb"])
def test_colours_have_three_channels(name):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must have 3 channels; received the shape \[5, 4\]"):
        getattr(tf.image, name)(np.zeros((5, 4)))


def test_grey_has_one_channel():
    with pytest.raises(tf.errors.InvalidArgumentError, match="must have 1 channels"):
        tf.image.grayscale_to_rgb(np.zeros((5, 4, 3)))
