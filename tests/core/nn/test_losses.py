from __future__ import annotations

import math

import numpy as np
import pytest

import tenon as tf


def test_l2_loss_is_half_of_the_squares():
    assert float(tf.nn.l2_loss([[1.0, -2.0], [0.0, 3.0]])) == 7.0


@pytest.mark.parametrize("count", [0.0, 0.5, 1.0, 2.0, 30.0])
def test_log_poisson_loss_is_minus_the_log_likelihood_without_its_constant(count):
    rate = 1.5
    found = float(tf.nn.log_poisson_loss([count], [math.log(rate)])[0])
    assert found == pytest.approx(rate - count * math.log(rate), rel=1e-6)
    full = float(tf.nn.log_poisson_loss([count], [math.log(rate)], compute_full_loss=True)[0])
    constant = math.lgamma(count + 1) if count > 1 else 0.0
    assert full - found == pytest.approx(constant, abs=0.05)


def test_the_constant_of_log_poisson_loss_has_finite_gradients():
    targets = tf.constant([0.0, 0.5, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(targets)
        loss = tf.nn.log_poisson_loss(targets, [0.0, 0.0, 0.0], True)
    assert np.isfinite(tape.gradient(loss, targets)).all()


def test_log_poisson_loss_wants_one_shape():
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"must have the same shape, received \(\(2,\) vs \(1,\)\)"
    ):
        tf.nn.log_poisson_loss([1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("weights", "size", "expected"),
    [
        (None, None, 3.0),
        (None, 2, 4.5),
        (None, tf.constant(9), 1.0),
        (None, 0, 0.0),
        ([1.0, 0.0, 2.0], None, 13 / 3),
        ([[1.0], [0.0], [2.0]], None, 13 / 3),
        (2, 6, 3.0),
    ],
)
def test_the_average_loss_is_over_the_whole_batch(weights, size, expected):
    found = tf.nn.compute_average_loss([1.0, 2.0, 6.0], weights, size)
    assert float(found) == pytest.approx(expected)


def test_weights_of_examples_count_for_all_their_losses():
    found = tf.nn.compute_average_loss(np.ones((2, 3), "float64"), sample_weight=[1.0, 2.0])
    assert (float(found), found.dtype) == (4.5, tf.float64)


def test_integers_are_averaged_as_floats():
    assert float(tf.nn.compute_average_loss([1, 2])) == 1.5


def test_the_size_of_the_batch_is_one_integer():
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="global_batch_size: must be one integer; received float32"
    ):
        tf.nn.compute_average_loss([1.0], global_batch_size=2.0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="one loss for each example; received a scalar"):
        tf.nn.compute_average_loss(1.0)


def test_regularization_losses_are_summed_over_the_one_replica():
    assert float(tf.nn.scale_regularization_loss([1.0, 2.0])) == 3.0
    assert tf.nn.scale_regularization_loss([1, 2]).dtype == tf.int32
