"""Conditions inside ``tf.function``: at once where values are known, else when the function runs."""

import pytest

import tenon as tf
from tenon.base import InvalidArgumentError


def test_a_value_is_checked_when_the_function_runs():
    @tf.function
    def function(x):
        tf.debugging.assert_positive(x, message="must be positive")
        return x + 1

    assert function(tf.constant([1.0])).numpy() == 2
    with pytest.raises(InvalidArgumentError, match=r"must be positive\nCondition x > 0 .*\n.*\n\[-1\.0\]"):
        function(tf.constant([-1.0]))
    assert function(tf.constant([3.0])).numpy() == 4


def test_a_known_value_is_checked_while_the_function_is_traced():
    @tf.function
    def function(x):
        tf.debugging.assert_equal(tf.shape(x)[0], 2)
        tf.debugging.assert_rank(x, 1)
        return x

    function(tf.constant([1, 2]))
    with pytest.raises(InvalidArgumentError, match="Condition x == y did not hold"):
        function.get_concrete_function(tf.TensorSpec([3], tf.int32))
    with pytest.raises(ValueError, match="must have rank 1"):
        function.get_concrete_function(tf.TensorSpec([2, 3], tf.int32))


def test_every_round_of_a_loop_is_checked():
    function = tf.function(
        lambda count: tf.while_loop(
            lambda place: place < count,
            lambda place: (tf.debugging.assert_less(place, 2), place + 1)[1],
            [tf.constant(0)],
        )
    )
    function(tf.constant(2))
    with pytest.raises(InvalidArgumentError, match="Condition x < y did not hold"):
        function(tf.constant(3))


def test_gradients_flow_past_conditions():
    @tf.function
    def function(x):
        tf.debugging.assert_near(x, x)
        return tf.debugging.check_numerics(x * x, "square")

    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = function(x)
    assert tape.gradient(y, x).numpy() == 6


def test_assert_shows_its_data():
    with pytest.raises(InvalidArgumentError, match=r"^Expected 'False' to be true\. Summarized data: b'x'\n1, \.\.\.$"):
        tf.debugging.Assert(False, ["x", [1, 2]], summarize=1)
    with pytest.raises(InvalidArgumentError, match=r"condition: must be one boolean; received shape \[2\]"):
        tf.debugging.Assert([True, False], [])
    tf.debugging.Assert(True, [])

    @tf.function
    def function(x):
        tf.Assert(tf.reduce_all(x > 0), ["x was", x])
        return x

    function(tf.constant([1, 2]))
    with pytest.raises(InvalidArgumentError, match=r"^assertion failed: \[x was\] \[1 -2 3\.\.\.\]$"):
        function(tf.constant([1, -2, 3, 4]))
