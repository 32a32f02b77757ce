"""Losses beside the cross-entropies, and their sums over batches and replicas."""

from __future__ import annotations

from math import log, pi
from typing import Any

import jax.numpy as jnp

from tenon.base import InvalidArgumentError
from tenon.core.operations import FLOATS, REALS, operation


def _log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool) -> Any:
    if targets.shape != log_input.shape:
        raise InvalidArgumentError(
            f"log_input and targets must have the same shape, received ({log_input.shape} vs {targets.shape})."
        )
    loss = jnp.exp(log_input) - log_input * targets
    return loss + _stirling(targets) if compute_full_loss else loss


def _stirling(targets: Any) -> Any:
    """Stirling's formula for log(targets!), which TensorFlow takes as 0 up to 1."""
    small = (targets >= 0) & (targets <= 1)
    known = jnp.where(small, 1, targets)
    return jnp.where(small, 0, known * jnp.log(known) - known + 0.5 * (log(2 * pi) + jnp.log(known)))


def _average_loss(per_example_loss: Any, sample_weight: Any, global_batch_size: Any) -> Any:
    if per_example_loss.ndim == 0:
        raise InvalidArgumentError("per_example_loss: must have one loss for each example; received a scalar.")
    size = jnp.asarray(per_example_loss.shape[0]) if global_batch_size is None else global_batch_size
    if size.ndim or not jnp.issubdtype(size.dtype, jnp.integer):
        raise InvalidArgumentError(
            f"global_batch_size: must be one integer; received {size.dtype} of shape {list(size.shape)}."
        )
    losses = per_example_loss if jnp.issubdtype(per_example_loss.dtype, jnp.floating) else per_example_loss.astype("f4")
    total = jnp.sum(losses if sample_weight is None else _weighted(losses, sample_weight))
    return jnp.where(size == 0, 0, total / jnp.maximum(size, 1).astype(total.dtype))


def _weighted(losses: Any, weights: Any) -> Any:
    """Give weights of each example the dimensions that its losses have more, or take away one of size 1."""
    if weights.ndim == losses.ndim + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    if weights.ndim and weights.ndim < losses.ndim:
        weights = weights.reshape(*weights.shape, *[1] * (losses.ndim - weights.ndim))
    return losses * weights.astype(losses.dtype)


l2_loss = operation(
    "nn.l2_loss",
    "t: T",
    lambda t: jnp.sum(jnp.square(t)) / 2,
    "Returns half of the sum of the squares.",
    "[1.0, -2.0]",
    types=FLOATS,
)
log_poisson_loss = operation(
    "nn.log_poisson_loss",
    "targets: T, log_input: T, compute_full_loss=False",
    _log_poisson_loss,
    "Returns minus the log-likelihood of counts whose logarithm of the mean is log_input; the constant if it is full.",
    "[1.5, 3.0], [0.5, 1.0]",
    types=FLOATS,
)
compute_average_loss = operation(
    "nn.compute_average_loss",
    "per_example_loss: T, sample_weight: any = None, global_batch_size: any = None",
    _average_loss,
    "Returns the sum of the weighted losses over the size of the whole batch, which is this batch by default.",
    "[1.0, 3.0], None, 4",
    types=REALS,
)
scale_regularization_loss = operation(
    "nn.scale_regularization_loss",
    "regularization_loss: T",
    lambda losses: jnp.sum(losses, dtype=losses.dtype),
    "Returns the sum of the losses over the number of replicas, which is one.",
    "[1.0, 3.0]",
    types=REALS,
)
