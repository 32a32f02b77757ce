"""The kernel's gradient of a grouped convolution is computed group by group.

XLA:CPU has only a plain loop for what JAX writes, a convolution with ``batch_group_count``: 335 ms for 16x16x64 in
eight groups with a 3x3 kernel and 16 images (TensorFlow 2.2); group by group it is matrix products: 2.5 ms. Many groups
are a loop: 9.2 ms for 14x14x512 in 64 groups and 8 images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import LoweringRule, are_numbers
from tenon.xla.lowering.convolutions._convolution import described, is_weight_gradient

MAX_GROUPS = 4
"""Groups up to which all are written out: compile time grows with them."""

TURN_GROUPS = 2
"""Groups of a turn of the loop over more: as fast as all written out, and compiled in a third of the time."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    return (
        is_weight_gradient(given)
        and given.groups == 1
        and given.batch_groups > 1
        and are_numbers((given.batch, given.filters))
    )


def _compute(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    groups, specs = parameters["batch_group_count"], parameters["dimension_numbers"]
    parts = _parts(given, specs.lhs_spec[0], groups), _parts(kernel, specs.rhs_spec[0], groups)
    alone = partial(lax.conv_general_dilated_p.bind, **{**parameters, "batch_group_count": 1})
    results = _of_each(alone, parts, groups) if groups <= MAX_GROUPS else _in_turns(alone, parts, groups)
    axis = specs.out_spec[1]
    return lax.collapse(jnp.moveaxis(results, 0, axis), axis, axis + 2)


def _of_each(alone: Callable[..., jax.Array], parts: Sequence[jax.Array], groups: int) -> jax.Array:
    """Return the gradients of all groups, a dimension of them in front."""
    return jnp.stack([alone(*(part[group] for part in parts)) for group in range(groups)])


def _in_turns(alone: Callable[..., jax.Array], parts: Sequence[jax.Array], groups: int) -> jax.Array:
    """Return the same from a loop whose turns compute a few groups."""
    size = TURN_GROUPS if groups % TURN_GROUPS == 0 else 1
    turns = [part.reshape(groups // size, size, *part.shape[1:]) for part in parts]
    return lax.collapse(lax.map(lambda turn: _of_each(alone, turn, size), turns), 0, 2)


def _parts(array: jax.Array, axis: int, number: int) -> jax.Array:
    """Return equal parts of a dimension, as a dimension in front."""
    before, size, after = array.shape[:axis], array.shape[axis], array.shape[axis + 1 :]
    return jnp.moveaxis(array.reshape(*before, number, size // number, *after), axis, 0)


GROUPED_WEIGHT_GRADIENT = LoweringRule("grouped_weight_gradient", lax.conv_general_dilated_p, _applies, _compute)
