from __future__ import annotations

import numpy as np
import pytest

from tests.compat.v1 import tf


def test_a_step_counts_and_changes_what_it_should(run):
    v, w = tf.get_variable("v", initializer=[1.0, 2.0]), tf.get_variable("w", initializer=3.0)
    step = tf.train.get_or_create_global_step()
    loss = tf.reduce_sum(v * v) * w
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss, step, var_list=[v])
    run(tf.global_variables_initializer())
    assert run(train) is None
    np.testing.assert_allclose(run(v), [0.4, 0.8], rtol=1e-6)
    assert [run(w), run(step), train in tf.get_collection(tf.GraphKeys.TRAIN_OP)] == [3.0, 1, True]


def test_slots_belong_to_variables_and_have_tensorflows_names(graph):
    v = tf.get_variable("v", [2])
    optimizer = tf.train.AdamOptimizer()
    optimizer.minimize(tf.reduce_sum(v))
    assert optimizer.get_slot_names() == ["m", "v"]
    assert [optimizer.get_slot(v, name).name for name in ("m", "v")] == ["v/Adam:0", "v/Adam_1:0"]
    assert optimizer.get_slot(v, "nothing") is None
    names = [one.op.name for one in optimizer.variables()]
    assert names == ["beta1_power", "beta2_power", "v/Adam", "v/Adam_1"]
    assert [one.op.name for one in tf.trainable_variables()] == ["v"]


def test_constraints_hold_after_a_step(run):
    v = tf.get_variable("v", initializer=1.0, constraint=lambda value: tf.maximum(value, 0.5))
    train = tf.train.GradientDescentOptimizer(10.0).minimize(v * v)
    run(v.initializer)
    run(train)
    assert run(v) == 0.5


def test_a_rate_may_be_a_tensor_or_a_function(run):
    v, rate = tf.get_variable("v", initializer=1.0), tf.placeholder("float32", [])
    train = tf.train.MomentumOptimizer(lambda: rate, momentum=0.0).minimize(3.0 * v)
    run(tf.global_variables_initializer())
    run(train, {rate: 0.5})
    assert run(v) == -0.5


def test_gradients_may_be_changed_on_the_way(run):
    v, frozen = tf.get_variable("v", initializer=[3.0, 4.0]), tf.get_variable("frozen", initializer=1.0)
    optimizer = tf.train.GradientDescentOptimizer(1.0)
    pairs = optimizer.compute_gradients(tf.reduce_sum(v * v) / 2.0)
    assert pairs[1] == (None, frozen)
    train = optimizer.apply_gradients([(tf.clip_by_norm(pairs[0][0], 1.0), v), pairs[1]])
    run(tf.global_variables_initializer())
    run(train)
    np.testing.assert_allclose(run(v), [2.4, 3.2], rtol=1e-6)


def test_misuse_is_told(graph):
    with pytest.raises(ValueError, match="No variables to optimize"):
        tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.0))
    tf.get_variable("v", [1])
    with pytest.raises(ValueError, match="No gradients provided for any variable, check your graph"):
        tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.0))
    with pytest.raises(ValueError, match="No variables provided"):
        tf.train.AdamOptimizer().apply_gradients([])
    with pytest.raises(ValueError, match="Must specify the optimizer name"):
        tf.train.AdamOptimizer(name="")
    with pytest.raises(ValueError, match="initial_accumulator_value must be positive"):
        tf.train.AdagradOptimizer(0.1, 0.0)


def test_users_write_their_own(run):
    class Sign(tf.train.Optimizer):
        def __init__(self):
            super().__init__(False, "Sign")

        def _hyperparameters(self):
            return {"rate": 0.25}

        def _updated(self, value, gradient, slots, hyper):
            return value - hyper["rate"] * (gradient / abs(gradient))

    v = tf.get_variable("v", initializer=[3.0, -4.0])
    train = Sign().minimize(tf.reduce_sum(v * v))
    run(v.initializer)
    run(train)
    assert run(v).tolist() == [2.75, -3.75]
