from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tenon as tf
from tests.core.image.strategies import LENGTHS, images, numbers

METHODS = [value for name, value in vars(tf.image.ResizeMethod).items() if name.isupper()]


@pytest.mark.parametrize("method", METHODS)
@given(images(), LENGTHS, LENGTHS, st.booleans())
@settings(max_examples=4)
def test_images_of_one_colour_keep_it(method, image, height, width, antialias):
    plain = np.full_like(image, 0.25)
    found = tf.image.resize(plain, [height, width], method, antialias=antialias)
    assert found.shape == [*image.shape[:-3], height, width, image.shape[-1]]
    np.testing.assert_allclose(found, 0.25, atol=1e-6)


def test_numbers_between_are_those_of_half_pixel_centres():
    found = tf.image.resize([[[0.0], [4.0]]], [1, 4])
    assert found.numpy().ravel().tolist() == [0.0, 1.0, 3.0, 4.0]
    found = tf.image.resize([[[0.0], [4.0]]], [1, 4], tf.image.ResizeMethod.NEAREST_NEIGHBOR)
    assert found.numpy().ravel().tolist() == [0.0, 0.0, 4.0, 4.0]


@pytest.mark.parametrize("method", METHODS)
def test_results_are_float32_but_for_the_nearest(method):
    image = np.arange(6, dtype="uint8").reshape(2, 3, 1)
    for size in ([2, 3], [4, 4]):
        assert tf.image.resize(image, size, method).dtype == ("uint8" if method == "nearest" else "float32")


@pytest.mark.parametrize(
    ("size", "expected"), [([8, 8], [8, 4]), ([4, 100], [4, 2]), ([100, 3], [6, 3]), ([5, 5], [5, 2])]
)
def test_proportions_may_be_kept(size, expected):
    found = tf.image.resize(numbers(6, 3, 1), size, preserve_aspect_ratio=True)
    assert found.shape == [*expected, 1]


def test_the_size_may_be_a_tensor():
    assert tf.image.resize(numbers(2, 3, 4, 1), tf.constant([5, 6])).shape == [2, 5, 6, 1]


@given(images(), LENGTHS, LENGTHS)
@settings(max_examples=10)
def test_padding_keeps_the_proportions_and_the_middle(image, height, width):
    plain = np.ones_like(image)
    scale = min(height / image.shape[-3], width / image.shape[-2])
    assume(scale * min(image.shape[-3:-1]) >= 1.001)
    found = tf.image.resize_with_pad(plain, height, width).numpy()
    assert found.shape == (*image.shape[:-3], height, width, image.shape[-1])
    inside = found.reshape(-1, *found.shape[-3:])[0, :, :, 0]
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    assert abs(rows[0] - (height - 1 - rows[-1])) <= 2
    assert abs(columns[0] - (width - 1 - columns[-1])) <= 2
    assert inside.sum() == pytest.approx(len(rows) * len(columns))


def test_gradients_of_a_sum_are_what_each_pixel_gives():
    image = tf.constant(numbers(4, 6, 1, dtype="float32"))
    for method in ("bilinear", "area", "nearest", "lanczos3"):
        with tf.GradientTape() as tape:
            tape.watch(image)
            total = tf.reduce_sum(tf.image.resize(image, [2, 3], method, antialias=method != "nearest"))
        gradient = tape.gradient(total, image)
        assert float(tf.reduce_sum(gradient)) == pytest.approx(6, abs=1e-4)
        assert float(tf.reduce_sum(gradient * image)) == pytest.approx(float(total), abs=1e-4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: tf.image.resize(x, [5]), r"size: must be the new height and width; received"),
        (lambda x: tf.image.resize(x, [0, 5]), "size: must be the new height and width"),
        (lambda x: tf.image.resize(x, 5), "size: must be the new height and width"),
        (lambda x: tf.image.resize(x[0], [5, 5]), "height, width, channels"),
        (lambda x: tf.image.resize(x, [5, 5], "cubic"), "method: must be one of.*received 'cubic'"),
        (lambda x: tf.image.resize(x[:, :1], [1, 1], preserve_aspect_ratio=True), "too thin.*1 by 0"),
        (lambda x: tf.image.resize_with_pad(x, 5, 0), "must be > 0; received 5 and 0"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call(numbers(3, 4, 2))
