from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenon as tf
from tenon.base import InvalidArgumentError

A = np.random.default_rng(0).normal(size=(3, 4))
B = np.random.default_rng(1).normal(size=(4, 2))
Z = A + 1j * np.random.default_rng(2).normal(size=(3, 4))


@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3), st.integers(0, 3))
@settings(max_examples=20)
def test_batches_of_matrices_are_broadcast_as_numpy_does(batches, inner):
    left, right = (np.random.default_rng(0).normal(size=shape) for shape in batches.input_shapes)
    a, b = left[..., None, None] * np.ones((2, inner)), right[..., None, None] * np.ones((inner, 3))
    np.testing.assert_allclose(tf.matmul(a, b).numpy(), a @ b, rtol=1e-9, atol=1e-12)


def test_matrices_are_transposed_or_conjugated_first():
    np.testing.assert_allclose(tf.matmul(A.T, B, transpose_a=True).numpy(), A @ B)
    np.testing.assert_allclose(tf.matmul(A, B.T, transpose_b=True).numpy(), A @ B)
    np.testing.assert_allclose(tf.matmul(Z, Z, adjoint_b=True).numpy(), Z @ Z.conj().T)
    np.testing.assert_allclose(tf.linalg.matvec(A, B[:, 0]).numpy(), A @ B[:, 0])
    np.testing.assert_allclose(tf.linalg.matvec(Z, Z[:, 0], adjoint_a=True).numpy(), Z.conj().T @ Z[:, 0])
    with pytest.raises(InvalidArgumentError, match="Only one of `transpose_b` and `adjoint_b` can be True"):
        tf.matmul(A, B, transpose_b=True, adjoint_b=True)


def test_integers_are_multiplied_exactly_and_may_come_out_wider():
    small = tf.constant([[100, 100]], tf.int8)
    assert tf.matmul(small, small, transpose_b=True, output_type=tf.int32).numpy().tolist() == [[20000]]
    assert tf.matmul([[2**20]], [[2**10]]).numpy().tolist() == [[2**30]]


@pytest.mark.parametrize(("a", "b"), [((2, 3), (2, 3)), ((2, 1, 3), (4, 3, 2)), ((3,), (3,)), ((2, 3), (3,))])
def test_matrices_that_do_not_fit_are_refused(a, b):
    with pytest.raises(InvalidArgumentError, match=r"tf\.linalg\.matmul: Incompatible shapes"):
        tf.matmul(np.ones(a), np.ones(b))


@pytest.mark.parametrize("axes", [1, 0, 2, [[1], [0]], [[0, 1], [0, 1]], [1, 0], [[], []]])
def test_tensors_are_contracted_as_numpy_does(axes):
    x = np.random.default_rng(0).normal(size=(2, 2))
    np.testing.assert_allclose(tf.tensordot(x, 2 * x, axes).numpy(), np.tensordot(x, 2 * x, axes), rtol=1e-9)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
        ("ii", [(3, 3)]),
        ("ii->i", [(3, 3)]),
        ("i j -> j i", [(2, 3)]),
        ("...ij,...jk->...ik", [(5, 2, 3), (3, 4)]),
        ("i,j,k->ijk", [(2,), (3,), (4,)]),
        ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 5, 4)]),
    ],
)
def test_sums_of_products_are_written_in_einsteins_notation(equation, shapes):
    arrays = [np.random.default_rng(place).normal(size=shape) for place, shape in enumerate(shapes)]
    np.testing.assert_allclose(tf.einsum(equation, *arrays).numpy(), np.einsum(equation, *arrays), rtol=1e-9)


def test_einsum_refuses_what_does_not_fit():
    with pytest.raises(InvalidArgumentError, match="Incompatible shapes"):
        tf.einsum("ij,jk->ik", A, A)
    with pytest.raises(TypeError, match="unexpected keyword argument 'foo'"):
        tf.einsum("i->i", A[0], foo=1)
    with pytest.raises(InvalidArgumentError, match="was expected to be a double tensor but is a float tensor"):
        tf.einsum("i,i->", tf.constant(A[0]), tf.constant([1.0, 2.0, 3.0, 4.0]))


def test_cross_products_are_of_vectors_of_three():
    assert tf.linalg.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).numpy().tolist() == [0.0, 0.0, 1.0]
    with pytest.raises(InvalidArgumentError, match="Both inputs must be of same shape"):
        tf.linalg.cross([[1.0, 0.0, 0.0]], [0.0, 1.0, 0.0])
    with pytest.raises(InvalidArgumentError, match="The innermost dimension must be 3"):
        tf.linalg.cross([1.0, 0.0], [0.0, 1.0])


def test_rows_and_columns_change_places():
    assert tf.linalg.matrix_transpose([[1, 2], [3, 4]]).numpy().tolist() == [[1, 3], [2, 4]]
    assert tf.linalg.matrix_transpose([[1j]], conjugate=True).numpy().tolist() == [[-1j]]
    assert tf.linalg.adjoint([[1 + 1j, 2]]).numpy().tolist() == [[1 - 1j], [2]]


def test_the_operator_is_the_product():
    assert (tf.constant([[1.0, 2.0]]) @ tf.Variable([[3.0], [4.0]])).numpy().tolist() == [[11.0]]


def test_gradients_of_products_of_batches_sum_over_what_was_broadcast():
    a, b = tf.ones([2, 1, 3]), tf.ones([3, 4])
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        y = tf.matmul(a, b)
    da, db = tape.gradient(y, [a, b])
    assert da.shape == [2, 1, 3]
    assert db.numpy().tolist() == [[2.0] * 4] * 3
