"""Activations: functions of each element, and softmax along an axis."""

from __future__ import annotations

from typing import Any, Final

import jax
import jax.numpy as jnp
from jax import lax

from tenon.core.operations import FLOATS, REALS, operation

_SELU_SCALE: Final = 1.0507009873554805
_SELU_ALPHA: Final = 1.6732632423543772


def _relu(features: Any) -> Any:
    return jnp.where(features > 0, features, _zero_or_nan(features))


def _zero_or_nan(features: Any) -> Any:
    """What relu gives for all that is not positive: 0, and NaN stays NaN; without a gradient."""
    return lax.stop_gradient(jnp.minimum(jnp.maximum(features, 0), 0))


def _relu6(features: Any) -> Any:
    return jnp.where((features > 0) & (features < 6), features, lax.stop_gradient(jnp.clip(features, 0, 6)))


def _crelu(features: Any, axis: int) -> Any:
    return _relu(jnp.concatenate([features, -features], axis))


def _leaky_relu(features: Any, alpha: float) -> Any:
    floats = features if jnp.issubdtype(features.dtype, jnp.floating) else features.astype(jnp.float32)
    return jnp.where(floats > 0, floats, alpha * floats)


def _expm1_below_zero(features: Any) -> Any:
    return jnp.expm1(jnp.where(features < 0, features, 0))


def _elu(features: Any) -> Any:
    return jnp.where(features < 0, _expm1_below_zero(features), features)


def _selu(features: Any) -> Any:
    return _SELU_SCALE * jnp.where(features < 0, _SELU_ALPHA * _expm1_below_zero(features), features)


def _gelu(features: Any, approximate: bool) -> Any:
    return jax.nn.gelu(features, approximate=bool(approximate))


def _silu(features: Any, beta: Any) -> Any:
    return features * jax.nn.sigmoid(beta * features)


def _softsign(features: Any) -> Any:
    return features / (1 + jnp.abs(features))


def _softmax(logits: Any, axis: int | None) -> Any:
    return jax.nn.softmax(logits, -1 if axis is None else axis)


def _log_softmax(logits: Any, axis: int | None) -> Any:
    return jax.nn.log_softmax(logits, -1 if axis is None else axis)


relu = operation(
    "nn.relu", "features: T", _relu, "Returns max(features, 0), with gradient 0 at 0.", "[-1.0, 2.0]", types=REALS
)
relu6 = operation(
    "nn.relu6",
    "features: T",
    _relu6,
    "Returns min(max(features, 0), 6), with gradient 0 at 0 and at 6.",
    "[-1.0, 2.0, 7.0]",
    types=REALS,
)
crelu = operation(
    "nn.crelu",
    "features: T, axis=-1",
    _crelu,
    "Returns relu of the features and relu of their negatives, side by side along the axis.",
    "[-1.0, 2.0]",
    types=REALS,
)
leaky_relu = operation(
    "nn.leaky_relu",
    "features: T, alpha=0.2",
    _leaky_relu,
    "Returns features where they are positive, and alpha * features elsewhere; integers become float32.",
    "[-1.0, 2.0]",
    types=REALS,
)
elu = operation(
    "nn.elu",
    "features: T",
    _elu,
    "Returns exp(features) - 1 below zero, and features elsewhere.",
    "[-1.0, 2.0]",
    types=FLOATS,
)
selu = operation(
    "nn.selu",
    "features: T",
    _selu,
    "Returns the scaled exponential linear unit, which keeps mean 0 and variance 1.",
    "[-1.0, 2.0]",
    types=FLOATS,
)
gelu = operation(
    "nn.gelu",
    "features: T, approximate=False",
    _gelu,
    "Returns features times the normal distribution's function of them; approximate takes the one with tanh.",
    "[-1.0, 2.0]",
    types=FLOATS,
)
silu = operation(
    "nn.silu nn.swish",
    "features: T, beta: T = 1.0",
    _silu,
    "Returns features * sigmoid(beta * features).",
    "[-1.0, 2.0]",
    types=FLOATS,
)
softplus = operation(
    "math.softplus nn.softplus",
    "features: T",
    jax.nn.softplus,
    "Returns log(exp(features) + 1), exact for large features.",
    "[-1.0, 2.0]",
    types=FLOATS,
)
softsign = operation(
    "nn.softsign math.softsign",
    "features: T",
    _softsign,
    "Returns features / (1 + abs(features)).",
    "[-1.0, 2.0]",
    types=FLOATS,
)
softmax = operation(
    "nn.softmax math.softmax",
    "logits: T, axis=None",
    _softmax,
    "Returns exp(logits) over its sum along the axis, the last one by default.",
    "[[1.0, 2.0, 3.0]]",
    types=FLOATS,
)
log_softmax = operation(
    "nn.log_softmax math.log_softmax",
    "logits: T, axis=None",
    _log_softmax,
    "Returns the logarithm of softmax along the axis, the last one by default.",
    "[[1.0, 2.0, 3.0]]",
    types=FLOATS,
)
