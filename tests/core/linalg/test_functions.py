from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg as reference
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError


def positive(seed, scale=1.0):
    x = np.random.default_rng(seed).normal(size=(3, 3))
    return scale * (x @ x.T + np.eye(3) + 0.3 * np.triu(np.ones((3, 3))))


@given(st.integers(0, 5), st.sampled_from([1e-3, 1.0, 50.0]))
@settings(max_examples=12)
@pytest.mark.filterwarnings("ignore:logm result may be inaccurate")
def test_functions_of_matrices_are_scipys(seed, scale):
    matrix = positive(seed, scale)
    np.testing.assert_allclose(tf.linalg.sqrtm(matrix).numpy(), reference.sqrtm(matrix), rtol=1e-7, atol=1e-9)
    logarithm = tf.linalg.logm(matrix.astype(complex)).numpy()
    np.testing.assert_allclose(logarithm, reference.logm(matrix), rtol=1e-7, atol=1e-8)
    small = matrix / np.linalg.norm(matrix)
    np.testing.assert_allclose(tf.linalg.expm(small).numpy(), reference.expm(small), rtol=1e-9)


def test_batches_have_roots_each():
    batch = np.stack([positive(0), positive(1, 100.0)])
    roots = tf.linalg.sqrtm(batch).numpy()
    np.testing.assert_allclose(roots @ roots, batch, rtol=1e-7)


def test_a_logarithm_and_an_exponential_undo_each_other():
    matrix = positive(2).astype(np.complex64)
    np.testing.assert_allclose(tf.linalg.expm(tf.linalg.logm(matrix)).numpy(), matrix, rtol=1e-3, atol=1e-3)


def test_ranks_count_singular_values_above_a_limit():
    assert tf.linalg.matrix_rank([[1.0, 2.0], [2.0, 4.0]]).numpy() == 1
    assert tf.linalg.matrix_rank(np.stack([np.eye(3), np.zeros((3, 3))])).numpy().tolist() == [3, 0]
    assert tf.linalg.matrix_rank([[1.0, 0.0], [0.0, 0.1]], tol=0.5).numpy() == 1
    assert tf.linalg.matrix_rank(tf.zeros([0, 0])).numpy() == 0


@pytest.mark.parametrize("function", [tf.linalg.expm, tf.linalg.sqrtm])
def test_matrices_that_are_not_square_are_refused(function):
    with pytest.raises(InvalidArgumentError, match="Input matrix must be square"):
        function([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def test_logarithms_are_complex():
    with pytest.raises(InvalidArgumentError, match="of float is not in the list"):
        tf.linalg.logm(tf.constant([[1.0]]))
