"""Special functions: error functions, gamma functions, Bessel functions."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special as special

from tenon.core.operations._table import operation
from tenon.core.operations._types import FLOATS

_NUMBERS = "[0.25, 0.5, 0.75]"
_WIDE = frozenset({"float32", "float64"})


def _erfcinv(x: Any) -> Any:
    return -special.ndtri(x / 2) * jnp.sqrt(jnp.asarray(0.5, x.dtype))


def _lbeta(x: Any) -> Any:
    return jnp.sum(special.gammaln(x), axis=-1) - special.gammaln(jnp.sum(x, axis=-1))


def _polygamma(a: Any, x: Any) -> Any:
    order = jax.lax.stop_gradient(a)
    sign = jnp.where(order % 2 == 0, -1, 1).astype(x.dtype)
    higher = sign * jnp.exp(special.gammaln(order + 1)) * special.zeta(order + 1, x)
    return jnp.where(order == 0, special.digamma(x), higher)


def _zeta(x: Any, q: Any) -> Any:
    return special.zeta(jax.lax.stop_gradient(x), q)


def _betainc(a: Any, b: Any, x: Any) -> Any:
    return special.betainc(*jax.lax.stop_gradient((a, b)), x)


@jax.custom_jvp
def _next_after(x1: Any, x2: Any) -> Any:
    return jnp.nextafter(x1, x2)


@_next_after.defjvp
def _next_after_jvp(values: Any, tangents: Any) -> Any:
    result = _next_after(*values)
    return result, jnp.broadcast_to(tangents[0], result.shape)


def _fresnel_sin(x: Any) -> Any:
    return special.fresnel(x)[0]


def _fresnel_cos(x: Any) -> Any:
    return special.fresnel(x)[1]


def _special(names: str, function: Any, summary: str, example: str = _NUMBERS, types: Any = FLOATS) -> Any:
    return operation(names, "x: T", function, summary, example, types=types)


erf = _special("math.erf", special.erf, "Returns the error function.")
erfc = _special("math.erfc", special.erfc, "Returns 1 - erf(x), exactly for large x.")
erfinv = _special("math.erfinv", special.erfinv, "Returns the inverse of the error function.")
erfcinv = _special("math.erfcinv", _erfcinv, "Returns the inverse of erfc.")
ndtri = _special("math.ndtri", special.ndtri, "Returns the quantile of the standard normal distribution.")
lgamma = _special("math.lgamma", special.gammaln, "Returns the logarithm of the absolute value of the gamma function.")
digamma = _special("math.digamma", special.digamma, "Returns the derivative of lgamma.")
lbeta = _special(
    "math.lbeta",
    _lbeta,
    "Returns the logarithm of the beta function of the last dimension.",
    "[[1.0, 2.0], [3.0, 4.0]]",
)
dawsn = _special("math.special.dawsn", special.dawsn, "Returns Dawson's integral.")
expint = _special("math.special.expint", special.expi, "Returns the exponential integral Ei.")
fresnel_cos = _special("math.special.fresnel_cos", _fresnel_cos, "Returns Fresnel's cosine integral.")
fresnel_sin = _special("math.special.fresnel_sin", _fresnel_sin, "Returns Fresnel's sine integral.")
spence = _special("math.special.spence", special.spence, "Returns Spence's integral, the dilogarithm of 1 - x.")
bessel_i0 = _special("math.special.bessel_i0 math.bessel_i0", special.i0, "Returns the modified Bessel function I0.")
bessel_i0e = _special("math.special.bessel_i0e math.bessel_i0e", special.i0e, "Returns exp(-|x|) I0(x).")
bessel_i1 = _special("math.special.bessel_i1 math.bessel_i1", special.i1, "Returns the modified Bessel function I1.")
bessel_i1e = _special("math.special.bessel_i1e math.bessel_i1e", special.i1e, "Returns exp(-|x|) I1(x).")

polygamma = operation(
    "math.polygamma",
    "a: T, x: T",
    _polygamma,
    "Returns the derivative of order a of digamma; gradients flow to x alone.",
    "[1.0, 2.0], [2.0, 3.0]",
    types=_WIDE,
)
zeta = operation(
    "math.zeta",
    "x: T, q: T",
    _zeta,
    "Returns Hurwitz's zeta function; gradients flow to q alone.",
    "[2.0, 3.0], [3.0, 1.5]",
    types=_WIDE,
)
igamma = operation(
    "math.igamma",
    "a: T, x: T",
    special.gammainc,
    "Returns the lower incomplete gamma function, regularized.",
    "[1.0, 2.0], [2.0, 1.5]",
    types=FLOATS,
)
igammac = operation(
    "math.igammac",
    "a: T, x: T",
    special.gammaincc,
    "Returns the upper incomplete gamma function, regularized.",
    "[1.0, 2.0], [2.0, 1.5]",
    types=FLOATS,
)
betainc = operation(
    "math.betainc",
    "a: T, b: T, x: T",
    _betainc,
    "Returns the incomplete beta function, regularized; gradients flow to x alone.",
    "[1.0, 2.0], [2.0, 3.0], [0.3, 0.6]",
    types=FLOATS,
)
nextafter = operation(
    "math.nextafter",
    "x1: T, x2: T",
    _next_after,
    "Returns the number next to x1 in the direction of x2.",
    "[1.0, 1.0], [2.0, 0.0]",
    types=_WIDE,
)
