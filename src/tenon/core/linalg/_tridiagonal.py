"""Matrices that are zero but for the main diagonal and its neighbours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.linalg._matrices import MATRIX_TYPES, of_lower
from tenon.core.operations import operation
from tenon.core.recording import kernel, run

_FORMATS = ("compact", "matrix", "sequence")
_COMPACT = "tf.constant([[1.0, 2.0, 0.0], [4.0, 5.0, 6.0], [0.0, 1.0, 2.0]]), tf.constant([[1.0], [2.0], [3.0]])"


def _diagonals(given: tuple[Any, ...], several: bool, diagonals_format: str) -> tuple[Any, Any, Any]:
    """Return the upper, main and lower diagonals, all as long as the main one."""
    if diagonals_format not in _FORMATS:
        raise ValueError(f"diagonals_format: must be one of {list(_FORMATS)}; received {diagonals_format!r}.")
    if diagonals_format == "sequence":
        upper, main, lower = given if several else given[0]
    elif diagonals_format == "compact":
        rows = given if several else jnp.moveaxis(given[0], -2, 0)
        upper, main, lower = rows
    else:
        matrix = jnp.stack(given) if several else given[0]
        upper, main, lower = (jnp.diagonal(matrix, offset, -2, -1) for offset in (1, 0, -1))
    return _padded(upper, main, 0, 1), main, _padded(lower, main, 1, 0)


def _padded(diagonal: Any, main: Any, before: int, after: int) -> Any:
    """Make a diagonal as long as the main one, and zero where it lies outside of the matrix."""
    if diagonal.shape[-1] != main.shape[-1]:
        return jnp.pad(diagonal, [(0, 0)] * (diagonal.ndim - 1) + [(before, after)])
    place = jnp.arange(main.shape[-1])
    return jnp.where((place >= before) & (place < main.shape[-1] - after), diagonal, 0)


def _composed(function: Callable[..., Any]) -> Callable[..., Any]:
    def run_it(diagonals: Any, rhs: Any, **attributes: Any) -> Any:
        several = isinstance(diagonals, tuple)
        arrays = [*diagonals, rhs] if several else [diagonals, rhs]
        return run(kernel(function, several=several, **attributes), arrays)

    return run_it


def _solve(
    *arrays: Any,
    several: bool,
    diagonals_format: str,
    transpose_rhs: bool,
    conjugate_rhs: bool,
    partial_pivoting: bool,
    perturb_singular: bool,
) -> Any:
    del partial_pivoting
    if perturb_singular:
        raise ValueError("perturb_singular: must be False: XLA's solver cannot do it; received True.")
    upper, main, lower = _diagonals(arrays[:-1], several, diagonals_format)
    vector = arrays[-1].ndim == main.ndim
    right = arrays[-1][..., None] if vector else arrays[-1]
    right = jnp.conj(right) if conjugate_rhs else right
    right = jnp.swapaxes(right, -1, -2) if transpose_rhs and not vector else right
    found = jax.lax.linalg.tridiagonal_solve(lower, main, upper, right)
    return found[..., 0] if vector else found


def _product(*arrays: Any, several: bool, diagonals_format: str) -> Any:
    upper, main, lower = _diagonals(arrays[:-1], several, diagonals_format)
    rhs = arrays[-1]
    below, above = jnp.roll(rhs, -1, -2), jnp.roll(rhs, 1, -2)
    return main[..., None] * rhs + upper[..., None] * below + lower[..., None] * above


tridiagonal_solve = operation(
    "linalg.tridiagonal_solve",
    "diagonals: [T], rhs: T, diagonals_format='compact', transpose_rhs=False, conjugate_rhs=False, name=None, "
    "partial_pivoting=True, perturb_singular=False",
    _composed(_solve),
    "Returns x with A x = rhs, where A has three diagonals: the upper one, the main one and the lower one.",
    _COMPACT,
    types=MATRIX_TYPES,
    composed=True,
)
tridiagonal_matmul = operation(
    "linalg.tridiagonal_matmul",
    "diagonals: [T], rhs: T, diagonals_format='compact'",
    _composed(_product),
    "Returns A rhs, where A has three diagonals: the upper one, the main one and the lower one.",
    _COMPACT,
    types=MATRIX_TYPES,
    composed=True,
)


def _eigh(alpha: Any, beta: Any, eigvals_only: bool) -> Any:
    main = jnp.real(alpha)[..., None] * jnp.eye(alpha.shape[-1], dtype=alpha.dtype)
    lower = beta[..., None] * jnp.eye(beta.shape[-1], alpha.shape[-1], dtype=beta.dtype)
    matrix = main + jnp.pad(lower, [(0, 0)] * (beta.ndim - 1) + [(1, 0), (0, 0)])
    values, vectors = jnp.linalg.eigh(of_lower(matrix), symmetrize_input=False)
    return values if eigvals_only else (values, vectors)


def _eigh_tridiagonal(alpha: Any, beta: Any, eigvals_only: bool, select: str, select_range: Any, tol: Any) -> Any:
    del tol  # all digits are computed
    found = run(kernel(_eigh, eigvals_only=bool(eigvals_only)), [alpha, beta])
    if select == "a":
        return found
    if select not in ("i", "v"):
        raise ValueError(f"select: must be 'a', 'i' or 'v'; received {select!r}.")
    values = found if eigvals_only else found[0]
    first, last = select_range if select == "i" else _places(values, select_range)
    part = kernel(_part, first=first, last=last)
    return run(part, [found]) if eigvals_only else tuple([run(part, [array]) for array in found])


def _places(values: Any, bounds: Any) -> tuple[int, int]:
    """Return the places of the first and the last eigenvalue between two bounds."""
    if isinstance(values, jax.core.Tracer):
        raise InvalidArgumentError(
            "select: how many eigenvalues lie in a range must be known when a function is traced, because XLA compiles "
            "for fixed shapes; select them by 'i', or take all."
        )
    inside = np.flatnonzero((np.asarray(values) > bounds[0]) & (np.asarray(values) <= bounds[1]))
    return (int(inside[0]), int(inside[-1])) if len(inside) else (0, -1)


def _part(array: Any, first: int, last: int) -> Any:
    return array[..., first : last + 1]


def _alone_or_together(*tensors: Any) -> Any:
    return tensors if len(tensors) > 1 else tensors[0]


eigh_tridiagonal = operation(
    "linalg.eigh_tridiagonal",
    "alpha: T, beta: T, eigvals_only=True, select='a', select_range=None, tol=None",
    _eigh_tridiagonal,
    "Returns eigenvalues, ascending, and eigenvectors if asked for, of Hermitian matrices of three diagonals.",
    "tf.constant([1.0, 2.0, 3.0]), tf.constant([0.5, 0.6])",
    types=MATRIX_TYPES,
    composed=True,
    result=_alone_or_together,
)
