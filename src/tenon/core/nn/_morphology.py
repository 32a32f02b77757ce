"""Morphology: the largest sum, or the smallest difference, of an image and a filter at every window."""

from __future__ import annotations

from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core.nn._windows import Windows, windows
from tenon.core.operations import FLOATS, operation


def _dilation2d(images: Any, filters: Any, strides: Any, padding: Any, data_format: str, dilations: Any) -> Any:
    if data_format != "NHWC" or images.ndim != 4 or filters.ndim != 3 or images.shape[-1] != filters.shape[-1]:
        raise InvalidArgumentError(
            "filters: must be [height, width, channels] with the channels of an input in the format 'NHWC'; received "
            f"{list(filters.shape)} for {list(images.shape)} in {data_format!r}."
        )
    placed = windows(filters.shape[:2], images.shape[1:3], strides, padding, dilations, False)
    sums = _sums(images, filters, placed)
    first = jax.lax.argmax(sums, 0, np.int32)
    return jnp.take_along_axis(sums, first[None], 0)[0]


def _sums(images: Any, filters: Any, placed: Windows) -> Any:
    """Return image plus filter for each element of the windows; padding is lower than all."""
    padded = lax.pad(images, np.asarray(-np.inf, images.dtype), [(0, 0, 0), *[(*p, 0) for p in placed.pads], (0, 0, 0)])
    rows, columns = placed.counts(images.shape[1:3])
    (down, right), (below, beside) = placed.strides, placed.dilations
    return jnp.stack(
        [
            padded[:, i * below :: down, j * beside :: right][:, :rows, :columns] + filters[i, j]
            for i, j in product(*map(range, placed.sizes))
        ]
    )


def _erosion2d(images: Any, filters: Any, strides: Any, padding: Any, data_format: str, dilations: Any) -> Any:
    return -_dilation2d(-images, filters[::-1, ::-1], strides, padding, data_format, dilations)


dilation2d = operation(
    "nn.dilation2d",
    "input: T, filters: T, strides, padding, data_format, dilations",
    _dilation2d,
    "Returns the largest sum of the pixels of each window and the filter.",
    "[[[[1.0], [2.5]], [[3.0], [5.0]]]], [[[0.5], [0.0]]], [1, 1, 1, 1], 'SAME', 'NHWC', [1, 1, 1, 1]",
    types=FLOATS,
)
erosion2d = operation(
    "nn.erosion2d",
    "value: T, filters: T, strides, padding, data_format, dilations",
    _erosion2d,
    "Returns the smallest difference of the pixels of each window and the mirrored filter.",
    "[[[[1.0], [2.5]], [[3.0], [5.0]]]], [[[0.5], [0.0]]], [1, 1, 1, 1], 'SAME', 'NHWC', [1, 1, 1, 1]",
    types=FLOATS,
)
