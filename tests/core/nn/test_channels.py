from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tests.core.nn.strategies import numbers

SIZES = st.integers(1, 3)


@given(SIZES, SIZES, SIZES, st.integers(2, 3))
@settings(max_examples=15)
def test_a_block_of_pixels_becomes_channels_and_comes_back(rows, columns, channels, block):
    images = numbers(2, rows * block, columns * block, channels)
    deep = tf.nn.space_to_depth(images, block)
    assert deep.shape == [2, rows, columns, channels * block**2]
    np.testing.assert_array_equal(deep[0, 0, 0], images[0, :block, :block].ravel())
    np.testing.assert_array_equal(tf.nn.depth_to_space(deep, block), images)


def test_channels_may_come_first():
    images = numbers(2, 4, 6, 3)
    moved = np.moveaxis(images, -1, 1)
    deep = tf.nn.space_to_depth(moved, 2, "NCHW")
    np.testing.assert_array_equal(np.moveaxis(deep.numpy(), 1, -1), tf.nn.space_to_depth(images, 2))
    np.testing.assert_array_equal(tf.nn.depth_to_space(deep, 2, "NCHW"), moved)


def test_a_bias_is_added_to_each_channel():
    values, bias = numbers(2, 3, 4, 5), numbers(5)
    np.testing.assert_array_equal(tf.nn.bias_add(values, bias), values + bias)
    np.testing.assert_array_equal(tf.nn.bias_add(values, bias[:3], "NCHW"), values + bias[:3].reshape(3, 1, 1))
    assert tf.nn.bias_add([[1, 2]], [3, 4], "N..C").numpy().tolist() == [[4, 6]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: tf.nn.space_to_depth(numbers(1, 5, 6, 1), 2),
            "must be divisible by the block_size 2; received 5 and 6",
        ),
        (lambda: tf.nn.depth_to_space(numbers(1, 5, 6, 3), 2), "the block_size squared, 4; received 3"),
        (lambda: tf.nn.space_to_depth(numbers(4, 4, 1), 2), "for an input of 4 dimensions"),
        (lambda: tf.nn.space_to_depth(numbers(1, 4, 4, 1), 1), "must be at least 2"),
        (lambda: tf.nn.bias_add([[1.0, 2.0]], [3.0]), r"the dimension 1 of the value; received \[1\] for \[1, 2\]"),
        (lambda: tf.nn.bias_add([1.0, 2.0], [3.0, 1.0]), "one number for each channel"),
        (lambda: tf.nn.bias_add([[1.0, 2.0]], [[3.0, 1.0]]), "one number for each channel"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(call, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call()
