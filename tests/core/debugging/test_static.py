import numpy as np
import pytest

import tenon as tf


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: tf.debugging.assert_rank([1], 2, "m"),
            ValueError,
            r"^m\.  Tensor  must have rank 2\.  Received rank 1",
        ),
        (lambda: tf.debugging.assert_rank([1], [2]), ValueError, r"Rank must be a scalar\.  Received \[2\]"),
        (lambda: tf.debugging.assert_rank([1], 1.5), TypeError, r"tensor must be of type tf\.int32; got tf\.float32"),
        (lambda: tf.debugging.assert_rank_at_least([1], 2), ValueError, "must have rank at least 2"),
        (lambda: tf.debugging.assert_rank_in([1], (0, 2)), ValueError, r"must have rank in \(0, 2\)"),
        (lambda: tf.debugging.assert_scalar([1]), ValueError, r"Expected scalar shape, saw shape: \(1,\)"),
        (lambda: tf.debugging.assert_type(1, tf.float32), TypeError, r"must be of type tf\.float32; got tf\.int32"),
        (lambda: tf.debugging.assert_integer(1.0), TypeError, 'Expected "x" to be integer type'),
        (lambda: tf.debugging.assert_proper_iterable("a"), TypeError, 'to be a "proper" iterable'),
        (lambda: tf.debugging.assert_proper_iterable(tf.constant([1])), TypeError, 'to be a "proper" iterable'),
        (lambda: tf.debugging.assert_proper_iterable(1), TypeError, "to be iterable"),
        (lambda: tf.debugging.assert_same_float_dtype([1]), ValueError, "Expected floating point type"),
        (lambda: tf.debugging.assert_same_float_dtype([1.0], tf.float64), ValueError, "must be of the same type"),
    ],
)
def test_what_breaks_a_rule_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_what_keeps_the_rules_passes():
    tf.debugging.assert_rank(tf.zeros([2, 3]), tf.constant(2))
    tf.debugging.assert_rank_at_least(tf.Variable([1.0]), 1)
    tf.debugging.assert_rank_in(np.zeros(3), [1, 2])
    tf.debugging.assert_scalar(1)
    tf.debugging.assert_type(tf.constant("a"), tf.string)
    tf.debugging.assert_integer(np.int64(1))
    tf.debugging.assert_proper_iterable({"a": 1})
    assert tf.debugging.assert_same_float_dtype([None, np.float64(1)]) == tf.float64
    assert tf.debugging.assert_same_float_dtype() == tf.float32


def test_numeric_tensors_are_tensors_of_numbers():
    found = [tf.debugging.is_numeric_tensor(value) for value in (tf.constant(1), tf.constant(1j), tf.constant(True), 1)]
    assert found == [True, True, False, False]


@pytest.mark.parametrize(
    "sizes",
    [("N", 3), ("N", "Q"), "NQ", (None, 3), (".", 3), (..., 3), ("*", "N", 3), ("...",), (tf.constant(2), "3")],
)
def test_shapes_that_fit_pass(sizes):
    tf.debugging.assert_shapes([(tf.zeros([2, 3]), sizes)])
    tf.debugging.assert_shapes({"a": ("N",)})


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([("N", 4)], r"^Specified explicitly\.  .* dimension 1 must have size 4\.  Received size 3, shape \(2, 3\)"),
        ([("N",)], r"must have rank in \(0, 1\)\.  Received rank 2"),
        ([("*", "N", "M", "K")], "must have rank at least 3"),
        ([("N", "N")], r"Specified by tensor shape=\(2, 3\) dtype=float32 dimension 0\."),
        ([("N", "M"), ("M", "N")], r"Specified by tensor .* must have size 3\.  Received size 2"),
        ([5], r"Specified shape must be an iterable\..*: 5"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(shapes, message):
    with pytest.raises(ValueError, match=message):
        tf.debugging.assert_shapes([(tf.zeros([2, 3]), sizes) for sizes in shapes])
    with pytest.raises(ValueError, match=r"^m\.  "):
        tf.debugging.assert_shapes([(tf.zeros([2, 3]), sizes) for sizes in shapes], message="m")
