from __future__ import annotations

import numpy as np

from tests.compat.v1 import tf


def test_averages_follow_their_variables(run):
    v = tf.get_variable("v", initializer=0.0)
    average = tf.train.ExponentialMovingAverage(0.5)
    with tf.control_dependencies([v.assign_add(4.0)]):
        update = average.apply()
    run(tf.global_variables_initializer())
    found = []
    for _ in range(3):
        run(update)
        found.append(float(run(average.average(v))))
    assert found == [2.0, 5.0, 8.5]
    assert average.average_name(v) == "v/ExponentialMovingAverage"
    assert average.variables_to_restore() == {
        "v/ExponentialMovingAverage": v,
    } | {one.op.name: one for one in tf.global_variables() if one is not v}
    assert average.name == "ExponentialMovingAverage"
    assert average.average(update) is None


def test_a_count_of_updates_lets_them_begin_faster(run):
    v = tf.get_variable("v", initializer=1.0)
    step = tf.placeholder("int32", [])
    average = tf.train.ExponentialMovingAverage(0.99, num_updates=step)
    update = average.apply([v])
    run(tf.global_variables_initializer())
    run(v.assign(11.0))
    run(update, {step: 0})
    np.testing.assert_allclose(run(average.average(v)), 10.0, rtol=1e-6)
