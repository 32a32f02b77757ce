"""Fake quantization: rounding to the numbers that a few bits can tell apart, with gradients as if nothing happened."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from tenon.core.operations._table import operation


def _nudged(low: Any, high: Any, num_bits: int, narrow_range: bool) -> tuple[Any, Any, Any]:
    """Move a range so that 0 is one of its steps.

    Returns:
        The new ends and the size of a step.
    """
    first, last = (1 if narrow_range else 0), 2**num_bits - 1
    steps = jax.lax.optimization_barrier(jnp.full_like(low, last - first))  # else XLA multiplies by 1 / steps
    step = (high - low) / steps
    zero = first - low / step
    place = jnp.where(zero < first, first, jnp.where(zero > last, last, jnp.floor(zero + 0.5)))
    return (first - place) * step, (last - place) * step, step


def _clamped_steps(inputs: Any, low: Any, high: Any, step: Any) -> Any:
    inside = jnp.clip(inputs, low, high) - low
    return jnp.floor(inside / step + 0.5) * step + low


@jax.custom_jvp
def _fake(inputs: Any, low: Any, high: Any, nudged_low: Any, nudged_high: Any, step: Any) -> Any:
    return jnp.where((low == 0) & (high == 0), 0, _clamped_steps(inputs, nudged_low, nudged_high, step))


@_fake.defjvp
def _fake_jvp(values: Any, tangents: Any) -> Any:
    """Give the gradient to the input inside the range, and to the end that it was moved to outside."""
    inputs, low, high, nudged_low, nudged_high, _ = values
    moved, moved_low, moved_high, *_ = tangents
    none = (low == 0) & (high == 0)
    below = jnp.where(inputs < nudged_low, moved_low, moved)
    return _fake(*values), jnp.where(none, moved, jnp.where(inputs > nudged_high, moved_high, below))


def _fake_quantized(inputs: Any, low: Any, high: Any, num_bits: int, narrow_range: bool) -> Any:
    if not 2 <= num_bits <= 16:
        raise ValueError(f"num_bits: must be between 2 and 16, inclusive; received {num_bits}.")
    ends = jax.lax.stop_gradient((low, jnp.where(low == high, low + 1, high)))
    return _fake(inputs, low, high, *_nudged(*ends, num_bits, narrow_range))


def _with_arguments(inputs: Any, min: float, max: float, num_bits: int, narrow_range: bool) -> Any:
    low, high = jnp.asarray(min, inputs.dtype), jnp.asarray(max, inputs.dtype)
    return _fake_quantized(inputs, low, high, num_bits, narrow_range)


fake_quant_with_min_max_args = operation(
    "quantization.fake_quant_with_min_max_args",
    "inputs: float32, min=-6, max=6, num_bits=8, narrow_range=False",
    _with_arguments,
    "Returns the inputs, rounded to what ``num_bits`` bits can tell apart between two numbers.",
    "[-10.0, -0.5, 0.3, 7.0]",
)
fake_quant_with_min_max_vars = operation(
    "quantization.fake_quant_with_min_max_vars",
    "inputs: float32, min: float32, max: float32, num_bits=8, narrow_range=False",
    _fake_quantized,
    "Returns the inputs, rounded to what ``num_bits`` bits can tell apart between two tensors of one number.",
    "[-10.0, -0.5, 0.3, 7.0], -6.0, 6.0",
)
fake_quant_with_min_max_vars_per_channel = operation(
    "quantization.fake_quant_with_min_max_vars_per_channel",
    "inputs: float32, min: float32, max: float32, num_bits=8, narrow_range=False",
    _fake_quantized,
    "Returns the inputs, rounded to what ``num_bits`` bits can tell apart, with bounds for each of the last dimension.",
    "[[-10.0, -0.5], [0.3, 7.0]], [-6.0, -1.0], [6.0, 3.0]",
)
