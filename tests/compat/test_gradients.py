from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.compat import Graph, Session
from tests.compat.v1 import tf

with Graph().as_default():
    X, Y = tf.placeholder("float64", []), tf.placeholder("float64", [])
    DERIVATIVES = tf.gradients(X * X * Y + tf.sin(Y), [X, Y])
    SESSION = Session()


@given(st.floats(-2, 2), st.floats(-2, 2))
def test_gradients_are_those_of_calculus(a, b):
    values = SESSION.run(DERIVATIVES, {X: a, Y: b})
    np.testing.assert_allclose(values, [2 * a * b, a * a + np.cos(b)], atol=1e-12)


def test_what_is_not_connected_gives_none_or_zeros(run):
    x, y = tf.constant([1.0]), tf.constant([2.0])
    n = tf.constant(3)
    assert tf.gradients(x * 2.0, [y, n]) == [None, None]
    assert tf.gradients(tf.stop_gradient(x), x) == [None]
    assert tf.gradients(tf.to_float(tf.to_int32(x)), x) == [None]
    (zeros,) = tf.gradients(x, y, unconnected_gradients="zero")
    assert run(zeros).tolist() == [0.0]


def test_values_on_the_way_are_constants_where_that_is_asked(run):
    x = tf.constant(3.0)
    y = x * x
    z = y * x
    assert run(tf.gradients(z, [x, y], stop_gradients=[y])) == [9.0, 3.0]
    assert run(tf.gradients(z, [y])) == [3.0]


def test_all_readings_of_a_variable_count(run):
    v = tf.get_variable("v", initializer=2.0)
    changed = v.assign(5.0)
    with tf.control_dependencies([changed]):
        later = v * 10.0
    (found,) = tf.gradients(v * 3.0 + later, v)
    run(v.initializer)
    assert run(found) == 13.0


def test_gradients_of_gradients_and_hessians(run):
    x = tf.constant([1.0, 2.0])
    y = tf.reduce_sum(x**3)
    (first,) = tf.gradients(y, x)
    assert run(tf.gradients(first, x)[0]).tolist() == [6.0, 12.0]
    assert run(tf.hessians(y, x)[0]).tolist() == [[6.0, 0.0], [0.0, 12.0]]


def test_a_gradient_has_the_shape_of_what_it_is_with_respect_to(graph):
    x = tf.placeholder("float32", [None, 3])
    (found,) = tf.gradients(tf.reduce_sum(x, 1), x, grad_ys=[None])
    assert found.shape.as_list() == [None, 3]
    assert found.name.startswith("gradients/")


def test_fed_values_are_taken_as_they_are(run):
    x = tf.placeholder("float32", [])
    y = x * x
    (by_y, by_x) = tf.gradients(y * 3.0, [y, x])
    assert run(by_y, {x: 2.0, y: 10.0}) == 3.0
    assert run(by_x, {x: 5.0}) == 30.0


def test_gradients_need_a_graph():
    with pytest.raises(RuntimeError, match="not supported when eager execution is enabled"):
        tf.gradients(1.0, 2.0)
