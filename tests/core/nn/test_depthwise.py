from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tests.core.nn import reference
from tests.core.nn.strategies import cases, numbers

CLOSE = {"rtol": 1e-10, "atol": 1e-12}
IMAGES = cases(ranks=(2,))


def depthwise(case, images, filters):
    return tf.nn.depthwise_conv2d(images, filters, [1, *case.strides, 1], case.explicit, dilations=case.dilations)


@given(IMAGES, st.integers(1, 3))
@settings(max_examples=8)
def test_each_channel_is_convolved_with_filters_of_its_own(case, multiplier):
    filters = numbers(*case.sizes, case.images.shape[-1], multiplier)
    expected = reference.depthwise(case.images, filters, case.strides, case.padding, case.dilations)
    np.testing.assert_allclose(depthwise(case, case.images, filters).numpy(), expected, **CLOSE)


@given(IMAGES, st.integers(1, 2))
@settings(max_examples=4)
def test_the_backprop_functions_are_the_gradients(case, multiplier):
    images, filters = tf.constant(case.images), tf.constant(numbers(*case.sizes, case.images.shape[-1], multiplier))
    with tf.GradientTape() as tape:
        tape.watch([images, filters])
        result = depthwise(case, images, filters)
    weights = tf.constant(numbers(*result.shape))
    by_images, by_filters = tape.gradient(result, [images, filters], output_gradients=weights)
    rest = ([1, *case.strides, 1], case.explicit)
    dilations = [1, *case.dilations, 1]
    found = tf.nn.depthwise_conv2d_backprop_input(images.shape, filters, weights, *rest, dilations=dilations)
    np.testing.assert_allclose(found, by_images, **CLOSE)
    found = tf.nn.depthwise_conv2d_backprop_filter(images, filters.shape, weights, *rest, dilations=dilations)
    np.testing.assert_allclose(found, by_filters, **CLOSE)
    np.testing.assert_allclose(np.sum(by_images * images), np.sum(result * weights), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(np.sum(by_filters * filters), np.sum(result * weights), rtol=1e-8, atol=1e-10)


@given(IMAGES, st.integers(1, 2))
@settings(max_examples=8)
def test_a_separable_convolution_mixes_the_channels_afterwards(case, multiplier):
    channels = case.images.shape[-1]
    filters, mixing = numbers(*case.sizes, channels, multiplier), numbers(1, 1, channels * multiplier, 3)
    found = tf.nn.separable_conv2d(
        case.images, filters, mixing, [1, *case.strides, 1], case.explicit, dilations=case.dilations
    )
    np.testing.assert_allclose(found, depthwise(case, case.images, filters).numpy() @ mixing[0, 0], **CLOSE)


def test_channels_may_come_first():
    images, filters, mixing = numbers(2, 3, 5, 6), numbers(2, 2, 3, 2), numbers(1, 1, 6, 4)
    moved = np.moveaxis(images, 1, -1)
    found = tf.nn.separable_conv2d(images, filters, mixing, [1, 1, 1, 1], "SAME", "NCHW")
    expected = tf.nn.separable_conv2d(moved, filters, mixing, [1, 1, 1, 1], "SAME")
    np.testing.assert_allclose(np.moveaxis(found.numpy(), 1, -1), expected, **CLOSE)


def test_filters_that_do_not_fit_are_refused():
    images = numbers(2, 5, 6, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"received \[3, 2, 2, 2\] for an input of \[2, 5, 6, 3\]"):
        tf.nn.depthwise_conv2d(images, numbers(3, 2, 2, 2), [1, 1, 1, 1], "SAME")
    with pytest.raises(tf.errors.InvalidArgumentError, match="pointwise_filter: must be"):
        tf.nn.separable_conv2d(images, numbers(3, 2, 3, 2), numbers(1, 1, 3, 4), [1, 1, 1, 1], "SAME")
