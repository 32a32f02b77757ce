"""Matrices taken apart: Cholesky, QR, LU, eigenvalues, singular values."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from tenon.core.linalg._matrices import MATRIX_TYPES, adjoint_of, checked_square, of_lower
from tenon.core.operations import operation
from tenon.core.tensors import Tensor

_MATRIX = "[[4.0, 1.0], [1.0, 3.0]]"


class Qr(NamedTuple):
    """An orthogonal matrix ``q`` and a triangular matrix ``r``."""

    q: Tensor
    r: Tensor


class Lu(NamedTuple):
    """Both triangular matrices in one, ``lu``, and the order of the rows, ``p``."""

    lu: Tensor
    p: Tensor


class LogMatrixDeterminant(NamedTuple):
    """The ``sign`` of a determinant and the logarithm of its absolute value, ``log_abs_determinant``."""

    sign: Tensor
    log_abs_determinant: Tensor


def _cholesky(matrix: Any) -> Any:
    """The value is that of the lower triangle; the gradient is symmetric, as TensorFlow's."""
    symmetric = (matrix + adjoint_of(checked_square(matrix))) / 2
    described = symmetric + jax.lax.stop_gradient(of_lower(matrix) - symmetric)
    return jnp.tril(jax.lax.linalg.cholesky(described, symmetrize_input=False))


def _qr(matrix: Any, full_matrices: bool) -> Any:
    return tuple(jnp.linalg.qr(matrix, "complete" if full_matrices else "reduced"))


def _lu(matrix: Any, output_idx_type: Any) -> Any:
    found, _, permutation = jax.lax.linalg.lu(checked_square(matrix))
    return found, permutation.astype(output_idx_type)


def _eigh(matrix: Any) -> Any:
    return tuple(jnp.linalg.eigh(of_lower(matrix), symmetrize_input=False))


def _eigvalsh(matrix: Any) -> Any:
    return _eigh(matrix)[0]


def _eig(matrix: Any) -> Any:
    values, vectors = jax.lax.linalg.eig(
        checked_square(matrix), compute_left_eigenvectors=False, enable_eigvec_derivs=True
    )
    return values, vectors


def _eigvals(matrix: Any) -> Any:
    return jnp.linalg.eigvals(checked_square(matrix))


def _svd(matrix: Any, full_matrices: bool, compute_uv: bool) -> Any:
    if not compute_uv:
        return jnp.linalg.svd(matrix, compute_uv=False)
    u, s, v = jnp.linalg.svd(matrix, full_matrices=full_matrices)
    return s, u, adjoint_of(v)


def _as_pair(*tensors: Tensor) -> tuple[Tensor, ...]:
    return tensors


def _alone_or_together(*tensors: Tensor) -> Any:
    return tensors if len(tensors) > 1 else tensors[0]


def _det(matrix: Any) -> Any:
    return jnp.linalg.det(checked_square(matrix))


def _slogdet(matrix: Any) -> Any:
    return tuple(jnp.linalg.slogdet(checked_square(matrix)))


def _logdet(matrix: Any) -> Any:
    diagonal = jnp.diagonal(_cholesky(matrix), axis1=-2, axis2=-1)
    return 2 * jnp.sum(jnp.log(jnp.real(diagonal)), axis=-1)


cholesky = operation(
    "linalg.cholesky",
    "input: T",
    _cholesky,
    "Returns lower triangular matrices L with L L^H = input; only the lower triangle of the input counts.",
    _MATRIX,
    types=MATRIX_TYPES,
)
qr = operation(
    "linalg.qr",
    "input: T, full_matrices=False",
    _qr,
    "Returns matrices q with orthonormal columns and upper triangular r, with q r = input.",
    "[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]",
    types=MATRIX_TYPES,
    result=Qr,
)
lu = operation(
    "linalg.lu",
    "input: T, output_idx_type: dtype = tf.int32",
    _lu,
    "Returns the LU decomposition with its row permutation: row p[i] of the input is row i of L U.",
    "[[1.0, 2.0], [3.0, 4.0]]",
    types=MATRIX_TYPES,
    result=Lu,
)
eigh = operation(
    "linalg.eigh",
    "tensor: T",
    _eigh,
    "Returns eigenvalues, ascending, and eigenvectors of Hermitian matrices; only the lower triangle counts.",
    _MATRIX,
    types=MATRIX_TYPES,
    result=_as_pair,
)
eigvalsh = operation(
    "linalg.eigvalsh",
    "tensor: T",
    _eigvalsh,
    "Returns the eigenvalues, ascending, of Hermitian matrices; only the lower triangle counts.",
    _MATRIX,
    types=MATRIX_TYPES,
)
eig = operation(
    "linalg.eig eig",
    "tensor: T",
    _eig,
    "Returns eigenvalues and eigenvectors of square matrices, as complex numbers in no stated order.",
    "tf.constant([[2.0, 1.0], [0.5, 3.0]])",
    types=MATRIX_TYPES,
    result=_as_pair,
)
eigvals = operation(
    "linalg.eigvals eigvals",
    "tensor: T",
    _eigvals,
    "Returns the eigenvalues of square matrices, as complex numbers in no stated order.",
    "tf.constant([[2.0, 1.0], [0.5, 3.0]])",
    types=MATRIX_TYPES,
)
svd = operation(
    "linalg.svd",
    "tensor: T, full_matrices=False, compute_uv=True",
    _svd,
    "Returns singular values s, largest first, and u and v with u diag(s) v^H = tensor; s alone if not compute_uv.",
    "[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]",
    types=MATRIX_TYPES,
    result=_alone_or_together,
)
det = operation(
    "linalg.det", "input: T", _det, "Returns the determinants of square matrices.", _MATRIX, types=MATRIX_TYPES
)
slogdet = operation(
    "linalg.slogdet",
    "input: T",
    _slogdet,
    "Returns the signs of determinants and the logarithms of their absolute values.",
    _MATRIX,
    types=MATRIX_TYPES,
    result=LogMatrixDeterminant,
)
logdet = operation(
    "linalg.logdet",
    "matrix: T",
    _logdet,
    "Returns the logarithms of the determinants of Hermitian positive definite matrices.",
    _MATRIX,
    types=MATRIX_TYPES,
)
