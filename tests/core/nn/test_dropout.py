from __future__ import annotations

import numpy as np
import pytest

import tenon as tf

ONES = np.ones((40, 50), "float32")


def test_kept_elements_are_scaled_so_that_the_mean_stays():
    found = tf.nn.dropout(ONES, 0.25, seed=1).numpy()
    assert set(np.unique(found)) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs((found == 0).mean() - 0.25) < 0.05


def test_the_global_seed_repeats_and_calls_differ():
    tf.random.set_seed(3)
    first, second = (tf.nn.dropout(ONES, 0.5).numpy() for _ in range(2))
    tf.random.set_seed(3)
    assert (tf.nn.dropout(ONES, 0.5).numpy() == first).all()
    assert (first != second).any()


def test_a_stateless_seed_decides():
    first, same, other = (
        tf.nn.experimental.stateless_dropout(ONES, 0.5, seed, noise_shape=[40, 1]).numpy()
        for seed in ([1, 2], [1, 2], [1, 3])
    )
    assert (first == same).all()
    assert (first != other).any()
    assert (first == first[:, :1]).all()


@pytest.mark.parametrize("noise_shape", [[40, 1], [None, 1], tf.TensorShape([40, 1]), tf.constant([40, 1])])
def test_decisions_may_be_shared(noise_shape):
    found = tf.nn.dropout(ONES, 0.5, noise_shape, seed=1).numpy()
    assert (found == found[:, :1]).all()
    assert 0 < (found[:, 0] == 0).sum() < 40


def test_numbers_may_be_your_own():
    def sampler(shape, dtype):
        return tf.cast(tf.reshape(tf.linspace(0.0, 1.0, 4), shape), dtype)

    found = tf.nn.experimental.general_dropout(tf.ones([2, 2], "float64"), 0.5, sampler)
    assert found.numpy().tolist() == [[0.0, 0.0], [2.0, 2.0]]
    assert found.dtype == tf.float64


def test_gradients_flow_through_what_is_kept():
    values = tf.constant(ONES)
    with tf.GradientTape() as tape:
        tape.watch(values)
        result = tf.nn.dropout(values, 0.5, seed=4)
    np.testing.assert_array_equal(tape.gradient(result, values), result)


def test_a_traced_function_drops_anew_in_every_call():
    function = tf.function(lambda x, rate: tf.nn.dropout(x, rate))
    first, second = (function(ONES, tf.constant(0.5)).numpy() for _ in range(2))
    assert (first != second).any()
    assert set(np.unique(first)) == {0.0, 2.0}


def test_the_number_0_drops_nothing():
    values = tf.constant(ONES)
    assert tf.nn.dropout(values, 0) is values
    np.testing.assert_array_equal(tf.nn.dropout(values, tf.constant(0.0)), values)


@pytest.mark.parametrize("rate", [1.0, -0.1, 2, [0.1], tf.constant(1.5)])
def test_a_rate_out_of_range_is_refused(rate):
    with pytest.raises(ValueError, match=r"`rate` must be a scalar tensor or a float in the range \[0, 1\); received"):
        tf.nn.dropout(ONES, rate)


def test_integers_are_refused():
    with pytest.raises(
        ValueError, match="must be a floating point tensor as `x` will be scaled; received the dtype int32"
    ):
        tf.nn.dropout([1, 2], 0.5)
