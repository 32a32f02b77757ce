"""``tf.GradientTape``: watching, persistence, orders, Jacobians, errors."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf


def test_gradients_come_in_the_structure_of_the_sources():
    a, b = tf.Variable(2.0), tf.Variable([1.0, 3.0])
    with tf.GradientTape() as tape:
        y = a * tf.reduce_sum(b)
    found = tape.gradient(y, {"a": a, "rest": [b, tf.constant(1.0)]})
    assert found["a"].numpy() == 4.0
    np.testing.assert_allclose(found["rest"][0].numpy(), [2.0, 2.0])
    assert found["rest"][1] is None


def test_constants_must_be_watched():
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    assert tape.gradient(y, x) is None


def test_what_is_target_and_source_has_the_gradient_one_watched_or_not():
    variable, x = tf.Variable(2.0), tf.constant([3.0, 4.0])
    with tf.GradientTape(persistent=True) as tape:
        branch = variable if x[0] > 0 else variable**2
    assert float(tape.gradient(branch, variable)) == 1.0
    assert tape.gradient(x, x).numpy().tolist() == [1.0, 1.0]
    assert tape.jacobian(x, x).numpy().tolist() == [[1.0, 0.0], [0.0, 1.0]]
    with tf.GradientTape() as tape:
        y = variable * 3.0
        variable.assign(7.0)
    assert float(tape.gradient([y, variable], variable)) == 4.0


def test_a_tape_can_be_told_to_watch_variables_only_by_hand():
    a, b = tf.Variable(1.0), tf.Variable(1.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(b)
        y = a * b
    assert tape.gradient(y, [a, b])[0] is None
    assert tape.watched_variables() == (b,)


def test_only_a_persistent_tape_answers_twice():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="non-persistent GradientTape can only be used to compute one set"):
        tape.gradient(y, x)
    with tf.GradientTape(persistent=True) as tape:
        y = x * x
        z = y * y
    assert [tape.gradient(z, x).numpy(), tape.gradient(y, x).numpy()] == [108.0, 6.0]


@settings(max_examples=20, deadline=None)
@given(st.floats(-2, 2), st.integers(1, 4))
def test_derivatives_of_any_order(value, order):
    x = tf.constant(value, tf.float64)
    tapes = [tf.GradientTape() for _ in range(order)]
    for tape in tapes:
        tape.__enter__()
        tape.watch(x)
    y = x**5
    for tape in reversed(tapes):
        tape.__exit__(None, None, None)
        y = tape.gradient(y, x)
    factor = np.prod([5 - k for k in range(order)])
    assert y.numpy() == pytest.approx(factor * value ** (5 - order), rel=1e-9, abs=1e-9)


def test_recording_can_be_stopped_and_forgotten():
    x = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        with tape.stop_recording():
            y = x * x
        z = y * x
    assert tape.gradient(z, x).numpy() == 4.0
    with tf.GradientTape() as tape:
        y = x * x
        tape.reset()
        z = y + x
    assert tape.gradient(z, x).numpy() == 1.0


def test_several_targets_are_added_and_output_gradients_weigh():
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        y, z = x * x, 3.0 * x
    np.testing.assert_allclose(tape.gradient([y, z], x).numpy(), [5.0, 7.0])
    np.testing.assert_allclose(tape.gradient(y, x, output_gradients=[1.0, 10.0]).numpy(), [2.0, 40.0])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"output_gradients: must have the shape"):
        tape.gradient(y, x, output_gradients=[1.0, 2.0, 3.0])


def test_what_is_not_connected_is_none_or_zero():
    x, z = tf.Variable([1.0, 2.0]), tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        y = z * z
    assert tape.gradient(y, x) is None
    zeros = tape.gradient(y, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    np.testing.assert_allclose(zeros.numpy(), [0.0, 0.0])
    with pytest.raises(ValueError, match="some"):
        tape.gradient(y, x, unconnected_gradients="some")


def test_integers_have_no_gradient():
    x = tf.constant([1, 2])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x) is None


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_jacobians_have_the_shape_of_target_and_source(dtype):
    x = tf.constant(np.arange(6.0).reshape(2, 3), dtype)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.reduce_sum(x * x, axis=1)
    jacobian = tape.jacobian(y, x)
    assert jacobian.dtype == dtype
    expected = np.zeros((2, 2, 3))
    expected[0, 0], expected[1, 1] = 2 * x.numpy()[0], 2 * x.numpy()[1]
    np.testing.assert_allclose(jacobian.numpy(), expected)


def test_a_batch_jacobian_is_the_diagonal_of_the_jacobian():
    x = tf.constant(np.linspace(0.0, 1.0, 6, dtype=np.float32).reshape(3, 2))
    w = tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = tf.square(x @ w)
    full, batch = tape.jacobian(y, x).numpy(), tape.batch_jacobian(y, x).numpy()
    assert batch.shape == (3, 3, 2)
    np.testing.assert_allclose(batch, np.stack([full[i, :, i] for i in range(3)]), rtol=1e-6)
    with pytest.raises(ValueError, match="Need first dimension"):
        tape.batch_jacobian(y, tf.constant(1.0))


def test_no_gradient_flows_through_an_assignment():
    x, y = tf.Variable(2.0), tf.Variable(0.0)
    with tf.GradientTape() as tape:
        y.assign(x * 3.0)
        z = y * y
    assert [None if g is None else g.numpy() for g in tape.gradient(z, [x, y])] == [None, 12.0]


def test_variables_of_one_initial_value_stay_apart():
    start = tf.constant(2.0)
    a, b = tf.Variable(start), tf.Variable(start)
    with tf.GradientTape() as tape:
        y = a * a * b
    assert [g.numpy() for g in tape.gradient(y, [a, b])] == [8.0, 4.0]


def test_jax_numpy_in_the_block_is_seen():
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = jnp.sum(jnp.sin(x.value()) * x)
    np.testing.assert_allclose(
        tape.gradient(y, x).numpy(), np.sin([1, 2]) + np.array([1, 2]) * np.cos([1, 2]), rtol=1e-6
    )


def test_misuse_is_named():
    tape = tf.GradientTape()
    with pytest.raises(ValueError, match="watch: the tape is not recording"):
        tape.watch(tf.constant(1.0))
    with tape:
        with pytest.raises(ValueError, match="already recording"):
            tape.__enter__()
        with pytest.raises(ValueError, match=r"not tf\.Tensor or tf\.Variable"):
            tape.watch("text")
        y = tf.constant(1.0) * 1.0
    with pytest.raises(ValueError, match="must be tensors or variables"):
        tape.gradient(y, 1.0)
