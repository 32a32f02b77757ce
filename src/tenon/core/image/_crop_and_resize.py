"""Parts of images, all brought to one size."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from tenon.base import InvalidArgumentError
from tenon.core.operations import REALS, operation


def _crop_and_resize(
    image: Any, boxes: Any, box_indices: Any, crop_size: Any, method: str, extrapolation_value: float
) -> Any:
    _check(image, boxes, box_indices, crop_size, method)
    pick = {"bilinear": _bilinear, "nearest": _nearest}[method]

    def cropped(box: Any, index: Any) -> Any:
        rows = _places(box[0], box[2], crop_size[0], image.shape[1])
        columns = _places(box[1], box[3], crop_size[1], image.shape[2])
        found = pick(image[index].astype(jnp.float32), rows, columns)
        inside = _within(rows, image.shape[1])[:, None] & _within(columns, image.shape[2])[None, :]
        return jnp.where(inside[..., None], found, jnp.float32(extrapolation_value))

    return jax.vmap(cropped)(boxes, box_indices)


def _check(image: Any, boxes: Any, box_indices: Any, crop_size: Any, method: str) -> None:
    if image.ndim != 4 or boxes.ndim != 2 or boxes.shape[1] != 4 or box_indices.shape != boxes.shape[:1]:
        raise InvalidArgumentError(
            "image, boxes, box_indices: must be [batch, height, width, channels], [boxes, 4] and [boxes]; received "
            f"{list(image.shape)}, {list(boxes.shape)} and {list(box_indices.shape)}."
        )
    if not isinstance(crop_size, list | tuple) or len(crop_size) != 2 or min(crop_size) <= 0:
        raise InvalidArgumentError(f"crop_size: must be two positive sizes; received {crop_size}.")
    if method not in ("bilinear", "nearest"):
        raise InvalidArgumentError(f"method: must be 'bilinear' or 'nearest'; received {method!r}.")


def _places(begin: Any, end: Any, count: int, length: int) -> Any:
    """Return where the new pixels lie between two fractions of a direction, in old pixels."""
    if count == 1:
        return (0.5 * (begin + end) * (length - 1))[None]
    step = (end - begin) * (length - 1) / (count - 1)
    return begin * (length - 1) + jnp.arange(count, dtype=begin.dtype) * step


def _within(places: Any, length: int) -> Any:
    return (places >= 0) & (places <= length - 1)


def _nearest(image: Any, rows: Any, columns: Any) -> Any:
    # a half goes away from zero, as in C
    return image[_index(jnp.floor(rows + 0.5), image.shape[0])][:, _index(jnp.floor(columns + 0.5), image.shape[1])]


def _index(places: Any, length: int) -> Any:
    return jnp.clip(places.astype(jnp.int32), 0, length - 1)


def _bilinear(image: Any, rows: Any, columns: Any) -> Any:
    above, left = jnp.floor(rows), jnp.floor(columns)
    down, right = (rows - above)[:, None, None], (columns - left)[None, :, None]
    upper, lower = image[_index(above, image.shape[0])], image[_index(jnp.ceil(rows), image.shape[0])]
    between = upper + (lower - upper) * down
    begins, ends = (between[:, _index(edge, image.shape[1])] for edge in (left, jnp.ceil(columns)))
    return begins + (ends - begins) * right


crop_and_resize = operation(
    "image.crop_and_resize",
    "image: T, boxes: float32, box_indices: int32, crop_size, method='bilinear', extrapolation_value=0.0",
    _crop_and_resize,
    "Returns the boxes [top, left, bottom, right] of images, fractions of their sizes, resized to crop_size.",
    "[[[[1.0], [2.0]], [[3.0], [5.0]]]], [[0.1, 0.25, 0.9, 0.8]], [0], [2, 3]",
    types=REALS,
)
