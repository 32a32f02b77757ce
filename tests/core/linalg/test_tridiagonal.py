from __future__ import annotations

import numpy as np
import pytest

import tenon as tf
from tenon.base import InvalidArgumentError

UPPER, MAIN, LOWER = np.array([1.0, 2.0]), np.array([4.0, 5.0, 6.0]), np.array([1.0, 2.0])
MATRIX = np.diag(MAIN) + np.diag(UPPER, 1) + np.diag(LOWER, -1)
COMPACT = np.array([[1.0, 2.0, 9.0], [4.0, 5.0, 6.0], [9.0, 1.0, 2.0]])
RHS = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
FORMS = {
    "compact": tf.constant(COMPACT),
    "matrix": tf.constant(MATRIX),
    "sequence": [tf.constant(UPPER), tf.constant(MAIN), tf.constant(LOWER)],
}


@pytest.mark.parametrize("form", sorted(FORMS))
def test_three_diagonals_are_a_matrix_in_each_format(form):
    solved = tf.linalg.tridiagonal_solve(FORMS[form], RHS, form)
    np.testing.assert_allclose(solved.numpy(), np.linalg.solve(MATRIX, RHS), rtol=1e-9)
    product = tf.linalg.tridiagonal_matmul(FORMS[form], RHS, form)
    np.testing.assert_allclose(product.numpy(), MATRIX @ RHS, rtol=1e-9)


def test_diagonals_may_be_nested_lists():
    np.testing.assert_allclose(tf.linalg.tridiagonal_matmul(COMPACT.tolist(), RHS.astype("f4")).numpy(), MATRIX @ RHS)


def test_the_right_side_may_be_a_vector_or_turned():
    expected = np.linalg.solve(MATRIX, RHS)
    np.testing.assert_allclose(tf.linalg.tridiagonal_solve(COMPACT, RHS[:, 0]).numpy(), expected[:, 0], rtol=1e-9)
    np.testing.assert_allclose(
        tf.linalg.tridiagonal_solve(COMPACT, RHS.T, transpose_rhs=True).numpy(), expected, rtol=1e-9
    )
    conjugated = tf.linalg.tridiagonal_solve(COMPACT.astype(complex), 1j * RHS, conjugate_rhs=True)
    np.testing.assert_allclose(conjugated.numpy(), -1j * expected, rtol=1e-9)


def test_batches_are_solved_each():
    batch = np.stack([COMPACT, 2 * COMPACT])
    found = tf.linalg.tridiagonal_solve(batch, np.stack([RHS, RHS]))
    np.testing.assert_allclose(found.numpy()[1], np.linalg.solve(2 * MATRIX, RHS), rtol=1e-9)


def test_unknown_formats_and_options_are_refused():
    with pytest.raises(ValueError, match="diagonals_format: must be one of"):
        tf.linalg.tridiagonal_solve(COMPACT, RHS, "other")
    with pytest.raises(ValueError, match="perturb_singular: must be False"):
        tf.linalg.tridiagonal_solve(COMPACT, RHS, perturb_singular=True)


def test_eigenvalues_can_be_selected_by_place_and_by_range():
    symmetric = np.diag(MAIN) + np.diag(UPPER, 1) + np.diag(UPPER, -1)
    expected = np.linalg.eigvalsh(symmetric)
    np.testing.assert_allclose(tf.linalg.eigh_tridiagonal(MAIN, UPPER).numpy(), expected)
    by_place = tf.linalg.eigh_tridiagonal(MAIN, UPPER, select="i", select_range=(1, 2))
    np.testing.assert_allclose(by_place.numpy(), expected[1:])
    by_range = tf.linalg.eigh_tridiagonal(MAIN, UPPER, select="v", select_range=(0.0, expected[1] + 0.1))
    np.testing.assert_allclose(by_range.numpy(), expected[:2])
    assert tf.linalg.eigh_tridiagonal(MAIN, UPPER, select="v", select_range=(90.0, 91.0)).shape == [0]
    values, vectors = tf.linalg.eigh_tridiagonal(MAIN, UPPER, eigvals_only=False)
    np.testing.assert_allclose(symmetric @ vectors.numpy(), vectors.numpy() * values.numpy(), atol=1e-9)


def test_selections_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="select: must be 'a', 'i' or 'v'"):
        tf.linalg.eigh_tridiagonal(MAIN, UPPER, select="x")
    by_range = tf.function(lambda a, b: tf.linalg.eigh_tridiagonal(a, b, select="v", select_range=(0.0, 9.0)))
    with pytest.raises(InvalidArgumentError, match="must be known when a function is traced"):
        by_range(tf.constant(MAIN), tf.constant(UPPER))
