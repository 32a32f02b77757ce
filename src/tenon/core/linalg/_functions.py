"""Functions of matrices: exponential, logarithm, square root, rank."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.linalg

from tenon.core.linalg._matrices import MATRIX_TYPES, checked_square
from tenon.core.operations import operation

_MATRIX = "[[4.0, 1.0], [1.0, 3.0]]"
_STEPS = 100
_TERMS = 10
_NEAR = 0.25


def _expm(matrix: Any) -> Any:
    return jax.scipy.linalg.expm(checked_square(matrix))


@jax.custom_jvp
def _sqrtm(matrix: Any) -> Any:
    """Iterate as Denman and Beavers: a matrix and its inverse come nearer to the roots, twice as many digits a step.

    Each step is scaled by the determinant, so that matrices of any size come near at once.
    """
    size = checked_square(matrix).shape[-1]
    unit = jnp.broadcast_to(jnp.eye(size, dtype=matrix.dtype), matrix.shape)
    tolerance = size * jnp.finfo(matrix.dtype).eps

    def step(state: Any) -> Any:
        root, inverse, _, count = state
        scale = _scale(root, inverse, size)
        next_root = (scale * root + jnp.linalg.inv(scale * inverse)) / 2
        next_inverse = (scale * inverse + jnp.linalg.inv(scale * root)) / 2
        change = jnp.max(jnp.abs(next_root - root)) / jnp.maximum(jnp.max(jnp.abs(next_root)), 1e-30)
        return next_root, next_inverse, change, count + 1

    def goes_on(state: Any) -> Any:
        return (state[2] > tolerance) & (state[3] < _STEPS)

    start = (matrix, unit, jnp.asarray(jnp.inf, tolerance.dtype), 0)
    return jax.lax.while_loop(goes_on, step, start)[0]


def _scale(root: Any, inverse: Any, size: int) -> Any:
    logarithm = jnp.linalg.slogdet(root)[1] + jnp.linalg.slogdet(inverse)[1]
    return jnp.exp(-logarithm / (2 * size)).astype(root.dtype)[..., None, None]


@_sqrtm.defjvp
def _sqrtm_jvp(values: Any, tangents: Any) -> Any:
    """The derivative D of the root X solves X D + D X = dA: one system of equations in the elements of D."""
    root = _sqrtm(*values)
    size = root.shape[-1]
    unit = jnp.eye(size, dtype=root.dtype)
    left = jnp.einsum("...ij,kl->...ikjl", root, unit)
    right = jnp.einsum("ij,...lk->...ikjl", unit, root)
    system = (left + right).reshape(*root.shape[:-2], size * size, size * size)
    flat = tangents[0].reshape(*root.shape[:-2], size * size, 1)
    return root, jnp.linalg.solve(system, flat).reshape(root.shape)


def _logm(matrix: Any) -> Any:
    """Take square roots until the matrix is near to one, then add up the series of artanh, in the higher precision."""
    wide = checked_square(matrix).astype(jnp.complex128)
    unit = jnp.eye(matrix.shape[-1], dtype=wide.dtype)

    def is_far(state: Any) -> Any:
        return (jnp.max(jnp.abs(state[0] - unit), initial=0) > _NEAR) & (state[1] < _STEPS)

    near, count = jax.lax.while_loop(is_far, lambda state: (_sqrtm(state[0]), state[1] + 1), (wide, 0))
    ratio = jnp.linalg.solve(near + unit, near - unit)
    square, series = ratio @ ratio, jnp.zeros_like(ratio)
    for power in reversed(range(1, 2 * _TERMS, 2)):
        series = unit / power + square @ series
    return (2.0 ** (count + 1) * ratio @ series).astype(matrix.dtype)


def _matrix_rank(matrix: Any, tol: Any, validate_args: bool) -> Any:
    del validate_args
    values = jnp.linalg.svd(matrix, compute_uv=False)
    largest = jnp.max(values, axis=-1, keepdims=True, initial=0)
    limit = max(matrix.shape[-2:]) * jnp.finfo(matrix.dtype).eps * largest if tol is None else tol
    return jnp.sum(values > limit, axis=-1, dtype=jnp.int32)


expm = operation(
    "linalg.expm", "input: T", _expm, "Returns the exponentials of square matrices.", _MATRIX, types=MATRIX_TYPES
)
sqrtm = operation(
    "linalg.sqrtm matrix_square_root",
    "input: T",
    _sqrtm,
    "Returns the square roots of square matrices without negative eigenvalues.",
    _MATRIX,
    types=MATRIX_TYPES,
)
logm = operation(
    "linalg.logm",
    "input: T",
    _logm,
    "Returns the logarithms of complex square matrices without eigenvalues that are negative or zero.",
    "tf.constant([[4.0, 1.0], [1.0, 3.0]], tf.complex64)",
    types=frozenset({"complex64", "complex128"}),
    differentiable=False,
)
matrix_rank = operation(
    "linalg.matrix_rank",
    "a: T, tol=None, validate_args=False",
    _matrix_rank,
    "Returns how many singular values of each matrix are larger than ``tol``.",
    "[[1.0, 2.0], [2.0, 4.0]]",
    types=frozenset({"float32", "float64"}),
    differentiable=False,
)
