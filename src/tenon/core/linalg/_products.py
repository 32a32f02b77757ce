"""Products of matrices and tensors."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from tenon.core.operations import INEXACT, NUMBERS, install_binary, operation


def _turned(matrix: Any, transpose: bool, adjoint: bool) -> Any:
    if not transpose and not adjoint:
        return matrix
    if transpose and adjoint:
        raise ValueError("Only one of `transpose` and `adjoint` of a matrix can be True; received both.")
    swapped = jnp.swapaxes(matrix, -1, -2)
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
        raise ValueError("a, b: must have at least 2 dimensions; use tf.linalg.matvec or tf.tensordot for vectors.")
    left, right = _turned(a, transpose_a, adjoint_a), _turned(b, transpose_b, adjoint_b)
    return jnp.matmul(left, right, preferred_element_type=output_type)


matmul = operation(
    "linalg.matmul matmul",
    "a: T, b: T, transpose_a=False, transpose_b=False, adjoint_a=False, adjoint_b=False, a_is_sparse=False, "
    "b_is_sparse=False, output_type: dtype = None, grad_a=False, grad_b=False",
    _matmul,
    "Returns the products of matrices; leading dimensions are batches and broadcast.",
    "[[1.0, 2.0], [3.0, 4.0]], [[5.0], [6.0]]",
    types=NUMBERS,
)

install_binary("matmul", matmul)

_ = INEXACT
