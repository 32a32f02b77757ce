"""Colour spaces: grey, hue-saturation-value, YIQ and YUV."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core.image._dtypes import in_floats
from tenon.core.operations import FLOATS, NUMERIC, REALS, operation

_GREY = ((0.2989,), (0.5870,), (0.1140,))
"""Weights of ITU-R BT.601, as TensorFlow rounds them."""
_TO_YIQ = (
    (0.299, 0.59590059, 0.2115),
    (0.587, -0.27455667, -0.52273617),
    (0.114, -0.32134392, 0.31119955),
)
_FROM_YIQ = (
    (1.0, 1.0, 1.0),
    (0.95598634, -0.27201283, -1.10674021),
    (0.6208248, -0.64720424, 1.70423049),
)
_TO_YUV = (
    (0.299, -0.14714119, 0.61497538),
    (0.587, -0.28886916, -0.51496512),
    (0.114, 0.43601035, -0.10001026),
)
_FROM_YUV = (
    (1.0, 1.0, 1.0),
    (0.0, -0.394642334, 2.03206185),
    (1.13988303, -0.58062185, 0.0),
)


def with_channels(image: Any, count: int) -> Any:
    """Return an image, if its last dimension has ``count`` channels.

    Raises:
        InvalidArgumentError: it has not.
    """
    if not image.ndim or image.shape[-1] != count:
        raise InvalidArgumentError(
            f"images: the last dimension must have {count} channels; received the shape {list(image.shape)}."
        )
    return image


def _mixed(weights: Any) -> Callable[[Any], Any]:
    """Return the function that gives each colour new channels, by a matrix of old to new ones."""

    def mixed(images: Any) -> Any:
        with_channels(images, 3)
        return lax.dot_general(
            images,
            np.asarray(weights, images.dtype),
            (((images.ndim - 1,), (0,)), ((), ())),
            precision=lax.Precision.HIGHEST,
        )

    return mixed


def hue_and_range(image: Any) -> tuple[Any, Any, Any]:
    """Return the hue from 0 to 1 of RGB colours, and the smallest and the largest of the three."""
    red, green, blue = jnp.moveaxis(with_channels(image, 3), -1, 0)
    low, high = jnp.minimum(jnp.minimum(red, green), blue), jnp.maximum(jnp.maximum(red, green), blue)
    coloured = high > low
    norm = 1 / (6 * jnp.where(coloured, high - low, 1))
    hue = jnp.where(
        red == high,
        norm * (green - blue),
        jnp.where(green == high, norm * (blue - red) + 2 / 6, norm * (red - green) + 4 / 6),
    )
    hue = jnp.where(coloured, hue, 0)
    return jnp.where(hue < 0, hue + 1, hue), low, high


def fractions_of_hue(hue: Any) -> Any:
    """Return how much of red, green and blue a pure colour of this hue has."""
    angle = hue * 6
    red = jnp.clip(jnp.abs(angle - 3) - 1, 0, 1)
    green = jnp.clip(2 - jnp.abs(angle - 2), 0, 1)
    blue = jnp.clip(2 - jnp.abs(angle - 4), 0, 1)
    return jnp.stack([red, green, blue], -1)


def to_hsv(images: Any) -> Any:
    """Return hue, saturation and value of RGB images, each from 0 to 1."""
    hue, low, high = hue_and_range(images)
    saturation = jnp.where(high > 0, (high - low) / jnp.where(high > 0, high, 1), 0)
    return jnp.stack([hue, saturation, high], -1)


def from_hsv(images: Any) -> Any:
    """Return RGB images of hue, saturation and value."""
    hue, saturation, value = jnp.moveaxis(with_channels(images, 3), -1, 0)
    saturation, value = saturation[..., None], value[..., None]
    return ((1 - saturation) + saturation * fractions_of_hue(hue)) * value


rgb_to_grayscale = operation(
    "image.rgb_to_grayscale",
    "images: T",
    in_floats(_mixed(_GREY), saturate=False),
    "Returns the luma of RGB images, in one channel.",
    "[[[0.25, 0.5, 1.0]]]",
    types=REALS,
)
grayscale_to_rgb = operation(
    "image.grayscale_to_rgb",
    "images: T",
    lambda images: jnp.repeat(with_channels(images, 1), 3, -1),
    "Returns images with their one channel three times.",
    "[[[0.5], [1.0]]]",
    types=NUMERIC,
)
rgb_to_hsv = operation(
    "image.rgb_to_hsv",
    "images: T",
    to_hsv,
    "Returns hue, saturation and value of RGB images, all from 0 to 1.",
    "[[[0.25, 0.5, 1.0]]]",
    types=FLOATS,
)
hsv_to_rgb = operation(
    "image.hsv_to_rgb",
    "images: T",
    from_hsv,
    "Returns RGB images of hue, saturation and value, all from 0 to 1.",
    "[[[0.2, 0.5, 0.75]]]",
    types=FLOATS,
)
rgb_to_yiq = operation(
    "image.rgb_to_yiq",
    "images: T",
    _mixed(_TO_YIQ),
    "Returns RGB images in the YIQ colour space.",
    "[[[0.25, 0.5, 1.0]]]",
    types=FLOATS,
)
yiq_to_rgb = operation(
    "image.yiq_to_rgb",
    "images: T",
    _mixed(_FROM_YIQ),
    "Returns YIQ images in RGB.",
    "[[[0.5, 0.1, -0.2]]]",
    types=FLOATS,
)
rgb_to_yuv = operation(
    "image.rgb_to_yuv",
    "images: T",
    _mixed(_TO_YUV),
    "Returns RGB images in the YUV colour space.",
    "[[[0.25, 0.5, 1.0]]]",
    types=FLOATS,
)
yuv_to_rgb = operation(
    "image.yuv_to_rgb",
    "images: T",
    _mixed(_FROM_YUV),
    "Returns YUV images in RGB.",
    "[[[0.5, 0.1, -0.2]]]",
    types=FLOATS,
)
