"""Complex numbers and their parts."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from tenon.core.operations._table import operation
from tenon.core.operations._types import NUMBERS

_EXAMPLE = "[1 + 2j, 3 - 4j]"


def _imag(x: Any) -> Any:
    return jnp.imag(x) if x.dtype.kind == "c" else jnp.zeros_like(x)


def _angle(x: Any) -> Any:
    if x.dtype.kind == "c":
        return jnp.arctan2(jnp.imag(x), jnp.real(x))
    return jnp.where(x < 0, jnp.asarray(jnp.pi, x.dtype), jnp.zeros((), x.dtype))


complex_ = operation(
    "dtypes.complex complex",
    "real: T, imag: T",
    jax.lax.complex,
    "Returns real + imag * 1j.",
    "[1.0, 2.0], [3.0, 4.0]",
    types=frozenset({"float32", "float64"}),
)
real = operation("math.real", "input: T", jnp.real, "Returns the real part.", _EXAMPLE, types=NUMBERS)
imag = operation("math.imag", "input: T", _imag, "Returns the imaginary part.", _EXAMPLE, types=NUMBERS)
conj = operation("math.conj", "x: T", jnp.conj, "Returns the complex conjugate.", _EXAMPLE, types=NUMBERS)
angle = operation(
    "math.angle", "input: T", _angle, "Returns the angle in the complex plane, in radians.", _EXAMPLE, types=NUMBERS
)
