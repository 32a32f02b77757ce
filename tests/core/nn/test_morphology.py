from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

import tenon as tf
from tests.core.nn import reference
from tests.core.nn.strategies import cases, numbers


def settings_of(case):
    return [1, *case.strides, 1], case.padding, "NHWC", [1, *case.dilations, 1]


def dilated(case, images, filters):
    """Return the largest sums, by looking at every window."""
    found = []
    lowest = -1e9
    for place, window in reference.windows_of(images, case.sizes, case.strides, case.padding, case.dilations, lowest):
        found.append((place, (window + filters).max((1, 2))))
    return reference.assembled(found, len(images), images.shape[-1])


@given(cases(ranks=(2,), explicit=False))
@settings(max_examples=4)
def test_dilation_is_the_largest_sum_and_erosion_the_smallest_difference(case):
    filters = numbers(*case.sizes, case.images.shape[-1])
    found = tf.nn.dilation2d(case.images, filters, *settings_of(case))
    np.testing.assert_allclose(found, dilated(case, case.images, filters))
    found = tf.nn.erosion2d(case.images, filters, *settings_of(case))
    np.testing.assert_allclose(found, -dilated(case, -case.images, filters[::-1, ::-1]))


def test_the_gradient_goes_to_the_largest_sum():
    images, filters = tf.constant(numbers(1, 3, 4, 2)), tf.constant(numbers(2, 2, 2))
    with tf.GradientTape() as tape:
        tape.watch([images, filters])
        result = tf.nn.dilation2d(images, filters, [1, 1, 1, 1], "VALID", "NHWC", [1, 1, 1, 1])
    by_images, by_filters = tape.gradient(result, [images, filters])
    assert float(tf.reduce_sum(by_images)) == result.shape.num_elements()
    np.testing.assert_allclose(np.sum(by_images * images) + np.sum(by_filters * filters), np.sum(result))


@pytest.mark.parametrize(("shape", "data_format"), [((2, 2, 3), "NHWC"), ((2, 2), "NHWC"), ((2, 2, 2), "NCHW")])
def test_filters_that_do_not_fit_are_refused(shape, data_format):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"filters: must be \[height, width, channels\]"):
        tf.nn.dilation2d(numbers(1, 4, 4, 2), numbers(*shape), [1, 1, 1, 1], "SAME", data_format, [1, 1, 1, 1])
