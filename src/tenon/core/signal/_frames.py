"""Signals cut into frames that overlap, and frames added up to a signal."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations import NUMBERS, NUMERIC, operation
from tenon.core.tensors import is_symbol


def _at_least_0(size: Any) -> Any:
    """Return a size, 0 instead of a negative one; a symbol of ``jax.export`` is left as it is."""
    return size if is_symbol(size) else max(0, size)


def _frame(signal: Any, pad_value: Any, frame_length: int, frame_step: int, pad_end: bool, axis: int) -> Any:
    if min(frame_length, frame_step) < 1 or not signal.ndim:
        raise InvalidArgumentError(
            "frame_length, frame_step: must be positive, for a signal of at least one dimension; received "
            f"{frame_length} and {frame_step} for the shape {list(signal.shape)}."
        )
    last = jnp.moveaxis(signal, axis, -1)
    length = last.shape[-1]
    count = -(-length // frame_step) if pad_end else _at_least_0(1 + (length - frame_length) // frame_step)
    missing = _at_least_0((count - 1) * frame_step + frame_length - length) if pad_end else 0
    pads = [(0, 0)] * (last.ndim - 1) + [(0, missing)]
    padded = jnp.pad(last, pads, constant_values=pad_value.astype(signal.dtype))
    frames = padded[..., jnp.arange(count)[:, None] * frame_step + np.arange(frame_length)]
    place = axis % signal.ndim
    return jnp.moveaxis(frames, (-2, -1), (place, place + 1))


def _overlap_and_add(frames: Any, frame_step: int) -> Any:
    """Cut each frame into steps, and set the k-th step of every frame k steps later: then steps stand under steps."""
    if frames.ndim < 2 or frame_step < 1:
        raise InvalidArgumentError(
            "signal, frame_step: must have at least 2 dimensions, and a positive step; received the shape "
            f"{list(frames.shape)} and {frame_step}."
        )
    *outer, count, length = frames.shape
    steps = -(-length // frame_step)
    cut = jnp.pad(frames, [(0, 0)] * len(outer) + [(0, steps), (0, steps * frame_step - length)])
    cut = cut.reshape(*outer, count + steps, steps, frame_step)
    moved = jnp.swapaxes(cut, -3, -2).reshape(*outer, (count + steps) * steps, frame_step)
    rows = moved[..., : (count + steps - 1) * steps, :].reshape(*outer, steps, count + steps - 1, frame_step)
    total = jnp.sum(rows, -3, dtype=frames.dtype).reshape(*outer, -1)
    return total[..., : _at_least_0((count - 1) * frame_step + length)]


frame = operation(
    "signal.frame",
    "signal: T, frame_length, frame_step, pad_end=False, pad_value: any = 0, axis=-1",
    _frame,
    "Returns the frames of a dimension, [..., frames, frame_length, ...], each frame_step after the one before.",
    "[1.0, 2.0, 3.0, 4.0, 5.0], 3, 2",
    types=NUMERIC,
)
overlap_and_add = operation(
    "signal.overlap_and_add",
    "signal: T, frame_step",
    _overlap_and_add,
    "Returns the signal of frames [..., frames, frame_length], each frame_step after the one before, added up.",
    "[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 2",
    types=NUMBERS,
)
