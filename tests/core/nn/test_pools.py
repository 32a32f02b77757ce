from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tests.core.nn import reference
from tests.core.nn.strategies import cases, numbers

FEW = settings(max_examples=8)
KINDS = st.sampled_from(["AVG", "MAX"])
NAMES = {"AVG": "avg_pool", "MAX": "max_pool"}
FIRST = {1: "NCW", 2: "NCHW", 3: "NCDHW"}


@given(cases(explicit=False, dilated=False), KINDS)
@FEW
def test_a_pool_reduces_the_real_elements_of_every_window(case, kind):
    expected = reference.pool(case.images, case.sizes, case.strides, case.padding, case.dilations, kind)
    found = getattr(tf.nn, NAMES[kind])(case.images, list(case.sizes), list(case.strides), case.padding)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    ranked = getattr(tf.nn, f"{NAMES[kind]}{case.rank}d")
    moved = np.moveaxis(case.images, -1, 1)
    found = ranked(moved, [1, 1, *case.sizes], [1, 1, *case.strides], case.padding, FIRST[case.rank])
    np.testing.assert_allclose(np.moveaxis(found.numpy(), 1, -1), expected, rtol=1e-12)


@given(cases(explicit=False, strided_or_dilated=True), KINDS)
@FEW
def test_a_pool_of_a_kind_may_be_dilated(case, kind):
    expected = reference.pool(case.images, case.sizes, case.strides, case.padding, case.dilations, kind)
    found = tf.nn.pool(case.images, case.sizes, kind, case.strides, case.padding, dilations=case.dilations)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


@given(cases(ranks=(1, 2), explicit=False, strided_or_dilated=True), KINDS)
@settings(max_examples=8)
def test_gradients_of_a_pool_are_its_slopes(case, kind):
    images = tf.constant(case.images)
    rest = (case.sizes, kind, case.strides, case.padding, None, case.dilations)
    with tf.GradientTape() as tape:
        tape.watch(images)
        result = tf.nn.pool(images, *rest)
    weights, step = numbers(*result.shape), 1e-6 * numbers(*images.shape)
    gradient = tape.gradient(result, images, output_gradients=tf.constant(weights))
    change = tf.nn.pool(case.images + step, *rest).numpy() - tf.nn.pool(case.images - step, *rest).numpy()
    np.testing.assert_allclose(np.sum(gradient * step), np.sum(weights * change) / 2, rtol=1e-5, atol=1e-11)


def gradient_of(function, values):
    values = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(values)
        result = function(values)
    return tape.gradient(result, values).numpy().ravel().tolist()


def test_the_gradient_of_a_maximum_goes_to_the_first_of_equals():
    values = np.ones((1, 2, 2, 1), "float32")
    first = [1.0, 0.0, 0.0, 0.0]
    assert gradient_of(lambda x: tf.nn.max_pool2d(x, 2, 1, "VALID"), values) == first
    assert gradient_of(lambda x: tf.nn.max_pool_with_argmax(x, 2, 1, "VALID")[0], values) == first
    dilated = np.ones((1, 3, 3, 1), "float32")
    expected = [1.0, *[0.0] * 8]
    assert gradient_of(lambda x: tf.nn.pool(x, [2, 2], "MAX", dilations=[2, 2]), dilated) == expected


def test_a_maximum_may_have_stated_padding():
    images = -numbers(2, 4, 5, 3) - 1
    found = tf.nn.max_pool(images, 3, 1, [[0, 0], [1, 2], [0, 1], [0, 0]])
    expected = reference.pool(images, (3, 3), (1, 1), [(1, 2), (0, 1)], (1, 1), "MAX")
    np.testing.assert_allclose(found.numpy(), expected)


@given(cases(ranks=(2,), explicit=False, dilated=False), st.booleans())
@settings(max_examples=8)
def test_argmax_says_where_the_maximum_stood(case, include_batch):
    largest, index = tf.nn.max_pool_with_argmax(
        case.images, list(case.sizes), list(case.strides), case.padding, include_batch_in_index=include_batch
    )
    np.testing.assert_array_equal(largest, tf.nn.max_pool2d(case.images, case.sizes, case.strides, case.padding))
    flat = case.images.reshape(1 if include_batch else len(case.images), -1)
    rows = np.zeros(index.shape, int) if include_batch else np.arange(len(case.images)).reshape(-1, 1, 1, 1)
    np.testing.assert_array_equal(flat[rows, index.numpy()], largest)
    assert index.dtype == "int64"


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float16", "bfloat16", "float64"])
def test_maxima_of_every_dtype_stay_in_it(dtype):
    found = tf.nn.max_pool2d(tf.cast(tf.reshape(tf.range(16), [1, 4, 4, 1]), dtype), 2, 2, "SAME")
    assert found.dtype == dtype
    assert tf.cast(found, "int32").numpy().ravel().tolist() == [5, 7, 13, 15]


def test_averages_of_16_bits_are_summed_in_32():
    ones = tf.ones([1, 64, 64, 1], "float16")
    assert tf.nn.avg_pool2d(ones, 64, 1, "VALID").numpy().tolist() == [[[[1.0]]]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: tf.nn.avg_pool2d(x, 2, 1, [[0, 0], [1, 1], [1, 1], [0, 0]]), "'SAME' or 'VALID' for an average"),
        (lambda x: tf.nn.max_pool1d(x, 2, 1, "SAME"), "1 spatial dimensions and channels"),
        (lambda x: tf.nn.max_pool2d(x, 0, 1, "SAME"), "ksize: must be positive integers"),
        (lambda x: tf.nn.pool(x, [2, 2], "SUM"), "pooling_type: must be 'AVG' or 'MAX'.*received 'SUM'"),
        (lambda x: tf.nn.pool(x, [2], "MAX"), "two dimensions more than window_shape"),
        (lambda x: tf.nn.max_pool_with_argmax(x, 2, 1, "SAME", "NCHW"), "data_format: must be 'NHWC'"),
    ],
)
def test_a_pool_that_does_not_fit_is_refused(call, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call(numbers(1, 4, 4, 2))
