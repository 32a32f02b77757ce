"""Boxes: the best that do not overlap, and their outlines. A box is [top, left, bottom, right]."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core.operations import operation
from tenon.core.recording import kernel, run
from tenon.core.tensors import is_symbol

_PALETTE = (
    (1, 1, 0, 1),
    (0, 0, 1, 1),
    (1, 0, 0, 1),
    (0, 1, 0, 1),
    (0.5, 0, 0.5, 1),
    (0.5, 0.5, 0, 1),
    (0.5, 0, 0, 1),
    (0, 0, 0.5, 1),
    (0, 1, 1, 1),
    (1, 0, 1, 1),
)
"""TensorFlow's colours of boxes, red, green, blue and opacity."""


def _overlap_with(boxes: Any, index: Any) -> Any:
    """Return intersection over union of each box and one of them; 0 where a box has no area."""
    top, left = jnp.minimum(boxes[:, 0], boxes[:, 2]), jnp.minimum(boxes[:, 1], boxes[:, 3])
    bottom, right = jnp.maximum(boxes[:, 0], boxes[:, 2]), jnp.maximum(boxes[:, 1], boxes[:, 3])
    area = (bottom - top) * (right - left)
    height = jnp.minimum(bottom, bottom[index]) - jnp.maximum(top, top[index])
    width = jnp.minimum(right, right[index]) - jnp.maximum(left, left[index])
    shared = jnp.maximum(height, 0) * jnp.maximum(width, 0)
    real = (area > 0) & (area[index] > 0)
    return jnp.where(real, shared / jnp.where(real, area + area[index] - shared, 1), 0)


def _suppressed(
    boxes: Any, scores: Any, iou_threshold: Any, score_threshold: Any, sigma: Any, count: int, overlaps: bool = False
) -> tuple[Any, Any, Any]:
    """Return indices and scores of up to ``count`` boxes, the best first, and how many there are."""
    soft = sigma > 0

    def chosen(place: int, state: tuple[Any, Any, Any, Any, Any]) -> tuple[Any, Any, Any, Any, Any]:
        left, open_, indices, kept, total = state
        best = jax.lax.argmax(jnp.where(open_, left, -jnp.inf), 0, np.int32)
        found = jnp.any(open_)
        overlap = boxes[:, best] if overlaps else _overlap_with(boxes, best)
        # scores that decay with overlap have no threshold for it, as in TensorFlow
        decay = jnp.where(soft, jnp.exp(-0.5 * overlap**2 / jnp.where(soft, sigma, 1)), 1)
        indices = indices.at[place].set(jnp.where(found, best, 0).astype(jnp.int32))
        kept = kept.at[place].set(jnp.where(found, left[best], 0))
        left = left * decay.astype(left.dtype)
        open_ = open_ & (soft | (overlap <= iou_threshold)) & (left > score_threshold)
        return left, open_.at[best].set(False), indices, kept, total + found

    if not count or scores.shape[0] == 0:
        return jnp.zeros(0, jnp.int32), jnp.zeros(0, scores.dtype), jnp.zeros((), jnp.int32)
    state = (scores, scores > score_threshold, jnp.zeros(count, jnp.int32), jnp.zeros(count, scores.dtype), 0)
    _, _, indices, kept, total = lax.fori_loop(0, count, chosen, state)
    return indices, kept, jnp.asarray(total, jnp.int32)


def _check(boxes: Any, scores: Any, max_output_size: int) -> None:
    if boxes.ndim != 2 or boxes.shape[1] != 4 or scores.shape != boxes.shape[:1] or max_output_size < 0:
        raise InvalidArgumentError(
            "boxes, scores: must be [boxes, 4] and [boxes], for a max_output_size that is not negative; received "
            f"{list(boxes.shape)}, {list(scores.shape)} and {max_output_size}."
        )


def _cut(total: Any, *values: Any) -> list[Any]:
    """Return the first ``total`` of each of the values.

    Raises:
        InvalidArgumentError: a function is being traced, which needs shapes that no value decides.
    """
    if isinstance(total, jax.core.Tracer):
        raise InvalidArgumentError(
            "non_max_suppression: how many boxes it returns depends on their values, and XLA compiles for fixed "
            "shapes; use tf.image.non_max_suppression_padded with pad_to_max_output_size=True, or call it outside of "
            "the function."
        )
    return [run(kernel(_first, count=int(total)), [value]) for value in values]


def _first(values: Any, count: int) -> Any:
    return values[:count]


def _non_max_suppression(
    boxes: Any, scores: Any, iou_threshold: Any, score_threshold: Any, max_output_size: int
) -> Any:
    _check(boxes, scores, max_output_size)
    inputs = [boxes, scores, iou_threshold, score_threshold, np.zeros((), np.float32)]
    indices, _, total = run(kernel(_suppressed, count=min(max_output_size, scores.shape[0])), inputs)
    return _cut(total, indices)[0]


def _with_scores(
    boxes: Any, scores: Any, iou_threshold: Any, score_threshold: Any, soft_nms_sigma: Any, max_output_size: int
) -> list[Any]:
    _check(boxes, scores, max_output_size)
    inputs = [boxes, scores, iou_threshold, score_threshold, soft_nms_sigma]
    indices, kept, total = run(kernel(_suppressed, count=min(max_output_size, scores.shape[0])), inputs)
    return _cut(total, indices, kept)


def _with_overlaps(
    overlaps: Any, scores: Any, overlap_threshold: Any, score_threshold: Any, max_output_size: int
) -> Any:
    if overlaps.ndim != 2 or overlaps.shape != scores.shape * 2:
        raise InvalidArgumentError(
            f"overlaps: must be [boxes, boxes] for {list(scores.shape)} scores; received {list(overlaps.shape)}."
        )
    inputs = [overlaps, scores, overlap_threshold, score_threshold, np.zeros((), np.float32)]
    indices, _, total = run(kernel(_suppressed, count=min(max_output_size, scores.shape[0]), overlaps=True), inputs)
    return _cut(total, indices)[0]


def _padded(
    boxes: Any,
    scores: Any,
    iou_threshold: Any,
    score_threshold: Any,
    max_output_size: int,
    pad_to_max_output_size: bool,
    **hints: Any,
) -> list[Any]:
    del hints  # in TensorFlow they save time and change nothing
    if boxes.ndim != 2 and not pad_to_max_output_size:
        raise InvalidArgumentError(
            "pad_to_max_output_size: must be True for batches of boxes, whose results have one shape; received "
            f"{pad_to_max_output_size} for boxes of {list(boxes.shape)}."
        )
    inputs = [boxes, scores, iou_threshold, score_threshold]
    indices, total = run(kernel(_padded_batch, count=max_output_size), inputs)
    return [indices, total] if pad_to_max_output_size else [*_cut(total, indices), total]


def _padded_batch(boxes: Any, scores: Any, iou_threshold: Any, score_threshold: Any, count: int) -> tuple[Any, Any]:
    def padded(boxes: Any, scores: Any) -> tuple[Any, Any]:
        most = count if is_symbol(scores.shape[0]) else min(count, scores.shape[0])
        indices, _, total = _suppressed(boxes, scores, iou_threshold, score_threshold, np.zeros((), np.float32), most)
        return jnp.pad(indices, (0, count - len(indices))), total

    for _ in range(boxes.ndim - 2):
        padded = jax.vmap(padded)
    return padded(boxes, scores)


def _drawn(images: Any, boxes: Any, colors: Any) -> Any:
    if images.ndim != 4 or boxes.ndim != 3 or boxes.shape[2] != 4 or boxes.shape[0] != images.shape[0]:
        raise InvalidArgumentError(
            "images, boxes: must be [batch, height, width, channels] and [batch, boxes, 4]; received "
            f"{list(images.shape)} and {list(boxes.shape)}."
        )
    palette = jnp.asarray(_palette(images.shape[3], colors), images.dtype)[:, : images.shape[3]]

    def draw(image: Any, item: tuple[Any, Any]) -> tuple[Any, None]:
        box, number = item
        return jnp.where(_outline(box, *image.shape[:2])[..., None], palette[number % len(palette)], image), None

    def all_drawn(image: Any, boxes: Any) -> Any:
        return lax.scan(draw, image, (boxes, jnp.arange(boxes.shape[0])))[0]

    return jax.vmap(all_drawn)(images, boxes)


def _palette(channels: int, colors: Any) -> Any:
    if colors is None:
        return _PALETTE if channels > 1 else ((1,),)
    if colors.ndim != 2 or not colors.shape[0] or colors.shape[1] < channels:
        raise InvalidArgumentError(
            f"colors: must be [colors, channels], with the {channels} channels of the images; received "
            f"{list(colors.shape)}."
        )
    return colors


def _outline(box: Any, height: int, width: int) -> Any:
    """Return which pixels the outline of a box has; none where it is inside out."""
    top, bottom = [jnp.trunc(edge * (height - 1)) for edge in (box[0], box[2])]
    left, right = [jnp.trunc(edge * (width - 1)) for edge in (box[1], box[3])]
    row, column = jnp.arange(height)[:, None], jnp.arange(width)[None, :]
    within = (row >= top) & (row <= bottom) & (column >= left) & (column <= right)
    edge = (row == top) | (row == bottom) | (column == left) | (column == right)
    return within & edge


_SUPPRESSIBLE = frozenset({"float16", "float32"})

non_max_suppression = operation(
    "image.non_max_suppression",
    "boxes: T, scores: T, max_output_size, iou_threshold: any = 0.5, score_threshold: any = -1e999",
    _non_max_suppression,
    "Returns the indices of the best boxes, of which none overlaps a better one by more than iou_threshold.",
    "[[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.0], [0.0, 2.0, 1.0, 3.0]], [0.5, 0.9, 0.7], 3",
    types=_SUPPRESSIBLE,
    differentiable=False,
    composed=True,
)
non_max_suppression_with_scores = operation(
    "image.non_max_suppression_with_scores",
    "boxes: T, scores: T, max_output_size, iou_threshold: any = 0.5, score_threshold: any = -1e999, "
    "soft_nms_sigma: any = 0.0",
    _with_scores,
    "Returns the indices of the best boxes and their scores, which decay with overlap if soft_nms_sigma is positive.",
    "[[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.0], [0.0, 2.0, 1.0, 3.0]], [0.5, 0.9, 0.7], 3, 1.0, 0.1, 0.5",
    types=_SUPPRESSIBLE,
    differentiable=False,
    result=lambda indices, scores: (indices, scores),
    composed=True,
)
non_max_suppression_overlaps = operation(
    "image.non_max_suppression_overlaps",
    "overlaps: T, scores: T, max_output_size, overlap_threshold: any = 0.5, score_threshold: any = -1e999",
    _with_overlaps,
    "Returns the indices of the best, of which none has an overlap of more than overlap_threshold with a better one.",
    "[[1.0, 0.6], [0.6, 1.0]], [0.5, 0.9], 2",
    types=frozenset({"float32"}),
    differentiable=False,
    composed=True,
)
non_max_suppression_padded = operation(
    "image.non_max_suppression_padded",
    "boxes: T, scores: T, max_output_size, iou_threshold: any = 0.5, score_threshold: any = -1e999, "
    "pad_to_max_output_size=False, name=None, sorted_input=False, canonicalized_coordinates=False, tile_size=512",
    _padded,
    "Returns the indices of the best boxes, followed by zeros, and how many are real.",
    "[[0.0, 0.0, 1.0, 1.0], [0.0, 0.1, 1.0, 1.0], [0.0, 2.0, 1.0, 3.0]], [0.5, 0.9, 0.7], 3, 0.5, 0.0, True",
    types=_SUPPRESSIBLE,
    differentiable=False,
    result=lambda indices, count: (indices, count),
    composed=True,
)
draw_bounding_boxes = operation(
    "image.draw_bounding_boxes",
    "images: T, boxes: float32, colors: any = None",
    _drawn,
    "Returns images with the outlines of boxes drawn in, the colors taken in turn.",
    "np.zeros((1, 4, 5, 3), np.float32), [[[0.0, 0.25, 0.7, 1.0]]], [[1.0, 0.0, 0.0]]",
    types=frozenset({"float16", "float32"}),
    differentiable=False,
)
