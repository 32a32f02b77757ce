from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError

X = np.random.default_rng(0).normal(size=(2, 3, 4))


@given(st.sampled_from(["euclidean", 1, 2, np.inf, 3, 2.5]), st.sampled_from([0, 1, -1, (1,)]), st.booleans())
@settings(max_examples=25)
def test_norms_of_vectors_are_numpys(order, axis, keepdims):
    expected = np.linalg.norm(
        X, 2 if order == "euclidean" else order, axis if isinstance(axis, int) else axis[0], keepdims
    )
    found = tf.norm(X, order, axis, keepdims).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@given(st.sampled_from(["euclidean", "fro", 1, 2, np.inf]), st.sampled_from([(0, 1), [-2, -1], (2, 0)]), st.booleans())
@settings(max_examples=20)
def test_norms_of_matrices_are_numpys(order, axis, keepdims):
    expected = np.linalg.norm(X, "fro" if order == "euclidean" else order, tuple(axis), keepdims)
    np.testing.assert_allclose(tf.norm(X, order, axis, keepdims).numpy(), expected, rtol=1e-9)


def test_without_an_axis_all_elements_are_one_vector():
    assert tf.norm([[3.0, 0.0], [0.0, 4.0]]).numpy() == 5.0
    assert tf.norm([[3.0, 0.0], [0.0, 4.0]], 1).numpy() == 7.0
    assert tf.norm([[3.0, 4.0]], keepdims=True).numpy().tolist() == [[5.0]]


def test_complex_numbers_count_by_their_size():
    assert tf.norm([3 + 4j, 0]).numpy() == 5
    assert tf.norm([3 + 4j, 1], 1).numpy() == 6.0
    assert tf.norm([3 + 4j, 1], np.inf).dtype == tf.float64


@pytest.mark.parametrize(
    ("order", "axis", "message"),
    [
        ("fro", 0, "'ord' must be a supported vector norm, got fro"),
        (0, None, "'ord' must be a supported vector norm, got 0"),
        (-1, 0, "'ord' must be a supported vector norm, got -1"),
        (3, (0, 1), "'ord' must be a supported matrix norm .* got 3"),
        (2, (0, 1, 2), "axis: must be None, an integer, or a tuple of 2"),
    ],
)
def test_norms_that_do_not_exist_are_refused(order, axis, message):
    with pytest.raises(InvalidArgumentError, match=message):
        tf.norm(X, order, axis)


def test_normalized_tensors_have_norm_one():
    normalized, norm = tf.linalg.normalize([[3.0, 4.0], [0.0, 2.0]], axis=1)
    np.testing.assert_allclose(normalized.numpy(), [[0.6, 0.8], [0.0, 1.0]], rtol=1e-6)
    assert norm.numpy().tolist() == [[5.0], [2.0]]
    assert isinstance(tf.linalg.normalize([1.0]), tuple)
