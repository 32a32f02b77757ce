from __future__ import annotations

import numpy as np

import tenon as tf


def test_points_come_in_sobols_order():
    points = tf.math.sobol_sample(2, 3)
    assert points.dtype == tf.float32
    assert points.numpy().tolist() == [[0.5, 0.5], [0.75, 0.25], [0.25, 0.75]]


def test_skipped_points_are_those_that_came_before():
    np.testing.assert_array_equal(tf.math.sobol_sample(3, 4, 3).numpy(), tf.math.sobol_sample(3, 7).numpy()[3:])
    assert tf.math.sobol_sample(1, 1, dtype=tf.float64).dtype == tf.float64
