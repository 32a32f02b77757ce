from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError

DTYPES = ["float32", "float64", "complex128"]


def random(shape, dtype="float64", seed=0):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=shape)
    return (x + 1j * generator.normal(size=shape) if "complex" in dtype else x).astype(dtype)


def close(found, expected, dtype="float64"):
    tolerance = 2e-3 if dtype == "float32" else 1e-9
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@given(st.sampled_from(DTYPES), st.integers(0, 4), st.booleans())
@settings(max_examples=15)
def test_equations_and_inverses_undo_products(dtype, seed, adjoint):
    matrix, x = random((2, 3, 3), dtype, seed) + 3 * np.eye(3, dtype=dtype), random((2, 3, 2), dtype, seed)
    turned = np.conj(np.swapaxes(matrix, -1, -2)) if adjoint else matrix
    close(tf.linalg.solve(matrix, turned @ x, adjoint=adjoint).numpy(), x, dtype)
    close(turned @ tf.linalg.inv(matrix, adjoint=adjoint).numpy(), np.broadcast_to(np.eye(3), (2, 3, 3)), dtype)


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
def test_triangular_equations_look_at_one_triangle(lower, adjoint):
    matrix, x = random((3, 3), "complex128") + 3 * np.eye(3), random((2, 3, 2), "complex128")
    triangle = np.tril(matrix) if lower else np.triu(matrix)
    right = (np.conj(triangle).T if adjoint else triangle) @ x
    close(tf.linalg.triangular_solve(matrix, right, lower=lower, adjoint=adjoint).numpy(), x)


def test_bands_describe_triangular_matrices():
    lower = np.array([[2.0, 0, 0], [1.0, 3.0, 0], [0, 1.5, 4.0]])
    x = random((3, 2))
    found = tf.linalg.banded_triangular_solve([[2.0, 3.0, 4.0], [0.0, 1.0, 1.5]], (lower @ x).astype(np.float32))
    close(found.numpy(), x, "float32")
    upper = np.array([[1.0, 1.5, 0.0], [2.0, 3.0, 4.0]])
    close(tf.linalg.banded_triangular_solve(upper, lower.T @ x, lower=False).numpy(), x)
    close(tf.linalg.banded_triangular_solve(upper, lower @ x, lower=False, adjoint=True).numpy(), x)


def test_decompositions_solve_equations_too():
    matrix, x = random((3, 3)), random((3, 2))
    positive = matrix @ matrix.T + np.eye(3)
    close(tf.linalg.cholesky_solve(tf.linalg.cholesky(positive), positive @ x).numpy(), x)
    lu, order = tf.linalg.lu(matrix)
    close(tf.linalg.lu_solve(lu, order, matrix @ x).numpy(), x)
    close(tf.linalg.lu_matrix_inverse(lu, order).numpy(), np.linalg.inv(matrix))


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (3, 3)])
def test_least_squares_are_numpys(fast, shape):
    matrix, rhs = random(shape), random((shape[0], 2), seed=1)
    expected = np.linalg.lstsq(matrix, rhs, rcond=None)[0]
    close(tf.linalg.lstsq(matrix, rhs, fast=fast).numpy(), expected)
    close(tf.linalg.pinv(matrix).numpy(), np.linalg.pinv(matrix))


def test_a_regularizer_shrinks_the_answer():
    matrix, rhs = random((4, 2)), random((4, 1), seed=1)
    expected = np.linalg.solve(matrix.T @ matrix + 0.5 * np.eye(2), matrix.T @ rhs)
    close(tf.linalg.lstsq(matrix, rhs, l2_regularizer=0.5).numpy(), expected)


def test_singular_matrices_are_refused_where_values_are_known():
    singular = tf.constant([[1.0, 2.0], [2.0, 4.0]])
    with pytest.raises(InvalidArgumentError, match="Input is not invertible"):
        tf.linalg.inv(singular)
    with pytest.raises(InvalidArgumentError, match="Input matrix is not invertible"):
        tf.linalg.solve(singular, [[1.0], [2.0]])
    assert not np.isfinite(tf.function(tf.linalg.inv)(singular).numpy()).all()
    assert np.isnan(tf.linalg.inv([[float("nan")]]).numpy()).all()


def test_shapes_are_checked():
    with pytest.raises(InvalidArgumentError, match="Input matrix must be square"):
        tf.linalg.inv([[1.0, 2.0]])
    with pytest.raises(InvalidArgumentError, match="rhs: must be a matrix"):
        tf.linalg.solve([[1.0]], [1.0])
    assert tf.linalg.inv(tf.zeros([0, 0])).shape == [0, 0]
