"""Arithmetic, element by element, with broadcasting."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from tenon.core.operations._row import INEXACT, NUMBERS, operation

add = operation(
    "math.add add",
    "x: T, y: T",
    jnp.add,
    "Returns x + y; strings are joined.",
    "[1.0, 2.0], 3.0",
    types=NUMBERS,
    strings=lambda x, y: x + y,
)
subtract = operation(
    "math.subtract subtract", "x: T, y: T", jnp.subtract, "Returns x - y.", "[1.0, 2.0], 3.0", types=NUMBERS
)
multiply = operation(
    "math.multiply multiply", "x: T, y: T", jnp.multiply, "Returns x * y.", "[1.0, 2.0], 3.0", types=NUMBERS
)
square = operation("math.square square", "x: T", jnp.square, "Returns x * x.", "[1.0, -2.0]", types=NUMBERS)
sqrt = operation("math.sqrt sqrt", "x: T", jnp.sqrt, "Returns the square root.", "[1.0, 4.0]", types=INEXACT)


def _reduce_sum(x: Any, axis: Any, keepdims: bool) -> Any:
    return jnp.sum(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


reduce_sum = operation(
    "math.reduce_sum reduce_sum",
    "input_tensor: T, axis=None, keepdims=False",
    _reduce_sum,
    "Returns the sum over the axes.",
    "[[1.0, 2.0], [3.0, 4.0]], 0",
    types=NUMBERS,
)
