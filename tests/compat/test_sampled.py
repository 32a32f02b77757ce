from __future__ import annotations

import numpy as np
import pytest

from tests.compat.v1 import tf


@pytest.mark.parametrize("loss", ["sampled_softmax_loss", "nce_loss"])
def test_training_on_drawn_classes_makes_the_true_ones_likely(run, loss):
    tf.set_random_seed(1)
    weights, biases = tf.get_variable("w", [20, 4]), tf.get_variable("b", [20], initializer=tf.zeros_initializer())
    inputs = tf.constant(np.eye(4, dtype=np.float32))
    labels = tf.constant([[3], [7], [11], [19]])
    found = tf.reduce_mean(getattr(tf.nn, loss)(weights, biases, labels, inputs, 8, 20))
    train = tf.train.AdamOptimizer(0.2).minimize(found)
    logits = tf.matmul(inputs, weights, transpose_b=True) + biases
    run(tf.global_variables_initializer())
    for _ in range(60):
        run(train)
    assert run(tf.argmax(logits, 1)).tolist() == [3, 7, 11, 19]


def test_small_numbers_are_drawn_often_and_none_twice(run):
    drawn = tf.nn.log_uniform_candidate_sampler([[1]], 1, 5, True, 50)
    found = [run(drawn.sampled_candidates) for _ in range(40)]
    assert all(len(set(one.tolist())) == 5 for one in found)
    assert np.mean(found) < 20
    several = tf.nn.log_uniform_candidate_sampler([[1]], 1, 60, False, 50)
    assert run(several.sampled_expected_count).shape == (60,)


def test_given_samples_are_taken(run):
    w = tf.constant(np.arange(8, dtype=np.float32).reshape(4, 2) / 10)
    samples = (np.array([1, 2]), np.array([[0.5]], np.float32), np.array([0.5, 0.5], np.float32))
    found = tf.nn.nce_loss(w, tf.zeros([4]), [[3]], tf.ones([1, 2]), 2, 4, sampled_values=samples)
    logits = np.array([1.3, 0.5, 0.9]) - np.log(0.5)
    expected = np.log1p(np.exp(-logits[0])) + np.log1p(np.exp(logits[1:])).sum()
    np.testing.assert_allclose(run(found), [expected], rtol=1e-5)
