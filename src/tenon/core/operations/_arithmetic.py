"""Sums, products, quotients, remainders and powers, element by element, with broadcasting."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations._table import operation
from tenon.core.operations._types import INEXACT, NUMBERS, REALS, SIGNED
from tenon.core.tensors import TensorShape

_NARROW = frozenset({"int8", "int16", "uint8", "uint16"})


def _true_divide(x: Any, y: Any) -> Any:
    wide = _quotient_dtype(x.dtype)
    return jnp.true_divide(x.astype(wide), y.astype(wide))


def _quotient_dtype(dtype: np.dtype) -> np.dtype:
    """Integers are divided as floating point numbers: those of up to 16 bits as float32, wider ones as float64."""
    if dtype.kind not in "iu":
        return dtype
    return np.dtype(np.float32 if dtype.name in _NARROW else np.float64)


def _floor_divide(x: Any, y: Any) -> Any:
    return jnp.floor_divide(x, y) if x.dtype.kind in "iu" else jnp.floor(x / y)


def _truncate_divide(x: Any, y: Any) -> Any:
    return jax.lax.div(*jnp.broadcast_arrays(x, y)) if x.dtype.kind in "iu" else jnp.trunc(x / y)


def _truncate_mod(x: Any, y: Any) -> Any:
    return jax.lax.rem(*jnp.broadcast_arrays(x, y))


def _divisor_is_not_zero(_: Any, y: Any) -> None:
    if y.dtype.kind in "iu" and not np.all(np.asarray(y)):
        raise InvalidArgumentError("Integer division by zero: the divisor `y` has a 0; change it, or divide floats.")


def _exponent_is_not_negative(_: Any, y: Any) -> None:
    if y.dtype.kind == "i" and np.any(np.asarray(y) < 0):
        raise InvalidArgumentError(
            "Integers to negative integer powers are not allowed: `y` has a negative number; use floats."
        )


def _zero_where_zero(divisor: Any, function: Any, *values: Any) -> Any:
    """Return ``function(*values, divisor)``, and 0 where the divisor is 0, with a derivative that is 0 there too."""
    zero = divisor == 0
    return jnp.where(zero, jnp.zeros((), divisor.dtype), function(*values, jnp.where(zero, 1, divisor)))


def _divide_no_nan(x: Any, y: Any) -> Any:
    wide = _quotient_dtype(x.dtype)
    return _zero_where_zero(y.astype(wide), jnp.true_divide, x.astype(wide))


def _reciprocal_no_nan(x: Any) -> Any:
    return _zero_where_zero(x, jnp.reciprocal)


@jax.custom_jvp
def _multiply_no_nan(x: Any, y: Any) -> Any:
    return _zero_where_zero(y, jnp.multiply, x)


@_multiply_no_nan.defjvp
def _multiply_no_nan_jvp(values: Any, tangents: Any) -> Any:
    (x, y), (dx, dy) = values, tangents
    return _multiply_no_nan(x, y), _multiply_no_nan(dx, y) + x * dy


def _xdivy(x: Any, y: Any) -> Any:
    return _zero_of_zero(jnp.true_divide, x, y)


def _xlogy(x: Any, y: Any) -> Any:
    return _zero_of_zero(lambda x, y: x * jnp.log(y), x, y)


def _xlog1py(x: Any, y: Any) -> Any:
    return _zero_of_zero(lambda x, y: x * jnp.log1p(y), x, y)


def _zero_of_zero(function: Any, x: Any, y: Any) -> Any:
    """Return ``function(x, y)``, and 0 where ``x`` is 0, whatever ``y`` is there."""
    zero = x == 0
    return jnp.where(zero, jnp.zeros((), x.dtype), function(x, jnp.where(zero, jnp.ones((), y.dtype), y)))


def _squared_difference(x: Any, y: Any) -> Any:
    difference = x - y
    return jnp.conj(difference) * difference


@jax.custom_jvp
def _maximum(x: Any, y: Any) -> Any:
    return jnp.maximum(x, y)


@jax.custom_jvp
def _minimum(x: Any, y: Any) -> Any:
    return jnp.minimum(x, y)


@_maximum.defjvp
def _maximum_jvp(values: Any, tangents: Any) -> Any:
    """Give the whole gradient to ``x`` where both are equal, as TensorFlow does."""
    (x, y), (dx, dy) = values, tangents
    return _maximum(x, y), jnp.where(x >= y, dx, dy)


@_minimum.defjvp
def _minimum_jvp(values: Any, tangents: Any) -> Any:
    (x, y), (dx, dy) = values, tangents
    return _minimum(x, y), jnp.where(x <= y, dx, dy)


def _sum_of_list(inputs: tuple[Any, ...]) -> Any:
    if not inputs:
        raise ValueError("inputs: must be a list of at least one tensor; received an empty list.")
    if len({array.shape for array in inputs}) > 1:
        raise ValueError("inputs: all tensors must have one shape.")
    return sum(inputs[1:], inputs[0])


def _accumulate(inputs: tuple[Any, ...], shape: Any, tensor_dtype: Any) -> Any:
    total = _sum_of_list(inputs)
    if tensor_dtype is not None and total.dtype != tensor_dtype:
        raise ValueError(f"tensor_dtype: the inputs are of {total.dtype}; received {tensor_dtype}.")
    if shape is not None and not TensorShape(shape).is_compatible_with(total.shape):
        raise ValueError(f"shape: the inputs have shape {total.shape}; received {shape}.")
    return total


def _polyval(coeffs: tuple[Any, ...], x: Any) -> Any:
    """Evaluate by Horner's rule, the highest power's coefficient first."""
    if not coeffs:
        return jnp.zeros_like(x)
    total = coeffs[0]
    for coefficient in coeffs[1:]:
        total = coefficient + total * x
    return total


def _scalar_mul(scalar: Any, x: Any) -> Any:
    if scalar.ndim:
        raise ValueError(f"Only scalar multiply works, got shape {scalar.shape}.")
    return scalar * x


@jax.custom_jvp
def _power(x: Any, y: Any) -> Any:
    return jnp.power(x, y)


@_power.defjvp
def _power_jvp(values: Any, tangents: Any) -> Any:
    """The derivative with respect to the exponent is 0 where x has no logarithm."""
    (x, y), (dx, dy) = values, tangents
    result = _power(x, y)
    slope = jnp.where(y == 0, 0, y * _power(x, jnp.where(y == 0, 1, y - 1)))
    known = x != 0 if x.dtype.kind == "c" else x > 0
    logarithm = jnp.where(known, jnp.log(jnp.where(known, x, 1)), 0)
    return result, dx * slope + dy * result * logarithm


add = operation(
    "math.add add",
    "x: T, y: T",
    jnp.add,
    "Returns x + y; strings are joined.",
    "[1.0, 2.0], 3.0",
    types=NUMBERS,
    strings=lambda x, y: np.asarray(x + y, object),
)
subtract = operation(
    "math.subtract subtract", "x: T, y: T", jnp.subtract, "Returns x - y.", "[1.0, 2.0], 3.0", types=NUMBERS
)
multiply = operation(
    "math.multiply multiply", "x: T, y: T", jnp.multiply, "Returns x * y.", "[1.0, 2.0], 3.0", types=NUMBERS
)
truediv = operation(
    "math.truediv truediv",
    "x: T, y: T",
    _true_divide,
    "Returns x / y as floating point numbers, whatever the operands.",
    "[1.0, 2.0], 4.0",
    types=NUMBERS,
)
divide = operation(
    "math.divide divide", "x: T, y: T", _true_divide, "Returns x / y as Python divides.", "[1, 2], 4", types=NUMBERS
)
realdiv = operation("realdiv", "x: T, y: T", jnp.true_divide, "Returns x / y.", "[1.0, 2.0], 4.0", types=NUMBERS)
floordiv = operation(
    "math.floordiv",
    "x: T, y: T",
    _floor_divide,
    "Returns x / y rounded down.",
    "[-7, 7], 2",
    types=REALS,
    differentiable=False,
    check=_divisor_is_not_zero,
)
floormod = operation(
    "math.floormod math.mod",
    "x: T, y: T",
    jnp.mod,
    "Returns the remainder of the division rounded down; it has the sign of the divisor.",
    "[-7.5, 7.0], 2.0",
    types=REALS,
    check=_divisor_is_not_zero,
)
truncatediv = operation(
    "truncatediv",
    "x: T, y: T",
    _truncate_divide,
    "Returns x / y rounded towards zero.",
    "[-7, 7], 2",
    types=REALS,
    differentiable=False,
    check=_divisor_is_not_zero,
)
truncatemod = operation(
    "truncatemod",
    "x: T, y: T",
    _truncate_mod,
    "Returns the remainder of the division rounded towards zero; it has the sign of x.",
    "[-7.5, 7.0], 2.0",
    types=REALS,
    check=_divisor_is_not_zero,
)
divide_no_nan = operation(
    "math.divide_no_nan",
    "x: T, y: T",
    _divide_no_nan,
    "Returns x / y, and 0 where y is 0.",
    "[1.0, 2.0], [4.0, 0.5]",
    types=NUMBERS,
)
multiply_no_nan = operation(
    "math.multiply_no_nan",
    "x: T, y: T",
    _multiply_no_nan,
    "Returns x * y, and 0 where y is 0, even if x is infinite or no number.",
    "[1.0, 2.0], [4.0, 0.0]",
    types=INEXACT,
)
reciprocal = operation("math.reciprocal", "x: T", jnp.reciprocal, "Returns 1 / x.", "[1.0, 4.0]", types=SIGNED)
reciprocal_no_nan = operation(
    "math.reciprocal_no_nan",
    "x: T",
    _reciprocal_no_nan,
    "Returns 1 / x, and 0 where x is 0.",
    "[2.0, -0.5]",
    types=INEXACT,
)
negative = operation("math.negative negative", "x: T", jnp.negative, "Returns -x.", "[1.0, -2.0]", types=SIGNED)
square = operation("math.square square", "x: T", jnp.square, "Returns x * x.", "[1.0, -2.0]", types=NUMBERS)
squared_difference = operation(
    "math.squared_difference",
    "x: T, y: T",
    _squared_difference,
    "Returns the square of x - y.",
    "[1.0, 2.0], 4.0",
    types=INEXACT | {"int32", "int64"},
)
pow_ = operation(
    "math.pow pow",
    "x: T, y: T",
    _power,
    "Returns x to the power of y.",
    "[2.0, 3.0], [3.0, 0.5]",
    types=SIGNED,
    check=_exponent_is_not_negative,
)
maximum = operation(
    "math.maximum maximum", "x: T, y: T", _maximum, "Returns the larger of both.", "[1.0, 5.0], 2.0", types=REALS
)
minimum = operation(
    "math.minimum minimum", "x: T, y: T", _minimum, "Returns the smaller of both.", "[1.0, 5.0], 2.0", types=REALS
)
scalar_mul = operation(
    "math.scalar_mul scalar_mul",
    "scalar: T, x: T",
    _scalar_mul,
    "Returns scalar * x.",
    "2.0, tf.constant([1.0, 2.0])",
    types=NUMBERS,
)
xdivy = operation(
    "math.xdivy",
    "x: T, y: T",
    _xdivy,
    "Returns x / y, and 0 where x is 0.",
    "[1.0, 2.0], [4.0, 5.0]",
    types=INEXACT,
)
xlogy = operation(
    "math.xlogy",
    "x: T, y: T",
    _xlogy,
    "Returns x * log(y), and 0 where x is 0.",
    "[1.0, 2.0], [4.0, 5.0]",
    types=INEXACT,
)
xlog1py = operation(
    "math.xlog1py",
    "x: T, y: T",
    _xlog1py,
    "Returns x * log1p(y), and 0 where x is 0.",
    "[1.0, 2.0], [4.0, 5.0]",
    types=INEXACT,
)
add_n = operation(
    "math.add_n add_n",
    "inputs: [T]",
    _sum_of_list,
    "Returns the sum of tensors of one shape.",
    "[[1.0, 2.0], [3.0, 4.0]]",
    types=NUMBERS,
)
accumulate_n = operation(
    "math.accumulate_n",
    "inputs: [T], shape=None, tensor_dtype: dtype = None",
    _accumulate,
    "Returns the sum of tensors of one shape.",
    "[[1.0, 2.0], [3.0, 4.0]]",
    types=NUMBERS,
)
polyval = operation(
    "math.polyval",
    "coeffs: [T], x: T",
    _polyval,
    "Returns the value of a polynomial; the coefficient of the highest power comes first.",
    "[1.0, 2.0, 3.0], [0.5, 2.0]",
    types=NUMBERS,
)
