from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError

REDUCED = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "max": np.max, "min": np.min}
EMPTY = {"sum": 0.0, "prod": 1.0, "mean": 0.0, "max": 0.0, "min": 0.0}
LOWEST, HIGHEST = np.finfo(np.float32).min, np.finfo(np.float32).max
UNSORTED_EMPTY = {"sum": 0.0, "prod": 1.0, "mean": 0.0, "max": LOWEST, "min": HIGHEST}


def expected(data, ids, count, name, empty):
    rows = [[row for row, own in zip(data, ids, strict=True) if own == place] for place in range(count)]
    return np.array([REDUCED[name](own, axis=0) if own else np.full(data.shape[1:], empty[name]) for own in rows])


@given(st.sampled_from(sorted(REDUCED)), st.lists(st.integers(0, 3), min_size=1, max_size=5).map(sorted))
@settings(max_examples=25)
def test_sorted_segments_are_reduced_each(name, ids):
    data = np.random.default_rng(0).normal(size=(len(ids), 2)).astype(np.float32)
    found = getattr(tf.math, f"segment_{name}")(data, ids)
    np.testing.assert_allclose(found.numpy(), expected(data, ids, ids[-1] + 1, name, EMPTY), rtol=1e-5)


@given(st.sampled_from(sorted(REDUCED)), st.lists(st.integers(-1, 3), min_size=1, max_size=5))
@settings(max_examples=25)
def test_unsorted_segments_are_reduced_each_and_negative_rows_left_out(name, ids):
    data = np.random.default_rng(0).normal(size=(len(ids), 2)).astype(np.float32)
    found = getattr(tf.math, f"unsorted_segment_{name}")(data, ids, 4)
    np.testing.assert_allclose(found.numpy(), expected(data, ids, 4, name, UNSORTED_EMPTY), rtol=1e-5)


def test_integers_stay_integers_except_for_unsorted_means():
    assert tf.math.segment_mean([1, 2, 4], [0, 0, 2]).numpy().tolist() == [1, 0, 4]
    assert tf.math.unsorted_segment_mean([1, 2], [0, 0], 2).numpy().tolist() == [1.5, 0.0]
    assert tf.math.unsorted_segment_mean([1, 2], [0, 0], 2).dtype == tf.float64
    assert tf.math.unsorted_segment_min([1, 2], [0, -1], 2).numpy().tolist() == [1, 2**31 - 1]


def test_ids_may_have_more_dimensions():
    found = tf.math.unsorted_segment_sum([[1.0, 2.0], [3.0, 4.0]], [[0, 1], [1, 0]], 3)
    assert found.numpy().tolist() == [5.0, 5.0, 0.0]
    root = tf.math.unsorted_segment_sqrt_n([1.0, 2.0], [0, 0], 2)
    np.testing.assert_allclose(root.numpy(), [3 / np.sqrt(2), 0.0], rtol=1e-6)


def test_no_rows_have_no_segments():
    assert tf.math.segment_sum(tf.zeros([0, 2]), tf.constant([], tf.int32)).shape == [0, 2]
    assert tf.math.unsorted_segment_sum(tf.zeros([0, 2]), tf.constant([], tf.int32), 2).numpy().tolist() == [[0, 0]] * 2


@pytest.mark.parametrize(
    ("ids", "message"),
    [([1, 0], "segment ids are not increasing"), ([-1, 0], "must not be negative"), ([0], "should be the same size")],
)
def test_ids_must_be_sorted_and_as_many_as_rows(ids, message):
    with pytest.raises(InvalidArgumentError, match=message):
        tf.math.segment_sum([1.0, 2.0], ids)


def test_unsorted_ids_must_fit_the_data():
    with pytest.raises(InvalidArgumentError, match="does not start with segment_ids"):
        tf.math.unsorted_segment_sum([[1.0, 2.0]], [0, 0, 1], 3)


def test_a_traced_function_must_be_told_how_many_segments():
    data, ids = tf.constant([1.0, 2.0]), tf.constant([0, 1])
    with pytest.raises(InvalidArgumentError, match=r"use the tf\.math\.unsorted_segment_"):
        tf.function(tf.math.segment_sum)(data, ids)
    traced = tf.function(lambda data, ids: tf.math.unsorted_segment_sum(data, ids, 2))
    assert traced(data, ids).numpy().tolist() == [1.0, 2.0]


@pytest.mark.parametrize("function", [tf.math.segment_prod, lambda x, ids: tf.math.unsorted_segment_prod(x, ids, 2)])
@pytest.mark.parametrize(
    ("values", "gradient"),
    [([3.0, 2.0, 5.0], [2.0, 3.0, 1.0]), ([0.0, 2.0, 5.0], [2.0, 0.0, 1.0]), ([0.0, 0.0, 5.0], [0, 0, 1])],
)
def test_gradients_of_products_pass_zeros(function, values, gradient):
    x = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x, [0, 0, 1])
    assert tape.gradient(y, x).numpy().tolist() == gradient


def test_gradients_of_extremes_are_shared_among_equals():
    x = tf.constant([1.0, 1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.math.segment_max(x, [0, 0, 1])
    assert tape.gradient(y, x).numpy().tolist() == [0.5, 0.5, 1.0]
