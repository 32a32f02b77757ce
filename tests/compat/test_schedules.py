from __future__ import annotations

import pytest

from tests.compat.v1 import tf


def test_rates_go_down_with_the_step(run):
    step = tf.placeholder("int64", [])
    rates = {
        "exponential": tf.train.exponential_decay(1.0, step, 2, 0.5),
        "staircase": tf.train.exponential_decay(1.0, step, 2, 0.5, staircase=True),
        "inverse": tf.train.inverse_time_decay(1.0, step, 1, 1.0),
        "polynomial": tf.train.polynomial_decay(1.0, step, 4, 0.0),
        "cosine": tf.train.cosine_decay(1.0, step, 4),
        "piecewise": tf.train.piecewise_constant(step, [1, 3], [3.0, 2.0, 1.0]),
    }
    found = [run(rates, {step: value}) for value in (0, 2, 4)]
    assert {name: [round(float(one[name]), 4) for one in found] for name in rates} == {
        "exponential": [1.0, 0.5, 0.25],
        "staircase": [1.0, 0.5, 0.25],
        "inverse": [1.0, 0.3333, 0.2],
        "polynomial": [1.0, 0.5, 0.0],
        "cosine": [1.0, 0.5, 0.0],
        "piecewise": [3.0, 2.0, 1.0],
    }


def test_there_is_one_rate_more_than_boundaries(graph):
    with pytest.raises(ValueError, match="1 less than the length of values"):
        tf.train.piecewise_constant(tf.constant(1), [1], [1.0])
