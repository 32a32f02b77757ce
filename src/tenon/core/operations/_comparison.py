"""Comparisons and logic, element by element, with broadcasting: tensors of bool come out."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from tenon.core.operations._table import operation
from tenon.core.operations._types import FLOATS, INTEGERS, NUMBERS, NUMERIC, REALS


def _compared(names: str, function: Any, summary: str, strings: Any = None) -> Any:
    types = REALS if strings is None else NUMERIC
    return operation(
        names,
        "x: T, y: T",
        function,
        summary,
        "[1.0, 2.0, 3.0], 2.0",
        types=types,
        differentiable=False,
        strings=strings,
    )


def _logical(names: str, function: Any, summary: str, signature: str = "x: bool, y: bool") -> Any:
    return operation(
        names,
        signature,
        function,
        summary,
        "[True, True, False], [True, False, False]",
        differentiable=False,
    )


def _tested(names: str, function: Any, summary: str) -> Any:
    return operation(
        names, "x: T", function, summary, "[1.0, float('inf'), float('nan')]", types=FLOATS, differentiable=False
    )


def _steps(x: Any) -> tuple[Any, Any]:
    flat = x.reshape(-1)
    return flat[1:], flat[:-1]


def _is_non_decreasing(x: Any) -> Any:
    after, before = _steps(x)
    return jnp.all(after >= before)


def _is_strictly_increasing(x: Any) -> Any:
    after, before = _steps(x)
    return jnp.all(after > before)


equal = _compared(
    "math.equal equal",
    jnp.equal,
    "Returns whether x == y.",
    lambda x, y: np.asarray(np.equal(x, y, dtype=object), bool),
)
not_equal = _compared(
    "math.not_equal not_equal",
    jnp.not_equal,
    "Returns whether x != y.",
    lambda x, y: np.asarray(np.not_equal(x, y, dtype=object), bool),
)
greater = _compared("math.greater greater", jnp.greater, "Returns whether x > y.")
greater_equal = _compared("math.greater_equal greater_equal", jnp.greater_equal, "Returns whether x >= y.")
less = _compared("math.less less", jnp.less, "Returns whether x < y.")
less_equal = _compared("math.less_equal less_equal", jnp.less_equal, "Returns whether x <= y.")

logical_and = _logical("math.logical_and logical_and", jnp.logical_and, "Returns whether both are true.")
logical_or = _logical("math.logical_or logical_or", jnp.logical_or, "Returns whether one of both is true.")
logical_xor = _logical(
    "math.logical_xor",
    jnp.logical_xor,
    "Returns whether exactly one of both is true.",
    "x: bool, y: bool, name='LogicalXor'",
)
logical_not = operation(
    "math.logical_not logical_not",
    "x: bool",
    jnp.logical_not,
    "Returns whether x is false.",
    "[True, False]",
    differentiable=False,
)

is_finite = _tested("math.is_finite", jnp.isfinite, "Returns which elements are finite numbers.")
is_inf = _tested("math.is_inf", jnp.isinf, "Returns which elements are infinite.")
is_nan = _tested("math.is_nan", jnp.isnan, "Returns which elements are not a number.")
is_non_decreasing = operation(
    "math.is_non_decreasing",
    "x: T",
    _is_non_decreasing,
    "Returns whether no element is smaller than the one before it, row by row.",
    "[1.0, 1.0, 2.0]",
    types=NUMBERS,
    differentiable=False,
)
is_strictly_increasing = operation(
    "math.is_strictly_increasing",
    "x: T",
    _is_strictly_increasing,
    "Returns whether every element is larger than the one before it, row by row.",
    "[1.0, 1.0, 2.0]",
    types=NUMBERS,
    differentiable=False,
)


def _bitwise(names: str, function: Any, summary: str, example: str = "[12, 10], [10, 2]") -> Any:
    return operation(names, "x: T, y: T", function, summary, example, types=INTEGERS, differentiable=False)


bitwise_and = _bitwise("bitwise.bitwise_and", jnp.bitwise_and, "Returns the bits that are set in both.")
bitwise_or = _bitwise("bitwise.bitwise_or", jnp.bitwise_or, "Returns the bits that are set in one of both.")
bitwise_xor = _bitwise("bitwise.bitwise_xor", jnp.bitwise_xor, "Returns the bits that are set in exactly one of both.")
left_shift = _bitwise("bitwise.left_shift", jnp.left_shift, "Returns x with its bits moved up by y places.")
right_shift = _bitwise(
    "bitwise.right_shift", jnp.right_shift, "Returns x with its bits moved down by y places, the sign kept."
)
invert = operation(
    "bitwise.invert",
    "x: T",
    jnp.invert,
    "Returns x with every bit flipped.",
    "[5, -1]",
    types=INTEGERS,
    differentiable=False,
)
