"""Images turned and mirrored."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from tenon.base import InvalidArgumentError
from tenon.core.operations import operation


def checked(image: Any) -> Any:
    """Return an image or a batch of images.

    Raises:
        InvalidArgumentError: it has not 3 or 4 dimensions.
    """
    if image.ndim not in (3, 4):
        raise InvalidArgumentError(
            "image: must be [height, width, channels], or a batch of those; received the shape "
            f"{list(image.shape)}. 'image' (shape {tuple(image.shape)}) must be at least three-dimensional."
        )
    return image


def _rot90(image: Any, k: int) -> Any:
    return jnp.rot90(checked(image), k, axes=(image.ndim - 3, image.ndim - 2))


flip_left_right = operation(
    "image.flip_left_right",
    "image: any",
    lambda image: jnp.flip(checked(image), -2),
    "Returns images mirrored left to right.",
    "[[[1.0], [2.0]], [[3.0], [4.0]]]",
)
flip_up_down = operation(
    "image.flip_up_down",
    "image: any",
    lambda image: jnp.flip(checked(image), -3),
    "Returns images mirrored upside down.",
    "[[[1.0], [2.0]], [[3.0], [4.0]]]",
)
rot90 = operation(
    "image.rot90",
    "image: any, k=1",
    _rot90,
    "Returns images turned counter-clockwise by k quarter turns.",
    "[[[1.0], [2.0]], [[3.0], [4.0]]]",
)
transpose = operation(
    "image.transpose",
    "image: any",
    lambda image: jnp.swapaxes(checked(image), -3, -2),
    "Returns images with rows and columns exchanged.",
    "[[[1.0], [2.0]], [[3.0], [4.0]]]",
)
