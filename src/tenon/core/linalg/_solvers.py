"""Linear equations, and matrices that undo others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.linalg._matrices import MATRIX_TYPES, adjoint_of, checked_square
from tenon.core.operations import operation
from tenon.core.recording import kernel, run

_MATRIX = "[[4.0, 1.0], [1.0, 3.0]]"
_RIGHT = "[[1.0], [2.0]]"


def _if_regular(function: Callable[..., Any], message: str) -> Callable[..., Any]:
    """Return a composed function that refuses singular matrices, where values are known."""

    def checked(*arrays: Any, **attributes: Any) -> Any:
        result = run(kernel(function, **attributes), arrays)
        if not isinstance(result, jax.core.Tracer) and not _is_finite(result) and all(map(_is_finite, arrays)):
            raise InvalidArgumentError(f"{message} Received {np.asarray(arrays[0]).tolist()}.")
        return result

    return checked


def _is_finite(array: Any) -> bool:
    return bool(np.isfinite(np.asarray(array)).all())


def _inverse(matrix: Any, adjoint: bool) -> Any:
    found = jnp.linalg.inv(checked_square(matrix))
    return adjoint_of(found) if adjoint else found


def _solve(matrix: Any, rhs: Any, adjoint: bool) -> Any:
    square = checked_square(matrix)
    if rhs.ndim < 2:
        raise InvalidArgumentError(
            f"rhs: must be a matrix, of at least 2 dimensions; received shape {list(rhs.shape)}."
        )
    return jnp.linalg.solve(adjoint_of(square) if adjoint else square, rhs)


def _triangular_solve(matrix: Any, rhs: Any, lower: bool, adjoint: bool) -> Any:
    batch = jnp.broadcast_shapes(matrix.shape[:-2], rhs.shape[:-2])
    return jax.lax.linalg.triangular_solve(
        jnp.broadcast_to(checked_square(matrix), (*batch, *matrix.shape[-2:])),
        jnp.broadcast_to(rhs, (*batch, *rhs.shape[-2:])),
        left_side=True,
        lower=lower,
        transpose_a=adjoint,
        conjugate_a=adjoint,
    )


def _cholesky_solve(chol: Any, rhs: Any) -> Any:
    return _triangular_solve(chol, _triangular_solve(chol, rhs, True, False), True, True)


def _banded_triangular_solve(bands: Any, rhs: Any, lower: bool, adjoint: bool) -> Any:
    """Fill the bands into matrices: each stands in one row, its element of row i of the matrix in column i.

    The main diagonal is the first band of a lower triangle, and the last of an upper one.
    """
    count, size = bands.shape[-2:]
    i, j = jnp.arange(size)[:, None], jnp.arange(size)[None, :]
    band = i - j if lower else count - 1 - (j - i)
    inside = (band >= 0) & (band < count) & (i >= j if lower else i <= j)
    matrix = jnp.where(inside, bands[..., jnp.clip(band, 0, count - 1), i], 0)
    return _triangular_solve(matrix, rhs, lower, adjoint)


def _lstsq(matrix: Any, rhs: Any, l2_regularizer: Any, fast: bool) -> Any:
    if not fast:
        return jnp.matmul(_pinv(matrix, None, False), rhs)
    rows, columns = matrix.shape[-2:]
    turned = adjoint_of(matrix)
    gram = jnp.matmul(turned, matrix) if rows >= columns else jnp.matmul(matrix, turned)
    added = gram + jnp.asarray(l2_regularizer, matrix.dtype) * jnp.eye(gram.shape[-1], dtype=matrix.dtype)
    factor = jax.lax.linalg.cholesky(added)
    if rows >= columns:
        return _cholesky_solve(factor, jnp.matmul(turned, rhs))
    return jnp.matmul(turned, _cholesky_solve(factor, rhs))


def _pinv(matrix: Any, rcond: Any, validate_args: bool) -> Any:
    del validate_args
    return jnp.linalg.pinv(matrix, rcond)


def _parts(lower_upper: Any) -> tuple[Any, Any]:
    size = lower_upper.shape[-1]
    return jnp.tril(lower_upper, -1) + jnp.eye(size, dtype=lower_upper.dtype), jnp.triu(lower_upper)


def _lu_reconstruct(lower_upper: Any, perm: Any, validate_args: bool) -> Any:
    del validate_args
    product = jnp.matmul(*_parts(lower_upper))
    return jnp.take_along_axis(product, jnp.argsort(perm, axis=-1)[..., None], axis=-2)


def _lu_solve(lower_upper: Any, perm: Any, rhs: Any, validate_args: bool) -> Any:
    del validate_args
    batch = jnp.broadcast_shapes(lower_upper.shape[:-2], rhs.shape[:-2])
    given = jnp.broadcast_to(rhs, (*batch, *rhs.shape[-2:]))
    order = jnp.broadcast_to(perm, (*batch, perm.shape[-1]))[..., None]
    lower, upper = _parts(lower_upper)
    halfway = _triangular_solve(lower, jnp.take_along_axis(given, order, axis=-2), True, False)
    return _triangular_solve(upper, halfway, False, False)


def _lu_matrix_inverse(lower_upper: Any, perm: Any, validate_args: bool) -> Any:
    unit = jnp.eye(lower_upper.shape[-1], dtype=lower_upper.dtype)
    return _lu_solve(lower_upper, perm, unit, validate_args)


inv = operation(
    "linalg.inv",
    "input: T, adjoint=False",
    _if_regular(_inverse, "Input is not invertible."),
    "Returns the inverses of square matrices, or of their adjoints.",
    _MATRIX,
    types=MATRIX_TYPES,
    composed=True,
)
solve = operation(
    "linalg.solve",
    "matrix: T, rhs: T, adjoint=False",
    _if_regular(_solve, "Input matrix is not invertible."),
    "Returns x with matrix x = rhs.",
    f"{_MATRIX}, {_RIGHT}",
    types=MATRIX_TYPES,
    composed=True,
)
triangular_solve = operation(
    "linalg.triangular_solve",
    "matrix: T, rhs: T, lower=True, adjoint=False",
    _triangular_solve,
    "Returns x with matrix x = rhs, where only one triangle of the matrix counts.",
    f"{_MATRIX}, {_RIGHT}",
    types=MATRIX_TYPES,
)
cholesky_solve = operation(
    "linalg.cholesky_solve",
    "chol: T, rhs: T",
    _cholesky_solve,
    "Returns x with A x = rhs, of the Cholesky decomposition of A.",
    "[[2.0, 0.0], [1.0, 3.0]], [[1.0], [2.0]]",
    types=MATRIX_TYPES,
)
banded_triangular_solve = operation(
    "linalg.banded_triangular_solve",
    "bands: T, rhs: T, lower=True, adjoint=False",
    _banded_triangular_solve,
    "Returns x with A x = rhs, where the rows of ``bands`` are the diagonals of the triangular A.",
    "[[2.0, 2.0, 2.0], [0.0, 1.0, 1.0]], [[1.0], [2.0], [3.0]]",
    types=MATRIX_TYPES,
)
lstsq = operation(
    "linalg.lstsq",
    "matrix: T, rhs: T, l2_regularizer=0.0, fast=True",
    _lstsq,
    "Returns x that comes nearest to matrix x = rhs, or the smallest of several.",
    "[[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]], [[1.0], [2.0], [4.0]]",
    types=MATRIX_TYPES,
)
pinv = operation(
    "linalg.pinv",
    "a: T, rcond=None, validate_args=False",
    _pinv,
    "Returns the Moore-Penrose pseudo-inverses of matrices.",
    "[[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]",
    types=frozenset({"float32", "float64"}),
)
lu_reconstruct = operation(
    "linalg.lu_reconstruct",
    "lower_upper: T, perm: index, validate_args=False",
    _lu_reconstruct,
    "Returns the matrices that were taken apart by tf.linalg.lu.",
    "[[3.0, 4.0], [0.5, 1.0]], [1, 0]",
    types=MATRIX_TYPES,
)
lu_solve = operation(
    "linalg.lu_solve",
    "lower_upper: T, perm: index, rhs: T, validate_args=False",
    _lu_solve,
    "Returns x with A x = rhs, of the result of tf.linalg.lu for A.",
    "[[3.0, 4.0], [0.5, 1.0]], [1, 0], [[1.0], [2.0]]",
    types=MATRIX_TYPES,
)
lu_matrix_inverse = operation(
    "linalg.lu_matrix_inverse",
    "lower_upper: T, perm: index, validate_args=False",
    _lu_matrix_inverse,
    "Returns the inverse of A, of the result of tf.linalg.lu for A.",
    "[[3.0, 4.0], [0.5, 1.0]], [1, 0]",
    types=MATRIX_TYPES,
)
