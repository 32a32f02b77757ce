"""A function lowered by the rules, beside the same function in the plain form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tenon.xla import without_lowering_rules

TOLERANCE = {"float16": 2e-2, "bfloat16": 5e-2, "float32": 2e-4, "float64": 1e-10}
"""What sums in another order may differ by, beside the largest number of the plain result."""


def assert_agree(function: Callable[..., Any], *operands: Any, gradients: Sequence[int] = ()) -> None:
    """Compare results, and derivatives with respect to some operands, with those of the plain form."""
    names = [
        (lambda *values: function(*values)),
        *(() if not gradients else [jax.grad(_weighted(function), tuple(gradients))]),
    ]
    for each in names:
        found = jax.jit(lambda *values, each=each: each(*values))(*operands)
        with without_lowering_rules():
            plain = jax.jit(lambda *values, each=each: each(*values))(*operands)
        jax.tree.map(_assert_close, found, plain)


def lowered_by(rule: str, function: Callable[..., Any], *operands: Any) -> bool:
    """Tell whether a rule lowers anything in a function."""
    lowered = jax.jit(lambda *values: function(*values)).lower(*operands)
    return rule in lowered.as_text(debug_info=True)


def times_computed(operation: str, function: Callable[..., Any], *operands: Any) -> int:
    """Return how often an operation, such as ``"tanh"``, stands in the compiled program."""
    return jax.jit(lambda *values: function(*values)).lower(*operands).compile().as_text().count(f" {operation}(")


def _weighted(function: Callable[..., Any]) -> Callable[..., jax.Array]:
    """Return a function whose derivative by each element of the result is another number."""

    def total(*values: Any) -> jax.Array:
        result = function(*values)
        return (result * jnp.sin(jnp.arange(result.size, dtype=result.dtype)).reshape(result.shape)).sum()

    return total


def _assert_close(found: jax.Array, plain: jax.Array) -> None:
    assert (found.shape, found.dtype) == (plain.shape, plain.dtype)
    one, other = np.asarray(found, np.float64), np.asarray(plain, np.float64)
    largest = np.abs(other[np.isfinite(other)]).max(initial=1.0)
    np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE[str(plain.dtype)] * largest)
