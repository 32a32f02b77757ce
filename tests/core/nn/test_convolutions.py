from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tests.core.nn import reference
from tests.core.nn.strategies import Case, cases, numbers

CLOSE = {"rtol": 1e-12, "atol": 1e-12}
FEW = settings(max_examples=8)
NAMES = {1: "conv1d", 2: "conv2d", 3: "conv3d"}
TRANSPOSED = {1: "conv1d_transpose", 2: "conv2d_transpose", 3: "conv3d_transpose"}
FIRST = {1: "NCW", 2: "NCHW", 3: "NCDHW"}


def filters_for(case: Case, groups: int, outputs: int) -> np.ndarray:
    return numbers(*case.sizes, case.images.shape[-1] // groups, outputs * groups)


@st.composite
def grouped(draw):
    case = draw(cases())
    channels = case.images.shape[-1]
    groups = draw(st.sampled_from([count for count in range(1, channels + 1) if channels % count == 0]))
    return case, filters_for(case, groups, draw(st.integers(1, 2)))


def convolved(case: Case, images, filters):
    function = getattr(tf.nn, NAMES[case.rank])
    return function(images, filters, list(case.strides), case.explicit, dilations=list(case.dilations))


def slope_along(function, values, direction):
    """Return the change of a function that is linear in its values, along a direction."""
    return np.sum(function(values + direction) - function(values))


@given(grouped())
@FEW
def test_a_convolution_is_a_product_with_every_window(example):
    case, filters = example
    expected = reference.convolution(case.images, filters, case.strides, case.padding, case.dilations)
    np.testing.assert_allclose(convolved(case, case.images, filters).numpy(), expected, **CLOSE)


@given(grouped())
@FEW
def test_convolution_takes_images_of_every_rank_and_channels_at_either_place(example):
    case, filters = example
    moved = np.moveaxis(case.images, -1, 1)
    padding = case.padding if isinstance(case.padding, str) else [(0, 0), (0, 0), *case.padding]
    found = tf.nn.convolution(moved, filters, case.strides, padding, FIRST[case.rank], case.dilations)
    expected = reference.convolution(case.images, filters, case.strides, case.padding, case.dilations)
    np.testing.assert_allclose(np.moveaxis(found.numpy(), 1, -1), expected, **CLOSE)


@given(grouped())
@settings(max_examples=5)
def test_gradients_of_a_convolution_are_its_slopes(example):
    case, filters = example
    images, filters = tf.constant(case.images), tf.constant(filters)
    with tf.GradientTape() as tape:
        tape.watch([images, filters])
        result = convolved(case, images, filters)
    weights = numbers(*result.shape)
    by_images, by_filters = tape.gradient(result, [images, filters], output_gradients=tf.constant(weights))
    step, other = numbers(*images.shape), numbers(*filters.shape)
    weighted = lambda x: weights * convolved(case, x, filters).numpy()  # noqa: E731
    np.testing.assert_allclose(
        np.sum(by_images * step), slope_along(weighted, images.numpy(), step), rtol=1e-8, atol=1e-10
    )
    weighted = lambda x: weights * convolved(case, images, x).numpy()  # noqa: E731
    np.testing.assert_allclose(
        np.sum(by_filters * other), slope_along(weighted, filters.numpy(), other), rtol=1e-8, atol=1e-10
    )


@given(grouped())
@FEW
def test_a_transposed_convolution_is_the_transpose(example):
    case, filters = example
    result = convolved(case, case.images, filters).numpy()
    other = numbers(*result.shape)
    function = getattr(tf.nn, TRANSPOSED[case.rank])
    back = function(other, filters, case.images.shape, case.strides, case.explicit, dilations=case.dilations).numpy()
    assert back.shape == case.images.shape
    np.testing.assert_allclose(np.sum(back * case.images), np.sum(other * result), rtol=1e-9, atol=1e-10)


def test_a_transposed_convolution_has_gradients():
    images, filters = tf.constant(numbers(2, 3, 2)), tf.constant(numbers(3, 4, 2))
    with tf.GradientTape() as tape:
        tape.watch([images, filters])
        result = tf.nn.conv_transpose(images, filters, [2, 6, 4], 2)
    by_images, by_filters = tape.gradient(result, [images, filters])
    np.testing.assert_allclose(np.sum(by_images * images), np.sum(result), rtol=1e-9)
    np.testing.assert_allclose(np.sum(by_filters * filters), np.sum(result), rtol=1e-9)


@given(cases(ranks=(2,), explicit=False, dilated=False), st.integers(1, 3))
@settings(max_examples=8)
def test_an_atrous_convolution_has_filters_with_holes(case, rate):
    filters = filters_for(case, 1, 2)
    images = numbers(1, 7, 8, case.images.shape[-1])
    expected = reference.convolution(images, filters, (1, 1), case.padding, (rate, rate))
    found = tf.nn.atrous_conv2d(images, filters, rate, case.padding)
    np.testing.assert_allclose(found.numpy(), expected, **CLOSE)
    other = numbers(*expected.shape)
    back = tf.nn.atrous_conv2d_transpose(other, filters, images.shape, rate, case.padding)
    np.testing.assert_allclose(np.sum(back * images), np.sum(other * expected), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "int32"])
def test_the_dtype_stays(dtype):
    images, filters = (tf.cast(tf.ones(shape), dtype) for shape in ([1, 3, 3, 1], [2, 2, 1, 1]))
    found = tf.nn.conv2d(images, filters, 1, "VALID")
    assert found.dtype == dtype
    assert tf.cast(found, "float32").numpy().tolist() == np.full((1, 2, 2, 1), 4.0).tolist()


def test_the_shape_of_a_transpose_may_be_a_tensor():
    images = tf.ones([2, 2, 2, 1])
    found = tf.nn.conv2d_transpose(images, tf.ones([2, 2, 3, 1]), tf.constant([2, 4, 4, 3]), [1, 2, 2, 1])
    assert found.shape == [2, 4, 4, 3]


def test_a_traced_function_convolves_alike():
    images, filters = tf.constant(numbers(1, 4, 5, 2)), tf.constant(numbers(2, 2, 2, 3))
    traced = tf.function(lambda x, k: tf.nn.conv2d(x, k, 2, "SAME"))
    np.testing.assert_allclose(traced(images, filters), tf.nn.conv2d(images, filters, 2, "SAME"), **CLOSE)


@pytest.mark.parametrize(
    ("images", "filters", "arguments", "message"),
    [
        ((1, 5, 6, 4), (3, 2, 3, 6), (1, "SAME"), "input depth must be evenly divisible by filter depth: 4 vs 3"),
        ((1, 5, 6, 4), (3, 2, 2, 5), (1, "SAME"), "5 output channels by the number of groups"),
        ((1, 5, 6, 4), (3, 4, 6), (1, "SAME"), r"must have 2 spatial dimensions.*received \[3, 4, 6\]"),
        ((5, 6, 4), (3, 2, 4, 6), (1, "SAME"), "must have at least 4 dimensions"),
        ((1, 5, 6, 4), (3, 2, 4, 6), (1, "FULL"), "padding: must be 'SAME', 'VALID'"),
        ((1, 5, 6, 4), (3, 2, 4, 6), (0, "SAME"), "strides: must be positive integers"),
    ],
)
def test_a_convolution_that_does_not_fit_is_refused(images, filters, arguments, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.nn.conv2d(numbers(*images), numbers(*filters), *arguments)


def test_a_transposed_convolution_that_does_not_fit_is_refused():
    images, filters = numbers(2, 4, 4, 5), numbers(3, 2, 3, 5)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"gives the spatial sizes \[8, 4\] for a batch of 2"):
        tf.nn.conv2d_transpose(images, filters, [2, 18, 8, 3], 2, "VALID")
    with pytest.raises(tf.errors.InvalidArgumentError, match="output_shape: must have 4 sizes, as the input"):
        tf.nn.conv2d_transpose(images, filters, [8, 8], 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="for a batch of 3"):
        tf.nn.conv2d_transpose(images, filters, [3, 8, 8, 3], 2)


def test_other_dtypes_are_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="not in the list of allowed values"):
        tf.nn.conv1d(np.ones((1, 3, 1), "int64"), np.ones((1, 1, 1), "int64"), 1, "SAME")
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected to be a double tensor but is a float tensor"):
        tf.nn.conv1d(tf.ones([1, 3, 1], "float64"), tf.ones([1, 1, 1]), 1, "SAME")
