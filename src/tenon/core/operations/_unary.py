"""Functions of one number: roots, exponentials, trigonometry, rounding."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from tenon.core.operations._table import operation
from tenon.core.operations._types import FLOATS, INEXACT, NUMBERS, SIGNED

_NUMBERS = "[0.25, 0.5, 0.75]"


def _round(x: Any) -> Any:
    return x if x.dtype.kind in "iu" else jnp.round(x)


@jax.custom_jvp
def _abs(x: Any) -> Any:
    return jnp.abs(x)


@_abs.defjvp
def _abs_jvp(values: Any, tangents: Any) -> Any:
    """The derivative at 0 is 0, as TensorFlow has it."""
    direction = _sign(values[0])
    return _abs(*values), jnp.real(jnp.conj(direction) * tangents[0])


def _sign(x: Any) -> Any:
    if x.dtype.kind != "c":
        return jnp.sign(x)
    zero = x == 0
    return jnp.where(zero, 0, x / jnp.abs(jnp.where(zero, 1, x)))


def _unary(names: str, function: Any, summary: str, example: str = _NUMBERS, types: Any = INEXACT) -> Any:
    return operation(names, "x: T", function, summary, example, types=types)


abs_ = _unary("math.abs abs", _abs, "Returns the absolute value.", "[1.0, -2.0]", SIGNED)
sign = _unary("math.sign sign", _sign, "Returns -1, 0 or 1: the sign; x / |x| of complex x.", "[1.0, -2.0]", SIGNED)
sqrt = _unary("math.sqrt sqrt", jnp.sqrt, "Returns the square root.")
rsqrt = _unary("math.rsqrt", jax.lax.rsqrt, "Returns 1 / sqrt(x).")
exp = _unary("math.exp exp", jnp.exp, "Returns e to the power of x.")
expm1 = _unary("math.expm1", jnp.expm1, "Returns exp(x) - 1, exactly for small x.")
log = _unary("math.log", jnp.log, "Returns the natural logarithm.")
log1p = _unary("math.log1p", jnp.log1p, "Returns log(1 + x), exactly for small x.")
sin = _unary("math.sin sin", jnp.sin, "Returns the sine.")
cos = _unary("math.cos cos", jnp.cos, "Returns the cosine.")
tan = _unary("math.tan tan", jnp.tan, "Returns the tangent.")
asin = _unary("math.asin asin", jnp.arcsin, "Returns the arc sine.")
acos = _unary("math.acos acos", jnp.arccos, "Returns the arc cosine.")
atan = _unary("math.atan atan", jnp.arctan, "Returns the arc tangent.")
sinh = _unary("math.sinh sinh", jnp.sinh, "Returns the hyperbolic sine.")
cosh = _unary("math.cosh cosh", jnp.cosh, "Returns the hyperbolic cosine.")
tanh = _unary("math.tanh nn.tanh tanh", jnp.tanh, "Returns the hyperbolic tangent.")
asinh = _unary("math.asinh asinh", jnp.arcsinh, "Returns the inverse hyperbolic sine.")
acosh = _unary("math.acosh acosh", jnp.arccosh, "Returns the inverse hyperbolic cosine.", "[1.5, 2.5]")
atanh = _unary("math.atanh atanh", jnp.arctanh, "Returns the inverse hyperbolic tangent.")
sigmoid = _unary("math.sigmoid nn.sigmoid sigmoid", jax.nn.sigmoid, "Returns 1 / (1 + exp(-x)).")
log_sigmoid = _unary("math.log_sigmoid", jax.nn.log_sigmoid, "Returns log(sigmoid(x)).", types=FLOATS)

atan2 = operation(
    "math.atan2 atan2",
    "y: T, x: T",
    jnp.arctan2,
    "Returns the angle of the point (x, y).",
    "[1.0, -2.0], [0.5, -1.0]",
    types=FLOATS,
)


def _rounding(names: str, function: Any, summary: str, types: Any = FLOATS) -> Any:
    example = "[-1.5, -0.5, 0.5, 1.5, 2.4]"
    return operation(names, "x: T", function, summary, example, types=types, differentiable=False)


floor = _rounding("math.floor floor", jnp.floor, "Returns x rounded down.")
ceil = _rounding("math.ceil", jnp.ceil, "Returns x rounded up.")
rint = _rounding("math.rint", jnp.round, "Returns x rounded to the nearest integer, halves to the even one.")
round_ = _rounding(
    "math.round round", _round, "Returns x rounded to the nearest integer, halves to the even one.", NUMBERS
)
