"""How much a program computes, told from its equations: the same on every machine and in every run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

_PER_ELEMENT: Final = 16.0
"""What an element of another result costs, in multiplications of a matrix product (XLA:CPU, about)."""


def estimate_work(jaxpr: Any) -> float:
    """Return roughly how many floating point operations a program of JAX takes; loops of unknown length count once.

    Args:
        jaxpr: what ``jax.make_jaxpr`` or ``jax.jit(f).trace(...).jaxpr`` gives.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> estimate_work(jax.make_jaxpr(jnp.dot)(jnp.ones((2, 3)), jnp.ones((3, 4)))) >= 2 * 2 * 3 * 4
        True
    """
    return sum(_of_equation(equation) for equation in getattr(jaxpr, "jaxpr", jaxpr).eqns)


def _of_equation(equation: Any) -> float:
    inner = list(_programs(equation.params))
    if inner:
        return float(equation.params.get("length", 1)) * sum(map(estimate_work, inner))
    elements = sum(float(getattr(result.aval, "size", 1)) for result in equation.outvars)
    return elements * max(_PER_ELEMENT, _per_result(equation))


def _per_result(equation: Any) -> float:
    """Return the operations behind an element of a product or convolution; 0 for others."""
    name, params = equation.primitive.name, equation.params
    if name == "dot_general":
        (contracted, _), _ = params["dimension_numbers"]
        return float(2 * math.prod(equation.invars[0].aval.shape[axis] for axis in contracted))
    if name == "conv_general_dilated":
        kernel = equation.invars[1].aval
        return float(2 * kernel.size / kernel.shape[params["dimension_numbers"].rhs_spec[0]])
    return 0.0


def _programs(params: Any) -> Iterator[Any]:
    for value in params.values():
        for one in value if isinstance(value, tuple | list) else (value,):
            if hasattr(one, "eqns") or hasattr(getattr(one, "jaxpr", None), "eqns"):
                yield one
