from __future__ import annotations

import numpy as np
import pytest

from tests.compat.v1 import tf


def updated(run, make, batches):
    """Update a metric with batches; return the values after each, and the metric's at the end."""
    labels, found = tf.placeholder("float32", [None]), tf.placeholder("float32", [None])
    value, update = make(labels, found)
    run(tf.local_variables_initializer())
    return [float(run(update, {labels: a, found: b})) for a, b in batches], float(run(value))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", [0.5, 2 / 3]),
        ("precision", [1.0, 1.0]),
        ("recall", [0.5, 2 / 3]),
        ("mean_absolute_error", [0.5, 1 / 3]),
        ("mean_squared_error", [0.5, 1 / 3]),
        ("root_mean_squared_error", [0.5**0.5, (1 / 3) ** 0.5]),
    ],
)
def test_metrics_add_up_over_runs(run, name, expected):
    found, value = updated(run, getattr(tf.metrics, name), [([1, 1], [1, 0]), ([1], [1])])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert value == found[-1]


def test_means_take_weights_and_are_listed(run):
    x = tf.placeholder("float32", [None])
    value, update = tf.metrics.mean(x, [1.0, 3.0], metrics_collections="values", updates_collections=["updates"])
    run(tf.local_variables_initializer())
    assert run(update, {x: [0.0, 4.0]}) == 3.0
    assert tf.get_collection("values") == [value]
    assert tf.get_collection("updates") == [update]
    assert len(tf.get_collection(tf.GraphKeys.METRIC_VARIABLES)) == 2
