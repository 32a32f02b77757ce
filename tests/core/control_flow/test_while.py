"""``tf.while_loop``."""

from __future__ import annotations

import numpy as np
import pytest

import tenon as tf


def traced(function, *arguments):
    return tf.function(function, autograph=False)(*arguments)


def count_to(limit):
    return tf.while_loop(lambda i, s: i < limit, lambda i, s: (i + 1, s + i), (0, 0))


@pytest.mark.parametrize("run", [lambda f, *a: f(*a), traced])
def test_the_last_loop_variables_come_back(run):
    i, s = run(count_to, tf.constant(5))
    assert (int(i), int(s)) == (5, 10)


def test_test_and_body_are_traced_once():
    runs = []

    @tf.function(autograph=False)
    def f(n):
        return tf.while_loop(lambda i: runs.append("test") or i < n, lambda i: runs.append("body") or [i + 1], [0])

    assert [int(f(tf.constant(n))[0]) for n in (3, 7)] == [3, 7]
    assert runs == ["test", "body"]


def test_variables_are_carried_from_iteration_to_iteration():
    v, total = tf.Variable(1.0), tf.Variable(0.0)

    @tf.function(autograph=False)
    def f(n):
        def body(i):
            v.assign(v * 2.0)
            total.assign_add(v)
            return [i + 1]

        return tf.while_loop(lambda i: (i < n) & (v < 100.0), body, [0])

    assert int(f(tf.constant(3))[0]) == 3
    assert (float(v), float(total)) == (8.0, 14.0)
    assert int(f(tf.constant(100))[0]) == 4
    assert float(v) == 128.0


def test_a_test_may_assign_variables():
    tests = tf.Variable(0)

    @tf.function(autograph=False)
    def f(n):
        def goes_on(i):
            tests.assign_add(1)
            return i < n

        return tf.while_loop(goes_on, lambda i: [i + tests], [0])

    assert int(f(tf.constant(5))[0]) == 6  # 0, 1, 3, 6
    assert int(tests) == 4


def test_a_limit_ends_the_loop():
    f = tf.function(lambda n: tf.while_loop(lambda i: True, lambda i: [i + 2], [0], maximum_iterations=n))
    assert int(f(tf.constant(5))[0]) == 10
    assert int(tf.while_loop(lambda i: True, lambda i: [i + 2], [0], maximum_iterations=3)[0]) == 6


def test_structures_of_loop_variables_are_kept():
    def body(state):
        return [{"i": state["i"] + 1, "pair": (state["pair"][1], state["pair"][0])}]

    (found,) = traced(lambda: tf.while_loop(lambda s: s["i"] < 3, body, [{"i": 0, "pair": (1, 2)}]))
    assert [int(x) for x in (found["i"], *found["pair"])] == [3, 2, 1]


def test_one_loop_variable_may_come_without_a_list():
    assert [int(x) for x in tf.while_loop(lambda i: i < 3, lambda i: i + 1, [tf.constant(0)])] == [3]
    assert [int(x) for x in traced(lambda: tf.while_loop(lambda i: i < 3, lambda i: i + 1, [tf.constant(0)]))] == [3]


def test_a_loop_variable_keeps_its_dtype():
    with pytest.raises(TypeError, match=r"loop_vars\[1\] has dtype int32 before the loop, but dtype float32 after one"):
        traced(lambda: tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, tf.cast(x, "float32")), (0, 1)))


def test_a_loop_variable_keeps_its_shape():
    with pytest.raises(
        ValueError, match=r"loop_vars\[1\] has shape \(1,\) before the loop, but shape \(2,\) after one"
    ):
        traced(
            lambda n: tf.while_loop(
                lambda i, x: i < n, lambda i, x: (i + 1, tf.concat([x, x], 0)), (0, tf.constant([1]))
            ),
            3,
        )


def test_with_invariants_a_loop_that_grows_is_unrolled_if_its_end_is_known():
    shapes = (tf.TensorShape([]), tf.TensorShape([None]))

    def grow(n):
        body = lambda i, x: (i + 1, tf.concat([x, x], 0))  # noqa: E731
        return tf.while_loop(lambda i, x: i < n, body, (tf.constant(0), tf.constant([1])), shape_invariants=shapes)[1]

    assert traced(grow, 3).shape == [8]
    with pytest.raises(ValueError, match="its condition must be known"):
        traced(grow, tf.constant(3))


def test_the_body_keeps_the_structure():
    with pytest.raises(ValueError, match="same nested structure"):
        traced(lambda: tf.while_loop(lambda i, j: i < 3, lambda i, j: (i,), (0, 0)))


def test_the_test_returns_a_bool_scalar():
    with pytest.raises(TypeError, match="cond must return a boolean scalar"):
        traced(lambda x: tf.while_loop(lambda x: x, lambda x: x, [x]), tf.constant(1))


def test_arguments_are_checked():
    with pytest.raises(TypeError, match="'cond' must be callable"):
        tf.while_loop(1, lambda: 1, [0])
    with pytest.raises(ValueError, match="at least one loop variable"):
        tf.while_loop(lambda: True, lambda: (), [])


def test_gradients_flow_through_a_loop_of_unknown_length():
    v = tf.Variable(1.5)

    @tf.function(autograph=False)
    def power(x, n):
        return tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y * x * v), (0, tf.constant(1.0)))[1]

    x = tf.constant(2.0)
    for n in (0, 1, 3, 10):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = power(x, tf.constant(n))
        assert float(y) == 3.0**n
        found = [0.0 if gradient is None else float(gradient) for gradient in tape.gradient(y, [x, v])]
        np.testing.assert_allclose(found, [n * 3.0**n / 2.0, n * 3.0**n / 1.5])


def test_a_tape_around_a_loop_inside_of_a_function():
    @tf.function(autograph=False)
    def f(x, n):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.while_loop(lambda i, y: i < n, lambda i, y: (i + 1, y * x), (0, x))[1]
        return tape.gradient(y, x)

    assert float(f(tf.constant(2.0), tf.constant(3))) == 32.0
