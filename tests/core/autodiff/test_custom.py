"""``tf.custom_gradient``, ``tf.recompute_grad``, ``tf.grad_pass_through``: eager, in functions, nested."""

from __future__ import annotations

import numpy as np
import pytest

import tenon as tf


def eagerly(function):
    return function


MODES = pytest.mark.parametrize("mode", [eagerly, tf.function], ids=["eager", "function"])


@tf.custom_gradient
def clipped(x):
    return tf.identity(x), lambda upstream: tf.clip_by_value(upstream, -1.0, 1.0)


@MODES
def test_the_users_gradient_is_taken(mode):
    x = tf.constant([1.0, 2.0])
    call = mode(lambda x: clipped(x) * tf.constant([0.5, 100.0]))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = call(x)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), [0.5, 1.0])


@MODES
def test_a_tape_inside_sees_it_as_well(mode):
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = clipped(x) * 5.0
        return tape.gradient(y, x)

    assert mode(gradient)(tf.constant(1.0)).numpy() == 1.0


@MODES
def test_several_results_and_arguments(mode):
    @tf.custom_gradient
    def parts(x, y):
        def grad(first, second):
            return first * 10.0 + second, second * 100.0

        return (x + y, x * y), grad

    def total(x, y):
        first, second = parts(x, y)
        return first + 2.0 * second

    call, x, y = mode(total), tf.constant(3.0), tf.constant(4.0)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        z = call(x, y)
    assert [g.numpy() for g in tape.gradient(z, [x, y])] == [12.0, 200.0]


@MODES
def test_variables_get_the_gradients_that_the_user_returns(mode):
    w = tf.Variable(2.0)

    @tf.custom_gradient
    def scaled(x):
        def grad(upstream, variables=None):
            assert [v is w for v in variables] == [True]
            return upstream * 7.0, [upstream * 11.0]

        return x * w, grad

    call, x = mode(lambda x: scaled(x)), tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = call(x)
    assert [g.numpy() for g in tape.gradient(y, [x, w])] == [7.0, 11.0]


def test_a_gradient_function_that_ignores_variables_is_refused():
    w = tf.Variable(2.0)

    @tf.custom_gradient
    def scaled(x):
        return x * w, lambda upstream: upstream

    with pytest.raises(TypeError, match="must accept a 'variables' keyword"):
        scaled(tf.constant(1.0))


def test_a_wrong_number_of_gradients_is_refused():
    @tf.custom_gradient
    def added(x, y):
        return x + y, lambda upstream: upstream

    x = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = added(x, x)
    with pytest.raises(ValueError, match="a gradient for each of 2 arguments; received 1"):
        tape.gradient(y, x)


@MODES
def test_second_derivatives_go_through_the_gradient_function(mode):
    @tf.custom_gradient
    def cubed(x):
        return x**3, lambda upstream: upstream * 3.0 * x**2

    call, x = mode(lambda x: cubed(x)), tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = call(x)
        gradient = inner.gradient(y, x)
    assert [gradient.numpy(), outer.gradient(gradient, x).numpy()] == [12.0, 12.0]


@MODES
def test_recomputing_gives_the_same_gradients(mode):
    w, x = tf.Variable([1.0, 2.0]), tf.constant([3.0, 4.0])

    def function(x):
        return tf.reduce_sum(tf.sin(x * w))

    found = []
    for each in (function, tf.recompute_grad(function)):
        call = mode(each)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = call(x)
        found.append([g.numpy() for g in tape.gradient(y, [x, w])])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)


@MODES
def test_a_straight_through_estimator(mode):
    call, x = mode(lambda x: tf.grad_pass_through(tf.round)(x) * 2.0), tf.constant([0.4, 1.7])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = call(x)
    np.testing.assert_allclose(y.numpy(), [0.0, 4.0])
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), [2.0, 2.0])
