"""Matrices that are taken apart give themselves again when put together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError

DTYPES = ["float32", "float64", "complex64", "complex128"]
dtypes_and_seeds = given(st.sampled_from(DTYPES), st.integers(0, 5))


def random(shape, dtype, seed):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=shape)
    return (x + 1j * generator.normal(size=shape) if "complex" in dtype else x).astype(dtype)


def positive(size, dtype, seed, batch=()):
    x = random((*batch, size, size), dtype, seed)
    return (x @ np.conj(np.swapaxes(x, -1, -2)) + np.eye(size)).astype(dtype)


def close(found, expected, dtype):
    tolerance = 1e-4 if dtype in ("float32", "complex64") else 1e-10
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


@dtypes_and_seeds
@settings(max_examples=12)
def test_cholesky_gives_a_triangular_root(dtype, seed):
    matrix = positive(3, dtype, seed, (2,))
    root = tf.linalg.cholesky(matrix)
    close(tf.matmul(root, root, adjoint_b=True).numpy(), matrix, dtype)
    close(np.triu(root.numpy(), 1), 0, dtype)
    assert root.dtype == dtype


def test_only_the_lower_triangle_counts():
    matrix = positive(3, "float64", 0)
    spoilt = matrix + np.triu(np.ones((3, 3)), 1)
    close(tf.linalg.cholesky(spoilt).numpy(), np.linalg.cholesky(matrix), "float64")
    close(tf.linalg.eigvalsh(spoilt).numpy(), np.linalg.eigvalsh(matrix), "float64")


def test_a_matrix_that_is_not_positive_has_a_root_of_no_numbers():
    assert np.isnan(tf.linalg.cholesky([[1.0, 2.0], [2.0, 1.0]]).numpy()).any()


def test_gradients_of_cholesky_are_symmetric_and_of_eigenvalues_lower():
    matrix = tf.constant(positive(3, "float64", 1))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(matrix)
        root, values = tf.linalg.cholesky(matrix), tf.linalg.eigvalsh(matrix)
    gradient = tape.gradient(root, matrix).numpy()
    close(gradient, gradient.T, "float64")
    close(np.triu(tape.gradient(values, matrix).numpy(), 1), 0, "float64")


@given(st.sampled_from(DTYPES), st.sampled_from([(3, 3), (4, 2), (2, 4)]), st.booleans())
@settings(max_examples=15)
def test_qr_and_svd_give_orthonormal_matrices(dtype, shape, full):
    matrix = random(shape, dtype, 3)
    q, r = tf.linalg.qr(matrix, full_matrices=full)
    close(tf.matmul(q, r).numpy(), matrix, dtype)
    close(tf.matmul(q, q, adjoint_a=True).numpy(), np.eye(q.shape[1]), dtype)
    s, u, v = tf.linalg.svd(matrix, full_matrices=full)
    assert tuple(u.shape) == (shape[0], shape[0] if full else min(shape))
    assert tuple(v.shape) == (shape[1], shape[1] if full else min(shape))
    count = min(shape)
    close(u.numpy()[:, :count] * s.numpy() @ np.conj(v.numpy()[:, :count]).T, matrix, dtype)
    close(tf.linalg.svd(matrix, compute_uv=False).numpy(), s.numpy(), dtype)


@dtypes_and_seeds
@settings(max_examples=10)
def test_lu_gives_two_triangles_and_an_order_of_rows(dtype, seed):
    matrix = random((3, 3), dtype, seed)
    lu, order = tf.linalg.lu(matrix)
    lower, upper = np.tril(lu.numpy(), -1) + np.eye(3), np.triu(lu.numpy())
    close(lower @ upper, matrix[order.numpy()], dtype)
    close(tf.linalg.lu_reconstruct(lu, order).numpy(), matrix, dtype)
    assert tf.linalg.lu(matrix, tf.int64).p.dtype == tf.int64


@dtypes_and_seeds
@settings(max_examples=10)
def test_eigenvalues_and_vectors_belong_together(dtype, seed):
    matrix = positive(3, dtype, seed)
    values, vectors = tf.linalg.eigh(matrix)
    close(matrix @ vectors.numpy(), vectors.numpy() * values.numpy(), dtype)
    assert np.all(np.diff(values.numpy()) >= 0)
    any_matrix = random((3, 3), dtype, seed)
    found, axes = tf.linalg.eig(any_matrix)
    close(any_matrix @ axes.numpy(), axes.numpy() * found.numpy(), dtype)
    close(np.sort_complex(tf.linalg.eigvals(any_matrix).numpy()), np.sort_complex(found.numpy()), dtype)


@dtypes_and_seeds
@settings(max_examples=10)
def test_determinants_are_numpys(dtype, seed):
    matrix = positive(3, dtype, seed, (2,))
    close(tf.linalg.det(matrix).numpy() / np.linalg.det(matrix), 1, dtype)
    sign, size = tf.linalg.slogdet(matrix)
    close(size.numpy(), np.linalg.slogdet(matrix)[1], dtype)
    close(sign.numpy(), 1, dtype)
    close(tf.linalg.logdet(matrix).numpy(), size.numpy(), dtype)


@pytest.mark.parametrize(
    "function", [tf.linalg.cholesky, tf.linalg.det, tf.linalg.eigh, tf.linalg.lu, tf.linalg.slogdet]
)
def test_matrices_that_are_not_square_are_refused(function):
    with pytest.raises(InvalidArgumentError, match="Input matrix must be square"):
        function([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def test_integers_are_not_taken_apart():
    with pytest.raises(InvalidArgumentError, match="of int32 is not in the list"):
        tf.linalg.det([[1, 2], [3, 4]])


def test_nothing_is_taken_apart_into_nothing():
    assert tf.linalg.cholesky(tf.zeros([0, 0])).shape == [0, 0]
    assert tf.linalg.det(tf.zeros([0, 0])).numpy() == 1.0


def test_results_of_several_parts_have_names():
    assert tf.linalg.qr([[1.0]])._fields == ("q", "r")
    assert tf.linalg.lu([[1.0]])._fields == ("lu", "p")
    assert tf.linalg.slogdet([[1.0]])._fields == ("sign", "log_abs_determinant")
