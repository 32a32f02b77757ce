"""``tf.autodiff.ForwardAccumulator``, alone and around and inside tapes."""

from __future__ import annotations

import numpy as np
import pytest

import tenon as tf


def test_a_jvp_is_the_jacobian_times_the_tangent():
    x, v = tf.constant([1.0, 2.0]), tf.constant([0.5, -1.0])
    with tf.autodiff.ForwardAccumulator(x, v) as accumulator:
        y = tf.reduce_sum(x**3)
        inside = accumulator.jvp(y)
    assert inside.numpy() == accumulator.jvp(y).numpy() == pytest.approx(0.5 * 3 - 1.0 * 12)


def test_variables_and_structures_are_primals():
    a, b = tf.Variable(2.0), tf.Variable([1.0, 1.0])
    with tf.autodiff.ForwardAccumulator([a, b], [tf.constant(1.0), tf.constant([1.0, 0.0])]) as accumulator:
        y = a * b
    np.testing.assert_allclose(accumulator.jvp({"y": y})["y"].numpy(), [3.0, 1.0])


def test_forward_over_backward_and_backward_over_forward_agree():
    x, one = tf.constant(3.0), tf.constant(1.0)
    with tf.autodiff.ForwardAccumulator(x, one) as accumulator:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x**3
        gradient = tape.gradient(y, x)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.autodiff.ForwardAccumulator(x, one) as inner:
            y = x**3
        tangent = inner.jvp(y)
    assert accumulator.jvp(gradient).numpy() == outer.gradient(tangent, x).numpy() == 18.0


def test_accumulators_nest():
    x, one = tf.constant(2.0), tf.constant(1.0)
    with tf.autodiff.ForwardAccumulator(x, one) as outer:
        with tf.autodiff.ForwardAccumulator(x, one) as inner:
            y = x**4
        first = inner.jvp(y)
    assert [first.numpy(), outer.jvp(first).numpy()] == [32.0, 48.0]


def test_custom_gradients_are_pushed_forward_too():
    @tf.custom_gradient
    def tripled(x):
        return x * 3.0, lambda upstream: upstream * 3.0

    x = tf.constant([1.0, 2.0])
    with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 10.0])) as accumulator:
        y = tripled(x) * 2.0
    np.testing.assert_allclose(accumulator.jvp(y).numpy(), [6.0, 60.0])


def test_what_is_not_connected_is_none_or_zero():
    x = tf.constant(1.0)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        y = tf.constant([1.0, 2.0]) * 2.0
    assert accumulator.jvp(y) is None
    np.testing.assert_allclose(accumulator.jvp(y, unconnected_gradients="zero").numpy(), [0.0, 0.0])


def test_misuse_is_named():
    x = tf.constant([1.0])
    with pytest.raises(ValueError, match=r"tangents: each must have its primal's shape"):
        tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 2.0]))
    with pytest.raises(ValueError, match="given twice"):
        tf.autodiff.ForwardAccumulator([x, x], [x, x])
    with pytest.raises(ValueError, match="one for each of 1"):
        tf.autodiff.ForwardAccumulator([x], [])
    accumulator = tf.autodiff.ForwardAccumulator(x, x)
    with accumulator, pytest.raises(ValueError, match="already recording"):
        accumulator.__enter__()
