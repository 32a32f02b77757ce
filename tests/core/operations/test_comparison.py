from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf

integers = st.integers(-(2**31), 2**31 - 1)
COMPARISONS = {
    "equal": np.equal,
    "not_equal": np.not_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "less": np.less,
    "less_equal": np.less_equal,
}
BITWISE = {"bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor}


@pytest.mark.parametrize("name", sorted(COMPARISONS))
@given(integers, integers)
@settings(max_examples=15)
def test_integers_compare_exactly(name, x, y):
    found = getattr(tf, name)(np.int32(x), np.int32(y))
    assert found.dtype == tf.bool
    assert found.numpy() == COMPARISONS[name](x, y)


def test_what_is_no_number_equals_nothing():
    nan = tf.constant(float("nan"))
    assert not (nan == nan).numpy()
    assert tf.not_equal(nan, nan).numpy()
    assert not tf.less(nan, 1.0).numpy()


def test_strings_and_truths_can_be_equal_but_have_no_order():
    assert tf.equal(["a", "b"], ["a", "c"]).numpy().tolist() == [True, False]
    assert tf.not_equal(["a", "b"], "b").numpy().tolist() == [True, False]
    assert tf.equal([True, False], False).numpy().tolist() == [False, True]
    with pytest.raises(TypeError, match="of string is not in the list"):
        tf.less(["a"], ["b"])


@pytest.mark.parametrize("name", sorted(BITWISE))
@given(integers, integers)
@settings(max_examples=15)
def test_bits_are_combined_as_numpy_does(name, x, y):
    found = getattr(tf.bitwise, name)(np.int32(x), np.int32(y))
    assert found.numpy() == BITWISE[name](np.int32(x), np.int32(y))


def test_shifts_keep_the_sign_of_signed_numbers():
    assert tf.bitwise.right_shift([-8, 8], [1, 1]).numpy().tolist() == [-4, 4]
    assert tf.bitwise.right_shift(np.array([248], np.uint8), np.array([1], np.uint8)).numpy().tolist() == [124]
    assert tf.bitwise.left_shift([1], [4]).numpy().tolist() == [16]
    assert tf.bitwise.invert(np.array([1], np.uint8)).numpy().tolist() == [254]


@pytest.mark.parametrize(
    ("values", "non_decreasing", "strictly"),
    [
        ([], True, True),
        ([1.0], True, True),
        ([1, 1, 2], True, False),
        ([[1, 2], [3, 4]], True, True),
        ([2, 1], False, False),
    ],
)
def test_order_is_told_row_by_row(values, non_decreasing, strictly):
    assert tf.math.is_non_decreasing(values).numpy() == non_decreasing
    assert tf.math.is_strictly_increasing(values).numpy() == strictly


def test_finite_infinite_and_no_number_are_told_apart():
    values = [1.0, float("inf"), -float("inf"), float("nan")]
    assert tf.math.is_finite(values).numpy().tolist() == [True, False, False, False]
    assert tf.math.is_inf(values).numpy().tolist() == [False, True, True, False]
    assert tf.math.is_nan(values).numpy().tolist() == [False, False, False, True]
