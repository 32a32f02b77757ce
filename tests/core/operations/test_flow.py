from __future__ import annotations

import jax
import numpy as np
import pytest

import tenon as tf


def test_identity_is_another_tensor_with_the_same_values():
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        same = tf.identity(x)
        through, beside = same * 3.0, x * 5.0
    assert same.numpy().tolist() == x.numpy().tolist()
    assert tape.gradient(through, same).numpy().tolist() == [3.0, 3.0]
    assert tape.gradient(through, x).numpy().tolist() == [3.0, 3.0]
    assert tape.gradient(beside, same) is None


def test_identity_in_a_traced_function_is_another_tensor_too():
    @tf.function
    def gradients(x):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            same = tf.identity(x)
            result = x * 5.0 + same
        return tape.gradient(result, same), tape.gradient(result, x)

    assert [g.numpy() for g in gradients(tf.constant(1.0))] == [1.0, 6.0]


def test_no_gradient_passes_stop_gradient():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = tf.stop_gradient(x * x) * x
    assert tape.gradient(y, x).numpy() == 9.0
    assert jax.grad(lambda value: (tf.stop_gradient(value * value) * value).value)(3.0) == 9.0


def test_no_gradient_passes_stop_gradient_in_a_traced_function():
    @tf.function
    def stopped(x):
        return tf.stop_gradient(x * x) * x

    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = stopped(x)
    assert tape.gradient(y, x).numpy() == 9.0


def test_stop_gradient_takes_any_dtype():
    assert tf.stop_gradient([1, 2]).numpy().tolist() == [1, 2]
    assert tf.stop_gradient("a").numpy() == b"a"


def test_lists_pass_unchanged():
    first, second = tf.identity_n([[1], [2.0]])
    assert (first.dtype, second.dtype) == (tf.int32, tf.float32)
    one, none = tf.tuple([tf.constant(1), None])
    assert (one.numpy(), none) == (1, None)
    with pytest.raises(ValueError, match="at least one tensor"):
        tf.tuple([None])


def test_operations_that_compute_nothing_return_nothing():
    assert tf.no_op() is None
    assert tf.group(tf.constant(1), [tf.constant(2)], name="all") is None


def test_values_of_strings_pass():
    assert tf.identity(np.array(["a", "b"])).numpy().tolist() == [b"a", b"b"]
