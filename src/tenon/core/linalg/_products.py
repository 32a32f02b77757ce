"""Products of matrices and tensors."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from tenon.core.operations import NUMBERS, REALS, install_binary, operation


def turned(matrix: Any, transpose: bool, adjoint: bool, name: str) -> Any:
    """Return a matrix, transposed or also conjugated if asked for.

    Raises:
        ValueError: both are asked for.
    """
    if transpose and adjoint:
        raise ValueError(
            f"Only one of `transpose_{name}` and `adjoint_{name}` can be True. Received `transpose_{name}`=True, "
            f"`adjoint_{name}`=True."
        )
    swapped = jnp.swapaxes(matrix, -1, -2) if transpose or adjoint else matrix
    return jnp.conj(swapped) if adjoint else swapped


def _matmul(
    a: Any,
    b: Any,
    transpose_a: bool,
    transpose_b: bool,
    adjoint_a: bool,
    adjoint_b: bool,
    output_type: Any,
    **_hints: bool,
) -> Any:
    if a.ndim < 2 or b.ndim < 2:
        raise ValueError(
            "In[0] and In[1] ndims must be >= 2; use tf.linalg.matvec or tf.tensordot for products with vectors."
        )
    left, right = turned(a, transpose_a, adjoint_a, "a"), turned(b, transpose_b, adjoint_b, "b")
    return jnp.matmul(left, right, preferred_element_type=output_type)


def _matvec(a: Any, b: Any, transpose_a: bool, adjoint_a: bool, **_hints: bool) -> Any:
    return jnp.matmul(turned(a, transpose_a, adjoint_a, "a"), b[..., None])[..., 0]


def _tensordot(a: Any, b: Any, axes: Any) -> Any:
    return jnp.tensordot(a, b, axes)


def _einsum(inputs: tuple[Any, ...], equation: str, optimize: Any) -> Any:
    del optimize  # XLA orders the products
    return jnp.einsum(equation.replace(" ", ""), *inputs)


def _cross(a: Any, b: Any) -> Any:
    if a.shape != b.shape:
        raise ValueError("Both inputs must be of same shape.")
    if a.shape[-1:] != (3,):
        raise ValueError("The innermost dimension must be 3.")
    return jnp.cross(a, b)


matmul = operation(
    "linalg.matmul matmul",
    "a: T, b: T, transpose_a=False, transpose_b=False, adjoint_a=False, adjoint_b=False, a_is_sparse=False, "
    "b_is_sparse=False, output_type: dtype = None, grad_a=False, grad_b=False",
    _matmul,
    "Returns the products of matrices; leading dimensions are batches and broadcast.",
    "[[1.0, 2.0], [3.0, 4.0]], [[5.0], [6.0]]",
    types=NUMBERS,
)
matvec = operation(
    "linalg.matvec",
    "a: T, b: T, transpose_a=False, adjoint_a=False, a_is_sparse=False, b_is_sparse=False",
    _matvec,
    "Returns the products of matrices and vectors; leading dimensions are batches and broadcast.",
    "[[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]",
    types=NUMBERS,
)
tensordot = operation(
    "linalg.tensordot tensordot",
    "a: T, b: T, axes",
    _tensordot,
    "Returns the sum of products over axes of both: their number (the last of a, the first of b), or two lists.",
    "[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]], [[0], [1]]",
    types=NUMBERS,
)
einsum = operation(
    "linalg.einsum einsum",
    "equation, *inputs: [T], optimize='greedy'",
    _einsum,
    "Returns sums of products as Einstein's notation says, such as 'ij,jk->ik'.",
    "'ij,jk->ki', tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([[5.0], [6.0]])",
    types=NUMBERS,
)
cross = operation(
    "linalg.cross",
    "a: T, b: T",
    _cross,
    "Returns the cross products of vectors of three elements.",
    "[1.0, 2.0, 3.0], [3.0, -1.0, 0.5]",
    types=REALS,
)


def _transposed(matrix: Any, conjugate: bool) -> Any:
    return turned(matrix, not conjugate, conjugate, "a")


def _adjoint(matrix: Any) -> Any:
    return turned(matrix, False, True, "a")


matrix_transpose = operation(
    "linalg.matrix_transpose",
    "a: any, name='matrix_transpose', conjugate=False",
    _transposed,
    "Returns matrices with rows and columns exchanged.",
    "[[1.0, 2.0], [3.0, 4.0]]",
)
adjoint = operation(
    "linalg.adjoint",
    "matrix: T",
    _adjoint,
    "Returns matrices with rows and columns exchanged, and conjugated.",
    "[[1 + 1j, 2.0]]",
    types=NUMBERS,
)

install_binary("matmul", matmul)
