from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tests.core.image.strategies import images, numbers

FEW = settings(max_examples=10)


@given(images())
@FEW
def test_images_are_mirrored_and_transposed(image):
    np.testing.assert_array_equal(tf.image.flip_left_right(image), np.flip(image, -2))
    np.testing.assert_array_equal(tf.image.flip_up_down(image), np.flip(image, -3))
    np.testing.assert_array_equal(tf.image.transpose(image), np.swapaxes(image, -3, -2))


@given(images(), st.integers(-5, 5))
@FEW
def test_images_are_turned_counter_clockwise(image, k):
    np.testing.assert_array_equal(tf.image.rot90(image, k), np.rot90(image, k, (-3, -2)))


def test_turns_may_be_a_tensor_and_images_of_any_type():
    image = np.arange(6, dtype="uint8").reshape(2, 3, 1)
    assert tf.image.rot90(image, tf.constant(2)).numpy().ravel().tolist() == [5, 4, 3, 2, 1, 0]
    assert tf.image.flip_up_down(image > 2).dtype == tf.bool


@pytest.mark.parametrize("name", ["flip_left_right", "flip_up_down", "rot90", "transpose"])
@pytest.mark.parametrize("shape", [(3, 4), (1, 2, 3, 4, 5)])
def test_what_is_no_image_is_refused(name, shape):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must be \[height, width, channels\], or a batch"):
        getattr(tf.image, name)(numbers(*shape))
