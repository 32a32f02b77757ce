"""What the rows of matrices share: their dtypes, and checks of their shapes."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from tenon.base import InvalidArgumentError

MATRIX_TYPES = frozenset({"float32", "float64", "complex64", "complex128"})
"""Names of the dtypes of matrices that can be decomposed."""


def checked_square(matrix: Any) -> Any:
    """Return the matrix itself.

    Raises:
        InvalidArgumentError: it is not square, or no matrix.

    Example:
        >>> checked_square(jnp.ones((2, 2))).shape
        (2, 2)
    """
    if matrix.ndim < 2 or matrix.shape[-1] != matrix.shape[-2]:
        raise InvalidArgumentError(f"Input matrix must be square; received shape {list(matrix.shape)}.")
    return matrix


def adjoint_of(matrix: Any) -> Any:
    """Return matrices with rows and columns exchanged, and conjugated.

    Example:
        >>> adjoint_of(jnp.ones((2, 3))).shape
        (3, 2)
    """
    return jnp.conj(jnp.swapaxes(matrix, -1, -2))


def of_lower(matrix: Any) -> Any:
    """Return the Hermitian matrices that the lower triangles describe; the upper ones are not looked at.

    Example:
        >>> of_lower(jnp.array([[1.0, 9.0], [2.0, 3.0]])).tolist()
        [[1.0, 2.0], [2.0, 3.0]]
    """
    lower = jnp.tril(checked_square(matrix))
    return lower + adjoint_of(jnp.tril(matrix, -1))
