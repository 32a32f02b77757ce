"""Bessel functions of orders 0 and 1 that JAX does not have: J, Y and K.

Up to 25, J and Y are means of cosines over a circle (Bessel's integral and Neumann's series; a mean over evenly spaced
points of a periodic function is exact to all digits); beyond, Hankel's expansion holds. K is the integral of a function
that falls off twice exponentially, for which evenly spaced points are as good. All is computed in float64.
"""

from __future__ import annotations

from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from tenon.core.operations._table import operation
from tenon.core.operations._types import FLOATS

_BORDER: Final = 25.0
_POINTS: Final = 64
_ORDERS: Final = np.arange(1, 33)
_ANGLES: Final = np.pi * np.arange(_POINTS + 1) / _POINTS
_SHARES: Final = np.where(np.arange(_POINTS + 1) % _POINTS == 0, 0.5, 1.0) / _POINTS
_TERMS: Final = 20
_STEPS: Final = 128


def _mean(x: Any, order: int, weights: np.ndarray) -> Any:
    """Return the mean over half a circle of cos(x sin t), or of sin(x sin t) for order 1, with weights."""
    wave = (jnp.cos if order == 0 else jnp.sin)(x[..., None] * np.sin(_ANGLES))
    return wave @ (weights * _SHARES)


def _waves(order: int) -> np.ndarray:
    """Return the weights whose mean is J."""
    return np.ones_like(_ANGLES) if order == 0 else np.sin(_ANGLES)


def _neumann_waves(order: int) -> np.ndarray:
    """Return the weights whose mean is the sum over higher orders of J in Neumann's series of Y."""
    signs, angles = (-1.0) ** _ORDERS, _ANGLES[:, None]
    if order == 0:
        return np.cos(2 * _ORDERS * angles) @ (2 * signs / _ORDERS)
    odd = 2 * _ORDERS + 1
    return np.sin(odd * angles) @ (signs * odd / (_ORDERS * (_ORDERS + 1)))


def _hankel(x: Any, order: int) -> tuple[Any, Any]:
    """Return J and Y of large numbers."""
    terms = [1.0]
    for k in range(1, _TERMS):
        terms.append(terms[-1] * (4.0 * order - (2 * k - 1) ** 2) / (8 * k))
    signed = [term * (-1) ** (k // 2) for k, term in enumerate(terms)]
    even, odd = (jnp.polyval(jnp.array(signed[first::2][::-1]), x**-2) for first in (0, 1))
    angle = x - order * np.pi / 2 - np.pi / 4
    cosine, sine, size = jnp.cos(angle), jnp.sin(angle), jnp.sqrt(2 / (np.pi * x))
    return size * (even * cosine - odd / x * sine), size * (even * sine + odd / x * cosine)


def _j(order: int) -> Any:
    def function(x: Any) -> Any:
        wide = jnp.abs(x.astype(jnp.float64))
        near = _mean(jnp.minimum(wide, _BORDER), order, _waves(order))
        far, _ = _hankel(jnp.maximum(wide, _BORDER), order)
        found = jnp.where(wide <= _BORDER, near, far)
        return (jnp.where(x < 0, -found, found) if order else found).astype(x.dtype)

    return function


def _y(order: int) -> Any:
    def function(x: Any) -> Any:
        wide = x.astype(jnp.float64)
        near = _neumann(jnp.where((wide > 0) & (wide <= _BORDER), wide, 1.0), order)
        _, far = _hankel(jnp.maximum(wide, _BORDER), order)
        found = jnp.where(wide <= _BORDER, near, far)
        return _where_positive(wide, found, -jnp.inf).astype(x.dtype)

    return function


def _neumann(x: Any, order: int) -> Any:
    logarithm = jnp.log(x / 2) + np.euler_gamma - order
    found = logarithm * _mean(x, order, _waves(order)) - _mean(x, order, _neumann_waves(order))
    return 2 / np.pi * (found - _mean(x, 0, _waves(0)) / x if order else found)


def _k(order: int, scaled: bool) -> Any:
    def function(x: Any) -> Any:
        wide = x.astype(jnp.float64)
        known = jnp.where(wide > 0, wide, 1.0)[..., None]
        step = jnp.arccosh(1 + 40 / known) / _STEPS
        points = step * np.arange(_STEPS + 1)
        shares = step * np.where(np.arange(_STEPS + 1) == 0, 0.5, 1.0)
        fall = jnp.exp(-2 * known * jnp.sinh(points / 2) ** 2)
        found = jnp.sum(shares * fall * jnp.cosh(order * points), axis=-1)
        whole = found if scaled else found * jnp.exp(-known[..., 0])
        return _where_positive(wide, whole, jnp.inf).astype(x.dtype)

    return function


def _where_positive(x: Any, found: Any, at_zero: float) -> Any:
    return jnp.where(x > 0, found, jnp.where(x == 0, at_zero, jnp.nan))


def _bessel(name: str, function: Any, summary: str) -> Any:
    return operation(f"math.special.bessel_{name}", "x: T", function, summary, "[0.5, 3.0, 40.0]", types=FLOATS)


bessel_j0 = _bessel("j0", _j(0), "Returns the Bessel function J0.")
bessel_j1 = _bessel("j1", _j(1), "Returns the Bessel function J1.")
bessel_y0 = _bessel("y0", _y(0), "Returns the Bessel function Y0.")
bessel_y1 = _bessel("y1", _y(1), "Returns the Bessel function Y1.")
bessel_k0 = _bessel("k0", _k(0, scaled=False), "Returns the modified Bessel function K0.")
bessel_k1 = _bessel("k1", _k(1, scaled=False), "Returns the modified Bessel function K1.")
bessel_k0e = _bessel("k0e", _k(0, scaled=True), "Returns exp(x) K0(x).")
bessel_k1e = _bessel("k1e", _k(1, scaled=True), "Returns exp(x) K1(x).")
