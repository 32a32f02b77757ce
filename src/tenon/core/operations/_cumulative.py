"""Running sums, products and log-sum-exps along an axis."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from tenon.core.operations._sizes import as_axis
from tenon.core.operations._table import operation
from tenon.core.operations._types import FLOATS, NUMBERS

_SIGNATURE = "x: T, axis=0, exclusive=False, reverse=False"


def _sum(x: Any, axis: int) -> Any:
    return jnp.cumsum(x, axis, dtype=x.dtype)


def _product(x: Any, axis: int) -> Any:
    return jnp.cumprod(x, axis, dtype=x.dtype)


def _log_sum_exp(x: Any, axis: int) -> Any:
    return jax.lax.cumlogsumexp(x, axis)


def _running(run: Any, start: float) -> Any:
    def function(x: Any, axis: Any, exclusive: bool, reverse: bool) -> Any:
        along = as_axis(axis, x.ndim)
        turned = jnp.flip(x, along) if reverse else x
        done = run(_delayed(turned, along, start) if exclusive else turned, along)
        return jnp.flip(done, along) if reverse else done

    return function


def _delayed(x: Any, axis: int, start: float) -> Any:
    """Move everything one place on, with ``start`` in the first."""
    first = jnp.full_like(jax.lax.slice_in_dim(x, 0, min(1, x.shape[axis]), axis=axis), start)
    return jnp.concatenate([first, jax.lax.slice_in_dim(x, 0, max(0, x.shape[axis] - 1), axis=axis)], axis)


cumsum = operation(
    "math.cumsum cumsum",
    _SIGNATURE,
    _running(_sum, 0),
    "Returns the sums of the elements up to each one; up to the one before it where ``exclusive``.",
    "[1.0, 2.0, 3.0]",
    types=NUMBERS,
)
cumprod = operation(
    "math.cumprod",
    _SIGNATURE,
    _running(_product, 1),
    "Returns the products of the elements up to each one; up to the one before it where ``exclusive``.",
    "[1.0, 2.0, 3.0]",
    types=NUMBERS,
)
cumulative_logsumexp = operation(
    "math.cumulative_logsumexp",
    _SIGNATURE,
    _running(_log_sum_exp, -jnp.inf),
    "Returns log(sum(exp(x))) of the elements up to each one; up to the one before it where ``exclusive``.",
    "[1.0, 2.0, 3.0]",
    types=FLOATS,
)
