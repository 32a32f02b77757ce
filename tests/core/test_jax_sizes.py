"""One trace for open sizes gives, for every size, what eager execution gives."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

import tenon as tf
from tenon.core import _jax_sizes as sizes
from tests.core.control_flow.programs import PROGRAMS, run

OPEN = [tf.TensorSpec([None, 3], tf.float32)]


def traced_once(function, specs=OPEN):
    """Return a traced function and the shapes that its arguments had when Python ran."""
    shapes = []

    def counted(*tensors):
        shapes.append([tensor.shape.as_list() for tensor in tensors])
        return function(*tensors)

    return tf.function(counted, input_signature=specs), shapes


def rows(count):
    return tf.constant(np.linspace(-1.0, 2.0, 3 * count, dtype=np.float32).reshape(count, 3))


def softmax_of_relu(x):
    return tf.nn.softmax(tf.nn.relu(x)) * tf.cast(tf.shape(x)[0], tf.float32)


def halved(x):
    total = tf.reduce_sum(tf.abs(x))
    while total > 1.0:
        total /= 2.0
        x = x * 0.5
    return x + total


def chosen(x):
    return tf.cond(tf.reduce_mean(x) > 0.4, lambda: tf.reverse(x, [0]), lambda: tf.cumsum(x))


@tf.custom_gradient
def clipped_backwards(x):
    def backward(upstream):
        return tf.clip_by_norm(upstream, 0.5)

    return x * x, backward


def with_a_rule_of_its_own(x):
    return clipped_backwards(tf.sin(x))


def shaped(x):
    twice = tf.reshape(tf.concat([x, x], 0), [2 * tf.shape(x)[0], -1])
    return twice[tf.shape(x)[0] - 1 :] + tf.cast(tf.range(tf.shape(x)[0] + 1)[:, None], tf.float32)


FUNCTIONS = (softmax_of_relu, halved, chosen, with_a_rule_of_its_own, shaped)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_runs_python_once_and_gives_what_it_gives_eagerly(function):
    traced, shapes = traced_once(function)
    eager = tf.function(function)  # its while and cond, but for each size anew
    for count in (2, 5, 1, 2):
        np.testing.assert_allclose(traced(rows(count)).numpy(), eager(rows(count)).numpy(), rtol=1e-6)
    assert shapes == [[[None, 3]]]


@pytest.mark.parametrize("function", [function for function in FUNCTIONS if function is not halved])
def test_gradients_to_the_second_order_are_those_of_fixed_sizes(function):
    traced, shapes = traced_once(function)

    def derivatives(call, x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(call(x) ** 2)
            first = inner.gradient(y, x)
        return first, outer.gradient(first, x)

    for count in (2, 4, 2, 3):
        found = derivatives(traced, rows(count))
        for mine, fixed in zip(found, derivatives(tf.function(function), rows(count)), strict=True):
            np.testing.assert_allclose(mine.numpy(), fixed.numpy(), rtol=1e-5, atol=1e-5)
    assert shapes == [[[None, 3]]]


@settings(max_examples=8)
@given(PROGRAMS)
def test_random_programs_are_for_all_sizes_what_they_are_for_each(program):
    variable = tf.Variable(0.25)

    def function(x):
        state = run(program, variable, {"a": tf.reduce_mean(x), "b": tf.reduce_max(x)})
        return x * state["a"] + tf.reverse(x, [0]) * state["b"]

    traced, shapes = traced_once(function)
    fixed = tf.function(function)
    for count in (2, 3):
        results = []
        for call in (traced, fixed):
            variable.assign(0.25)
            results.append([call(rows(count)).numpy(), variable.numpy()])
        np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-5)
        np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-5)
    assert shapes == [[[None, 3]]]


def test_first_dimensions_that_differ_and_sizes_of_zero_are_traced_for_themselves():
    traced, shapes = traced_once(lambda x, y: tf.concat([x, y], 0), [*OPEN, *OPEN])
    assert [traced(rows(a), rows(b)).shape[0] for a, b in ((2, 2), (3, 3), (2, 3), (0, 0), (4, 4))] == [4, 6, 5, 0, 8]
    assert shapes == [[[None, 3], [None, 3]], [[2, 3], [3, 3]], [[0, 3], [0, 3]]]


def test_what_takes_no_symbols_is_traced_for_each_size_and_errors_are_those_of_the_sizes():
    traced, shapes = traced_once(lambda x: x + np.ones([int(tf.shape(x)[0]), 3], np.float32))
    assert [traced(rows(count)).shape[0] for count in (2, 3)] == [2, 3]
    assert shapes[1:] == [[[2, 3]], [[3, 3]]]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"\[4,3\] vs. \[2,3\]"):
        tf.function(lambda x: x + tf.ones([2, 3]), input_signature=OPEN)(rows(4))


def test_a_backward_rule_may_look_at_sizes():
    @tf.custom_gradient
    def scaled(x):
        return 2.0 * x, lambda upstream: upstream * tf.cast(tf.shape(x)[0], tf.float32)

    traced, shapes = traced_once(scaled)
    for count in (2, 3):
        x = rows(count)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = traced(x)
        assert (tape.gradient(y, x).numpy() == count).all()
    assert shapes == [[[None, 3]]]


def test_a_backward_rule_of_jax_runs_for_the_very_sizes():
    @jax.custom_vjp
    def scaled(x):
        return 2.0 * x

    scaled.defvjp(lambda x: (2.0 * x, x), lambda x, upstream: (upstream * np.ones([int(x.shape[0]), 3]),))
    traced, shapes = traced_once(lambda x: tf.Tensor(scaled(x.value)))
    for count in (2, 3):
        x = rows(count)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = traced(x)
        assert (tape.gradient(y, x).numpy() == 1.0).all()
    assert shapes == [[[None, 3]]]


def test_variables_are_assigned_and_a_function_may_call_another():
    total = tf.Variable(0.0)
    inner, inner_shapes = traced_once(lambda x: total.assign_add(tf.reduce_sum(x)) * tf.ones_like(x))
    outer, outer_shapes = traced_once(lambda x: inner(x) + tf.reduce_sum(inner(tf.concat([x, x], 0))))
    outer(tf.ones([3, 3]))
    outer(tf.ones([2, 3]))
    assert total.numpy() == 9.0 + 18.0 + 6.0 + 12.0
    assert outer_shapes == inner_shapes[:1] == [[[None, 3]]]


def test_retracing_that_is_reduced_ends_with_one_trace_for_all_sizes():
    shapes = []

    @tf.function(reduce_retracing=True)
    def total(x):
        shapes.append(x.shape.as_list())
        return tf.reduce_sum(x)

    assert [total(tf.ones([count])).numpy() for count in (1, 2, 3, 4)] == [1.0, 2.0, 3.0, 4.0]
    assert shapes == [[1], [None]]


def test_random_numbers_are_drawn_for_any_size():
    traced, shapes = traced_once(lambda x: tf.random.normal(tf.shape(x)) + tf.nn.dropout(x, 0.5))
    assert [traced(rows(count)).shape[0] for count in (2, 3)] == [2, 3]
    assert (traced(rows(2)).numpy() != traced(rows(2)).numpy()).all()
    assert shapes == [[[None, 3]]]


def test_symbols_are_bound_to_the_sizes_of_arrays():
    a, b = jax.export.symbolic_shape("a, b")
    program = jax.make_jaxpr(lambda x: jnp.concatenate([x, x]).reshape(-1))(jax.ShapeDtypeStruct((a, b), np.float32))
    (found,) = sizes.run_for_sizes(program.jaxpr, [np.ones((2, 3), np.float32)])
    assert found.shape == (12,)
    with pytest.raises(sizes.SizesDifferError, match="no size is 0"):
        sizes.run_for_sizes(program.jaxpr, [np.ones((0, 3), np.float32)])
    same = jax.make_jaxpr(lambda x, y: x + y)(*[jax.ShapeDtypeStruct((a,), np.float32)] * 2)
    with pytest.raises(sizes.SizesDifferError, match="a cannot be 3"):
        sizes.run_for_sizes(same.jaxpr, [np.ones(2), np.ones(3)])


def test_a_backward_rule_of_jax_serves_all_sizes():
    @jax.custom_vjp
    def doubled(x):
        return x * 2.0

    doubled.defvjp(lambda x: (doubled(x), x), lambda x, given: (given * 10.0 + 0.0 * x,))
    traced, shapes = traced_once(lambda x: tf.convert_to_tensor(doubled(x.value)))
    for count in (2, 5):
        x = rows(count)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = traced(x)
        np.testing.assert_allclose(tape.gradient(y, x), np.full((count, 3), 10.0))
    assert shapes == [[[None, 3]]]


def test_a_variable_of_open_shape_is_as_large_as_it_is_now():
    log = tf.Variable(tf.zeros([0]), shape=[None])
    traced, _ = traced_once(lambda x: log.assign(tf.concat([log, x], 0)), [tf.TensorSpec([None], tf.float32)])
    traced.get_concrete_function()
    for count in (2, 1, 2):
        traced(tf.ones([count]))
    assert log.numpy().shape == (5,)
