from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError

small_lists = st.lists(st.integers(0, 6), min_size=1, max_size=6)


@given(small_lists, st.integers(0, 9), st.none() | st.integers(1, 9))
@settings(max_examples=25)
def test_bins_are_counted_as_numpy_does(values, minlength, maxlength):
    expected = np.bincount([value for value in values if maxlength is None or value < maxlength], minlength=minlength)
    expected = np.pad(expected, (0, max(0, min(max(values) + 1, maxlength or 99) - len(expected))))[:maxlength]
    found = tf.math.bincount(np.array(values, np.int32), minlength=minlength, maxlength=maxlength)
    assert found.dtype == tf.int32
    assert found.numpy().tolist() == expected.tolist()


def test_weights_rows_and_presence_are_counted_too():
    assert tf.math.bincount([1, 2, 2], weights=[1.0, 2.0, 0.5]).numpy().tolist() == [0.0, 1.0, 2.5]
    assert tf.math.bincount([[1, 2], [2, 2]], axis=-1).numpy().tolist() == [[0, 1, 1], [0, 0, 2]]
    assert tf.math.bincount([[1, 2], [2, 2]]).numpy().tolist() == [0, 1, 3]
    assert tf.math.bincount([1, 2, 2], binary_output=True).numpy().tolist() == [0, 1, 1]
    assert tf.math.bincount([1], dtype=tf.float32).dtype == tf.float32
    assert tf.math.bincount(tf.constant([], tf.int32), minlength=2).numpy().tolist() == [0, 0]


def test_there_are_no_negative_bins():
    with pytest.raises(InvalidArgumentError, match="Input arr must be non-negative"):
        tf.math.bincount([-1, 2])


def test_a_traced_function_must_be_told_how_many_bins():
    values = tf.constant([1, 2, 2])
    with pytest.raises(InvalidArgumentError, match="give minlength and maxlength"):
        tf.function(tf.math.bincount)(values)
    found = tf.function(lambda x: tf.math.bincount(x, minlength=4, maxlength=4))(values)
    assert found.numpy().tolist() == [0, 1, 2, 0]


def test_predictions_are_confused_row_by_row():
    assert tf.math.confusion_matrix([1, 2], [2, 2]).numpy().tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 1]]
    weighted = tf.math.confusion_matrix([0, 1], [1, 1], num_classes=2, weights=[0.5, 2.0], dtype=tf.float32)
    assert weighted.numpy().tolist() == [[0.0, 0.5], [0.0, 2.0]]
    assert tf.math.confusion_matrix([[1], [0]], [1, 0]).numpy().tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("labels", "predictions", "message"),
    [([-1, 0], [0, 0], "`labels` contains negative values"), ([0, 1], [0, 5], "`predictions` out of bound")],
)
def test_classes_that_do_not_exist_are_refused(labels, predictions, message):
    with pytest.raises(InvalidArgumentError, match=message):
        tf.math.confusion_matrix(labels, predictions, num_classes=3)


def test_a_traced_function_must_be_told_how_many_classes():
    with pytest.raises(InvalidArgumentError, match="num_classes: must be given while a function is traced"):
        tf.function(tf.math.confusion_matrix)(tf.constant([0]), tf.constant([0]))
    found = tf.function(lambda a, b: tf.math.confusion_matrix(a, b, 2))(tf.constant([0]), tf.constant([1]))
    assert found.numpy().tolist() == [[0, 1], [0, 0]]


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=5))
@settings(max_examples=20)
def test_the_first_extreme_is_found(values):
    assert tf.argmax(values).numpy() == np.argmax(values)
    assert tf.argmin(np.array(values, np.float32)).numpy() == np.argmin(values)


def test_positions_have_an_axis_and_a_dtype():
    assert tf.argmax([[1, 5], [7, 2]]).numpy().tolist() == [1, 0]
    assert tf.argmax([[1, 5], [7, 2]], -1, tf.int32).dtype == tf.int32
    assert tf.argmax([False, True]).numpy() == 1
    assert tf.argmax([1.0, float("nan"), 2.0]).numpy() == 2
    with pytest.raises(InvalidArgumentError, match=r"Expected dimension in the range \[0, 0\), but got 0"):
        tf.argmax(5)
    with pytest.raises(InvalidArgumentError, match="Reduction axis 0 is empty"):
        tf.argmin(tf.zeros([0, 2]))


def test_the_largest_come_first():
    values, indices = tf.math.top_k([[1, 5, 3], [4, 2, 6]], 2, index_type=tf.int64)
    assert values.numpy().tolist() == [[5, 3], [6, 4]]
    assert indices.numpy().tolist() == [[1, 2], [2, 0]]
    assert indices.dtype == tf.int64
    assert tf.math.top_k([1.0, 2.0]).values.numpy().tolist() == [2.0]
    assert tf.math.top_k([1.0, 2.0], tf.constant(1)).indices.numpy().tolist() == [1]
    with pytest.raises(InvalidArgumentError, match="input must have at least k columns"):
        tf.math.top_k([1.0], 2)


def test_approximate_extremes_are_extremes_of_small_rows():
    assert tf.math.approx_max_k([1.0, 5.0, 3.0, 2.0], 2).values.numpy().tolist() == [5.0, 3.0]
    assert tf.math.approx_min_k([1.0, 5.0, 3.0, 2.0], 2).indices.numpy().tolist() == [0, 3]


def test_ties_are_in_the_top_and_strange_numbers_are_not():
    assert tf.math.in_top_k([1, 5], [[0.3, 0.3, 0.3], [0.5, 0.1, 0.1]], 1).numpy().tolist() == [True, False]
    assert tf.math.in_top_k([1], [[float("nan"), 0.3, 0.3]], 2).numpy().tolist() == [False]


@given(st.permutations(range(5)))
@settings(max_examples=10)
def test_a_permutation_and_its_inverse_undo_each_other(order):
    inverse = tf.math.invert_permutation(list(order)).numpy()
    assert [order[place] for place in inverse] == list(range(5))


def test_what_is_no_permutation_is_refused():
    with pytest.raises(InvalidArgumentError, match="must be a permutation"):
        tf.math.invert_permutation([2, 0, 0])
