from __future__ import annotations

import pytest

from tests.compat.v1 import tf


def test_a_function_runs_once_on_symbols(run):
    calls = []
    x = tf.placeholder("float32", [None])

    def body(i, total):
        calls.append(i)
        return i + 1, total + tf.reduce_sum(x)

    _, total = tf.while_loop(lambda i, _: i < 3, body, [0, 0.0])
    assert len(calls) == 1
    assert [float(run(total, {x: value})) for value in ([1.0], [1.0, 2.0])] == [3.0, 9.0]
    assert len(calls) == 1


def test_branches_take_what_they_need_from_outside(run):
    x, y = tf.placeholder("float32", []), tf.placeholder("float32", [])
    chosen = tf.cond(x > y, lambda: x * 2.0, lambda: tf.cond(y > 10.0, lambda: y, lambda: -y))
    assert [float(run(chosen, {x: 1.0, y: value})) for value in (0.0, 5.0, 20.0)] == [2.0, -5.0, 20.0]
    assert run(tf.cond(tf.constant(True), lambda: x, lambda: y), {x: 1.0, y: 2.0}) == 1.0


def test_a_branch_assigns_only_when_it_is_taken(run):
    v, x = tf.get_variable("v", initializer=1.0), tf.placeholder("bool", [])
    changed = tf.cond(x, lambda: tf.assign_add(v, 10.0), lambda: tf.identity(v))
    run(v.initializer)
    assert [float(run(changed, {x: value})) for value in (False, True, False)] == [1.0, 11.0, 11.0]


def test_variables_may_be_made_inside(run):
    def body(i, total):
        with tf.variable_scope("cell", reuse=tf.AUTO_REUSE):
            w = tf.get_variable("w", initializer=2.0)
        return i + 1, total * w

    _, total = tf.while_loop(lambda i, _: i < 3, body, [0, 1.0])
    (w,) = tf.trainable_variables()
    run(tf.global_variables_initializer())
    assert run(total) == 8.0
    assert run(tf.gradients(total, w)) == [12.0]


def test_sizes_inside_are_as_open_as_outside(run):
    x = tf.placeholder("float32", [None, 2])
    shapes = []

    def step(state):
        shapes.append(state.shape.as_list())
        return [state * 2.0]

    loop = tf.while_loop(lambda s: tf.reduce_sum(s) < 10.0, step, [x])
    assert shapes == [[None, 2]]
    assert run(loop, {x: [[1.0, 1.0]]})[0].tolist() == [[8.0, 8.0]]


def test_maps_and_folds_go_over_rows(run):
    x = tf.placeholder("float32", [None])
    found = [tf.map_fn(lambda e: e * e, x), tf.foldl(lambda a, e: a + e, x), tf.scan(lambda a, e: a * e, x)]
    assert [value.tolist() for value in run(found, {x: [1.0, 2.0, 3.0]})] == [[1.0, 4.0, 9.0], 6.0, [1.0, 2.0, 6.0]]


def test_an_error_inside_comes_from_the_users_line(graph):
    x = tf.placeholder("float32", [2])
    with pytest.raises(ValueError, match="my own"):
        tf.while_loop(lambda i: i < 3, lambda i: broken(), [x[0]])


def broken():
    raise ValueError("my own")
