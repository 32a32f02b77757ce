from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenon as tf

VALUES = hnp.arrays(np.float64, (3, 4, 2), elements=st.floats(-10, 10))
AXES = st.sampled_from([[0], [1], [0, 1], [0, 1, 2], [-1]])
FEW = settings(max_examples=25)


@given(VALUES, AXES, st.booleans())
@FEW
def test_moments_are_mean_and_variance(values, axes, keepdims):
    mean, variance = tf.nn.moments(values, axes, keepdims=keepdims)
    np.testing.assert_allclose(mean, values.mean(tuple(axes), keepdims=keepdims), atol=1e-12)
    np.testing.assert_allclose(variance, values.var(tuple(axes), keepdims=keepdims), rtol=1e-9, atol=1e-12)


@given(VALUES, AXES, st.sampled_from([None, 0.5]))
@FEW
def test_sufficient_statistics_are_enough_for_the_moments(values, axes, shift):
    counts, mean_ss, variance_ss, kept = tf.nn.sufficient_statistics(values, axes, shift)
    mean, variance = tf.nn.normalize_moments(counts, mean_ss, variance_ss, kept)
    np.testing.assert_allclose(mean, values.mean(tuple(axes)), atol=1e-10)
    np.testing.assert_allclose(variance, values.var(tuple(axes)), rtol=1e-6, atol=1e-9)
    assert (kept is None) == (shift is None)


@given(VALUES, AXES)
@FEW
def test_weights_say_how_often_a_value_counts(values, axes):
    weights = np.arange(1.0, 9.0).reshape(1, 4, 2)
    mean, variance = tf.nn.weighted_moments(values, axes, weights)
    whole = np.broadcast_to(weights, values.shape)
    expected = np.average(values, tuple(axes), whole, keepdims=True)
    np.testing.assert_allclose(mean, np.squeeze(expected, tuple(axes)), atol=1e-10)
    squares = np.average((values - expected) ** 2, tuple(axes), whole)
    np.testing.assert_allclose(variance, squares, rtol=1e-9, atol=1e-10)


def test_16_bits_are_summed_in_32():
    mean, variance = tf.nn.moments(tf.ones([70000], "float16"), [0])
    assert (float(mean), float(variance), mean.dtype) == (1.0, 0.0, tf.float16)


@given(VALUES)
@FEW
def test_batch_normalization_gives_values_the_moments_that_are_asked_for(values):
    values = values + np.arange(24).reshape(3, 4, 2)
    mean, variance = tf.nn.moments(values, [0, 1])
    offset, scale = np.array([1.0, -2.0]), np.array([0.5, 3.0])
    found = tf.nn.batch_normalization(values, mean, variance, offset, scale, 0.0)
    np.testing.assert_allclose(found.numpy().mean((0, 1)), offset, atol=1e-9)
    np.testing.assert_allclose(found.numpy().std((0, 1)), scale, rtol=1e-9)
    plain = tf.nn.batch_normalization(values, mean, variance, None, None, 0.0)
    np.testing.assert_allclose(found, plain.numpy() * scale + offset, atol=1e-9)


def test_global_normalization_scales_only_if_it_is_said():
    arguments = [np.full((1, 1, 1, 2), 3.0), [1.0, 1.0], [4.0, 4.0], [0.0, 1.0], [2.0, 2.0], 0.0]
    arguments = [np.asarray(argument, "float32") for argument in arguments[:-1]] + [0.0]
    scaled = tf.nn.batch_norm_with_global_normalization(*arguments, True)
    assert scaled.numpy().ravel().tolist() == [2.0, 3.0]
    plain = tf.nn.batch_norm_with_global_normalization(*arguments, False)
    assert plain.numpy().ravel().tolist() == [1.0, 2.0]


def test_moments_may_have_another_dtype_than_the_values():
    values = tf.constant([[1.0, 3.0]], "bfloat16")
    found = tf.nn.batch_normalization(values, tf.constant([1.0, 1.0]), tf.constant([4.0, 4.0]), None, None, 0.0)
    assert found.dtype == tf.bfloat16
    assert tf.cast(found, "float32").numpy().tolist() == [[0.0, 1.0]]


@given(st.integers(0, 3))
@settings(max_examples=4)
def test_local_response_normalization_looks_at_the_channels_around(radius):
    values = np.random.default_rng(3).normal(size=(1, 2, 2, 6))
    found = tf.nn.local_response_normalization(values, radius, bias=2.0, alpha=0.5, beta=0.75)
    assert tf.nn.lrn is tf.nn.local_response_normalization
    for channel in range(6):
        around = values[..., max(0, channel - radius) : channel + radius + 1]
        expected = values[..., channel] / (2 + 0.5 * (around**2).sum(-1)) ** 0.75
        np.testing.assert_allclose(found[..., channel], expected)


def test_local_response_normalization_is_for_images():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must have 4 dimensions; received \[2\]"):
        tf.nn.lrn([1.0, 2.0])


def test_integers_have_no_moments():
    with pytest.raises(tf.errors.InvalidArgumentError, match="not in the list of allowed values"):
        tf.nn.moments([1, 2], [0])
