"""The gradient of max and min pooling: first which element each window selected, then what each element receives.

XLA:CPU finds and adds one window's element after the other. Elements whose places leave the same rest by the stride
lie in the same windows, so that each such *phase* of the result is a sum of shifted gradients, nothing is looked up.
Milliseconds of the processor, plain, by this rule and TensorFlow's: 2x2 windows two apart of 64x32x32x32 43, 2.0 and
14; 3x3 two apart of 8x112x112x64 210, 25 and 65; 3x3 one apart of 32x28x28x64 124, 4 and 56.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import Primitive

from tenon.xla.lowering._rule import LoweringRule
from tenon.xla.lowering.pooling._selection import selected
from tenon.xla.lowering.pooling._tangent import MAX_TAPS, NEVER_PREFERRED
from tenon.xla.lowering.pooling._window import Along, is_plain_pooling, padded, places_of, taps, windows

MAX_PHASES = 64
"""Products of strides up to which the result is written out."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    operand = operands[1]
    if not is_plain_pooling(operand, parameters):
        return False
    window = windows(operand.shape, parameters)
    return 1 < prod(along.size for along in window) <= MAX_TAPS and prod(along.stride for along in window) <= MAX_PHASES


def _compute(source: jax.Array, operand: jax.Array, *, select_prim: Primitive, **parameters: Any) -> jax.Array:
    window = windows(operand.shape, parameters)
    seen = taps(padded(operand, NEVER_PREFERRED[select_prim], parameters), window)
    numbers = [jnp.full(source.shape, number, jnp.int8) for number in range(len(seen))]
    # Without the barrier the selection would be computed anew for every element that receives.
    winners = lax.optimization_barrier(selected(zip(seen, numbers, strict=True), select_prim))
    given = _Given(window, _within_reach(winners, -1, window), _within_reach(source, 0, window))
    return _cut(_assembled(given, ()), window, operand, parameters["padding"])


@dataclass(frozen=True)
class _Given:
    """What windows give to the elements under them: ``gradients`` to those whose numbers are ``winners``."""

    window: Sequence[Along]
    winners: jax.Array
    gradients: jax.Array


def _phase_length(along: Along) -> int:
    return -(-along.length // along.stride)


def _reach(along: Along) -> int:
    """Return how many windows before the one that starts in its phase an element may lie in."""
    return (along.size - 1) // along.stride


def _within_reach(given: jax.Array, value: int, window: Sequence[Along]) -> jax.Array:
    """Return what windows have, with windows around them that have nothing, so that every element finds all."""
    pads = [(0, 0, 0)] * given.ndim
    for along in window:
        pads[along.dimension] = (_reach(along), _phase_length(along) - along.positions, 0)
    return lax.pad(given, jnp.asarray(value, given.dtype), pads)


def _assembled(given: _Given, rests: tuple[int, ...]) -> jax.Array:
    """Return what the elements receive whose places leave ``rests`` in the first dimensions of the window."""
    if len(rests) == len(given.window):
        return _received(given, rests)
    along = given.window[len(rests)]
    phases = [_assembled(given, (*rests, rest)) for rest in range(along.stride)]
    return lax.collapse(jnp.stack(phases, along.dimension + 1), along.dimension, along.dimension + 2)


def _received(given: _Given, rests: tuple[int, ...]) -> jax.Array:
    """Return the sum of what windows give to one phase, in the order of the windows."""
    terms = [
        jnp.where(_met(given.winners, given, places) == number, _met(given.gradients, given, places), 0)
        for number, places in enumerate(places_of(given.window))
        if all(place % along.stride == rest for place, along, rest in zip(places, given.window, rests, strict=True))
    ]
    return reduce(lax.add, reversed(terms)) if terms else jnp.zeros_like(_met(given.gradients, given, rests))


def _met(values: jax.Array, given: _Given, places: Sequence[int]) -> jax.Array:
    """Return what the windows have in which a phase's elements stand in some place."""
    for along, place in zip(given.window, places, strict=True):
        start = _reach(along) - min(place // along.stride, _reach(along))
        values = lax.slice_in_dim(values, start, start + _phase_length(along), axis=along.dimension)
    return values


def _cut(
    given: jax.Array, window: Sequence[Along], operand: jax.Array, padding: Sequence[tuple[int, int]]
) -> jax.Array:
    for along in window:
        start, length = padding[along.dimension][0], operand.shape[along.dimension]
        given = lax.slice_in_dim(given, start, start + length, axis=along.dimension)
    return given


MAX_POOL_GRADIENT = LoweringRule("max_pool_gradient", lax.select_and_scatter_add_p, _applies, _compute)
