from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError


@given(st.lists(st.integers(-9, 9), min_size=3, max_size=3), st.floats(-5, -0.5), st.floats(0.5, 5))
@settings(max_examples=20)
def test_values_are_kept_between_bounds(values, low, high):
    np.testing.assert_array_equal(
        tf.clip_by_value(np.array(values, float), low, high).numpy(), np.clip(values, low, high)
    )


def test_bounds_may_be_tensors_but_not_larger_ones():
    assert tf.clip_by_value([1.0, 5.0, 9.0], [2.0, 2.0, 2.0], 6).numpy().tolist() == [2.0, 5.0, 6.0]
    assert tf.clip_by_value([1, 5, 9], 2, 6).numpy().tolist() == [2, 5, 6]
    with pytest.raises(InvalidArgumentError, match="must broadcast to the shape of t"):
        tf.clip_by_value(5.0, [1.0, 2.0], [3.0, 4.0])


def test_gradients_pass_inside_of_the_bounds_and_on_them():
    x = tf.constant([0.0, 1.0, 1.5, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.clip_by_value(x, 1.0, 2.0)
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]


def test_norms_are_kept_below_a_bound():
    np.testing.assert_allclose(tf.clip_by_norm([3.0, 4.0], 1.0).numpy(), [0.6, 0.8], rtol=1e-6)
    assert tf.clip_by_norm([3.0, 4.0], 10).numpy().tolist() == [3.0, 4.0]
    rows = tf.clip_by_norm([[3.0, 4.0], [0.0, 1.0]], 1.0, axes=1)
    np.testing.assert_allclose(rows.numpy(), [[0.6, 0.8], [0.0, 1.0]], rtol=1e-6)


def test_zeros_have_a_gradient_though_their_norm_has_none():
    x = tf.constant([0.0, 0.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.clip_by_norm(x, 1.0)
    assert tape.gradient(y, x).numpy().tolist() == [1.0, 1.0]


def test_several_tensors_are_scaled_by_one_factor():
    clipped, norm = tf.clip_by_global_norm([tf.constant([3.0]), None, tf.Variable([4.0])], 1.0)
    assert norm.numpy() == 5.0
    assert clipped[1] is None
    np.testing.assert_allclose([clipped[0].numpy()[0], clipped[2].numpy()[0]], [0.6, 0.8], rtol=1e-6)
    same, _ = tf.clip_by_global_norm([[3.0], [4.0]], 10.0)
    assert same[0].numpy().tolist() == [3.0]
    given_norm, norm = tf.clip_by_global_norm([[3.0]], 1.0, use_norm=6.0)
    assert (given_norm[0].numpy()[0], norm.numpy()) == (0.5, 6.0)


def test_a_norm_that_is_not_finite_spreads():
    clipped, norm = tf.clip_by_global_norm([[float("inf"), 1.0]], 1.0)
    assert np.isnan(clipped[0].numpy()).all()
    assert norm.numpy() == np.inf


def test_global_norms_need_a_list():
    assert tf.linalg.global_norm([None]).numpy() == 0.0
    with pytest.raises(TypeError, match="t_list: must be a sequence of tensors"):
        tf.linalg.global_norm(tf.constant([1.0]))


def test_scaling_is_recorded_by_tapes():
    x = tf.Variable([3.0])
    with tf.GradientTape() as tape:
        clipped, _ = tf.clip_by_global_norm([x, [4.0]], 1.0)
    assert tape.gradient(clipped[0], x).numpy()[0] == pytest.approx(16 / 125)


def test_vectors_are_made_of_length_one():
    found = tf.math.l2_normalize([[3.0, 4.0], [0.0, 0.0]], axis=1)
    np.testing.assert_allclose(found.numpy(), [[0.6, 0.8], [0.0, 0.0]], rtol=1e-6)
    np.testing.assert_allclose(tf.math.l2_normalize([3.0, 4.0], dim=0).numpy(), [0.6, 0.8], rtol=1e-6)
