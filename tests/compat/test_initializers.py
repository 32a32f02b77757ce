from __future__ import annotations

import numpy as np
import pytest

from tests.compat.v1 import tf


@pytest.mark.parametrize(
    ("initializer", "low", "high"),
    [
        (lambda: tf.random_uniform_initializer(-1.0, 2.0), -1.0, 2.0),
        (lambda: tf.glorot_uniform_initializer(), -(0.03**0.5), 0.03**0.5),
        (lambda: tf.truncated_normal_initializer(stddev=0.5), -1.0, 1.0),
        (lambda: tf.uniform_unit_scaling_initializer(), -(0.03**0.5), 0.03**0.5),
        (lambda: tf.initializers.he_uniform(), -(0.06**0.5), 0.06**0.5),
        (lambda: tf.initializers.lecun_uniform(), -(0.03**0.5), 0.03**0.5),
    ],
)
def test_numbers_fill_their_range(run, initializer, low, high):
    found = run(initializer()([100, 100]))
    width = high - low
    assert low <= found.min() < low + 0.1 * width
    assert high - 0.1 * width < found.max() <= high


@pytest.mark.parametrize(
    ("initializer", "deviation"),
    [
        (lambda: tf.random_normal_initializer(0.0, 2.0), 2.0),
        (lambda: tf.glorot_normal_initializer(), 0.1),
        (lambda: tf.initializers.he_normal(), 0.02**0.5),
        (lambda: tf.initializers.lecun_normal(), 0.1),
        (lambda: tf.variance_scaling_initializer(4.0, "fan_out", "untruncated_normal"), 0.2),
    ],
)
def test_numbers_spread_as_they_should(run, initializer, deviation):
    assert abs(run(initializer()([100, 100])).std() / deviation - 1) < 0.05


def test_given_values_are_repeated_to_the_end(run):
    assert run(tf.constant_initializer([1, 2])([2, 2])).tolist() == [[1.0, 2.0], [2.0, 2.0]]
    assert run(tf.constant_initializer(3)([2], tf.int32)).tolist() == [3, 3]
    with pytest.raises(ValueError, match="Too many elements provided"):
        tf.constant_initializer([1, 2, 3])([2])
    with pytest.raises(TypeError, match="Expected Tensor's shape"):
        tf.constant_initializer([1, 2], verify_shape=True)([1, 2])


def test_matrices(run):
    found = run([tf.initializers.identity(2.0)([2, 3]), tf.orthogonal_initializer()([2, 3, 4])])
    assert found[0].tolist() == [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    flat = found[1].reshape(6, 4)
    np.testing.assert_allclose(flat.T @ flat, np.eye(4), atol=1e-5)
    for initializer in (tf.initializers.identity(), tf.orthogonal_initializer()):
        with pytest.raises(ValueError, match="must be at least two-dimensional"):
            initializer([3])


def test_initializers_can_be_written_down(graph):
    initializer = tf.random_normal_initializer(1.0, 2.0, seed=3)
    again = type(initializer).from_config(initializer.get_config())
    assert again.get_config() == initializer.get_config()
    with pytest.raises(ValueError, match="must be a positive float"):
        tf.variance_scaling_initializer(0.0)
    with pytest.raises(ValueError, match="`mode` should be one of"):
        tf.variance_scaling_initializer(mode="other")
    with pytest.raises(ValueError, match="`distribution` should be one of"):
        tf.variance_scaling_initializer(distribution="other")
