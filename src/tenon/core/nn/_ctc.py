"""Connectionist temporal classification: how likely a sequence of frames spells a sequence of labels.

The labels are written with blanks between them. The likelihood of all alignments of frames to a prefix of that is
carried from frame to frame, in logarithms; gradients are those of the carrying.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core.operations import operation

_IMPOSSIBLE = -1e30
"""The logarithm of a likelihood of 0: finite, so that gradients stay numbers."""


def _ctc_loss(
    labels: Any,
    logits: Any,
    label_length: Any,
    logit_length: Any,
    logits_time_major: bool,
    unique: Any,
    blank_index: Any,
) -> Any:
    del unique  # in TensorFlow it saves time on a TPU and changes nothing
    frames = logits if logits_time_major else jnp.swapaxes(logits, 0, 1)
    _check(labels, frames, label_length, logit_length)
    blank = (blank_index or 0) % frames.shape[2]
    scores = jnp.maximum(jax.nn.log_softmax(frames), _IMPOSSIBLE)
    symbols = _with_blanks(labels, blank)
    likelihood = _carried(jnp.take_along_axis(scores, symbols[None], 2), _may_skip(symbols, blank), logit_length)
    loss = -_at_the_end(likelihood, label_length)
    return jnp.where(loss > -_IMPOSSIBLE / 2, jnp.inf, loss)


def _check(labels: Any, frames: Any, label_length: Any, logit_length: Any) -> None:
    if labels.ndim != 2 or frames.ndim != 3 or labels.shape[:1] != frames.shape[1:2]:
        raise InvalidArgumentError(
            "labels, logits: must be [batch, labels] and [frames, batch, classes] (or, not time major, "
            f"[batch, frames, classes]); received {list(labels.shape)} and, time major, {list(frames.shape)}."
        )
    if label_length.shape != logit_length.shape or label_length.shape != labels.shape[:1]:
        raise InvalidArgumentError(
            f"label_length, logit_length: must be one number for each of {labels.shape[0]} sequences; received "
            f"{list(label_length.shape)} and {list(logit_length.shape)}."
        )


def _with_blanks(labels: Any, blank: int) -> Any:
    batch, count = labels.shape
    return jnp.full((batch, 2 * count + 1), blank, labels.dtype).at[:, 1::2].set(labels)


def _may_skip(symbols: Any, blank: int) -> Any:
    """Tell at which symbols the blank before them may be left out: at labels that differ from the label before."""
    before = jnp.pad(symbols[:, :-2], [(0, 0), (2, 0)], constant_values=blank)
    return (symbols != blank) & (symbols != before)


def _carried(scores: Any, may_skip: Any, logit_length: Any) -> Any:
    """Return the log-likelihood of ending at each symbol, after the last frame of each sequence."""
    start = jnp.full(scores.shape[1:], _IMPOSSIBLE, scores.dtype).at[:, 0].set(0.0)

    def after(carried: tuple[Any, Any], score: Any) -> tuple[Any, None]:
        now, frame = carried
        moved = [_shifted(now, 1), jnp.where(may_skip, _shifted(now, 2), _IMPOSSIBLE)]
        come = jax.nn.logsumexp(jnp.stack([now, *moved]), 0)
        # before the first frame nothing was spelled: only the first two symbols can come then
        first = jnp.where(jnp.arange(score.shape[1]) < 2, 0.0, _IMPOSSIBLE).astype(score.dtype)
        then = jnp.maximum(jnp.where(frame == 0, first, come) + score, _IMPOSSIBLE)
        return (jnp.where((frame < logit_length)[:, None], then, now), frame + 1), None

    (likelihood, _), _ = lax.scan(after, (start, jnp.zeros((), logit_length.dtype)), scores)
    return likelihood


def _shifted(values: Any, count: int) -> Any:
    return jnp.pad(values, [(0, 0), (count, 0)], constant_values=_IMPOSSIBLE)[:, : values.shape[1]]


def _at_the_end(likelihood: Any, label_length: Any) -> Any:
    """Sequences end at their last label or at the blank after it."""
    last = jnp.take_along_axis(likelihood, 2 * label_length[:, None], 1)[:, 0]
    label = jnp.take_along_axis(likelihood, jnp.maximum(2 * label_length - 1, 0)[:, None], 1)[:, 0]
    return jnp.logaddexp(last, jnp.where(label_length > 0, label, _IMPOSSIBLE))


ctc_loss = operation(
    "nn.ctc_loss",
    "labels: index, logits: T, label_length: index, logit_length: index, logits_time_major=True, unique=None, "
    "blank_index=None",
    _ctc_loss,
    "Returns minus the log-likelihood that the frames spell the labels; the blank is class 0 by default.",
    "[[1, 2]], [[[0.5, 1.0, 0.0]], [[0.5, 0.0, 2.0]], [[1.5, 0.0, 1.0]]], [2], [3]",
    types=frozenset({"float32", "float64"}),
)
