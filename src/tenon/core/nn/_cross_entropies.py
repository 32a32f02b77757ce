"""Cross-entropies of logits, with gradients that stay exact where softmax and sigmoid saturate."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from tenon.base import InvalidArgumentError
from tenon.core.operations import FLOATS, on_host, operation

_NARROW = ("float16", "bfloat16")


def _widened(logits: Any) -> Any:
    return logits.astype(jnp.float32) if logits.dtype.name in _NARROW else logits


@jax.custom_jvp
def _cross_entropy(labels: Any, logits: Any) -> Any:
    return -jnp.sum(jnp.where(labels == 0, 0, labels * jax.nn.log_softmax(logits)), -1)


@_cross_entropy.defjvp
def _cross_entropy_jvp(primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[Any, Any]:
    """As TensorFlow: the gradient of the logits is softmax - labels, whatever the labels sum to."""
    labels, logits = primals
    by_logits = (jax.nn.softmax(logits) - labels) * tangents[1]
    by_labels = -jax.nn.log_softmax(logits) * tangents[0]
    return _cross_entropy(labels, logits), jnp.sum(by_logits + by_labels, -1)


def _softmax_cross_entropy(labels: Any, logits: Any, axis: int) -> Any:
    wide = jnp.moveaxis(_widened(logits), axis, -1)
    expected = jnp.moveaxis(labels.astype(wide.dtype), axis, -1)
    return _cross_entropy(*jnp.broadcast_arrays(expected, wide)).astype(logits.dtype)


def _sparse_softmax_cross_entropy(labels: Any, logits: Any) -> Any:
    if labels.ndim != logits.ndim - 1 or labels.shape != logits.shape[:-1]:
        raise InvalidArgumentError(
            f"labels: must have the shape of logits without their last dimension, {list(logits.shape[:-1])}; received "
            f"{list(labels.shape)}. For labels that are distributions use tf.nn.softmax_cross_entropy_with_logits."
        )
    classes = logits.shape[-1]
    expected = jax.nn.one_hot(labels, classes, dtype=_widened(logits).dtype)
    known = jnp.where((labels >= 0) & (labels < classes), 0, jnp.nan).astype(expected.dtype)
    return _cross_entropy(expected + known[..., None], _widened(logits)).astype(logits.dtype)


def _check_labels(labels: Any, logits: Any) -> None:
    known = on_host(labels)
    if known is None or not logits.ndim:
        return
    classes = logits.shape[-1]
    strangers = known[(known < 0) | (known >= classes)]
    if strangers.size:
        raise InvalidArgumentError(
            f"labels: Received a label value of {strangers[0]} which is outside the valid range of [0, {classes}). "
            f"Label values: {' '.join(map(str, known.ravel()[:20]))}"
        )


def _both(labels: Any, logits: Any) -> None:
    if labels is None or logits is None:
        raise InvalidArgumentError(f"labels, logits: both are needed; received {labels} and {logits}.")
    if labels.shape != logits.shape:
        raise InvalidArgumentError(
            f"`logits` and `labels` must have the same shape, received ({list(logits.shape)} vs {list(labels.shape)})."
        )


def _log1p_of_exp_of_minus_abs(x: Any) -> Any:
    return jnp.log1p(jnp.exp(jnp.where(x >= 0, -x, x)))


def _sigmoid_cross_entropy(labels: Any, logits: Any) -> Any:
    _both(labels, logits)
    return jnp.where(logits >= 0, logits, 0) - logits * labels + _log1p_of_exp_of_minus_abs(logits)


def _weighted_cross_entropy(labels: Any, logits: Any, pos_weight: Any) -> Any:
    _both(labels, logits)
    weight = 1 + (pos_weight - 1) * labels
    return (1 - labels) * logits + weight * (_log1p_of_exp_of_minus_abs(logits) + jnp.where(logits < 0, -logits, 0))


softmax_cross_entropy_with_logits = operation(
    "nn.softmax_cross_entropy_with_logits",
    "labels: any, logits: T, axis=-1",
    _softmax_cross_entropy,
    "Returns the cross-entropy of each distribution in labels and the softmax of the logits along the axis.",
    "[[0.0, 1.0], [0.25, 0.75]], [[1.0, 2.0], [3.0, 1.0]]",
    types=FLOATS,
)
sparse_softmax_cross_entropy_with_logits = operation(
    "nn.sparse_softmax_cross_entropy_with_logits",
    "labels: index, logits: T",
    _sparse_softmax_cross_entropy,
    "Returns minus the logarithm of softmax at each label; in a traced function, NaN for a label that is no class.",
    "[1, 0], [[1.0, 2.0], [3.0, 1.0]]",
    types=FLOATS,
    check=_check_labels,
)
sigmoid_cross_entropy_with_logits = operation(
    "nn.sigmoid_cross_entropy_with_logits",
    "labels: T = None, logits: T = None",
    _sigmoid_cross_entropy,
    "Returns the cross-entropy of each label, a probability, and the sigmoid of its logit.",
    "labels=[0.0, 1.0], logits=[-1.5, 2.0]",
    types=FLOATS,
)
weighted_cross_entropy_with_logits = operation(
    "nn.weighted_cross_entropy_with_logits",
    "labels: T, logits: T, pos_weight: T",
    _weighted_cross_entropy,
    "Returns the cross-entropy of labels and sigmoid(logits), in which positive labels weigh pos_weight.",
    "[0.0, 1.0], [-1.5, 2.0], 3.0",
    types=FLOATS,
)
