"""Where images change: differences of neighbours, and Sobel's edges."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from tenon.base import InvalidArgumentError
from tenon.core.operations import FLOATS, NUMBERS, operation


def _batch(image: Any) -> Any:
    if image.ndim != 4:
        raise InvalidArgumentError(
            f"image: must be [batch, height, width, channels]; received the shape {list(image.shape)}."
        )
    return image


def _gradients(image: Any) -> tuple[Any, Any]:
    down = jnp.pad(jnp.diff(_batch(image), axis=1), [(0, 0), (0, 1), (0, 0), (0, 0)])
    right = jnp.pad(jnp.diff(image, axis=2), [(0, 0), (0, 0), (0, 1), (0, 0)])
    return down, right


def _sobel(image: Any) -> Any:
    padded = jnp.pad(_batch(image), [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")
    smooth_rows = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    smooth_columns = padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]
    down = smooth_columns[:, 2:] - smooth_columns[:, :-2]
    right = smooth_rows[:, :, 2:] - smooth_rows[:, :, :-2]
    return jnp.stack([down, right], -1)


image_gradients = operation(
    "image.image_gradients",
    "image: T",
    _gradients,
    "Returns the differences to the pixel below and to the one at the right, 0 at the border.",
    "[[[[1.0], [2.5]], [[3.0], [5.0]]]]",
    types=NUMBERS,
    result=lambda down, right: (down, right),
)
sobel_edges = operation(
    "image.sobel_edges",
    "image: T",
    _sobel,
    "Returns Sobel's differences downwards and to the right, in a new last dimension.",
    "[[[[1.0], [2.5]], [[3.0], [5.0]]]]",
    types=FLOATS,
)
