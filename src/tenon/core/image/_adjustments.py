"""Brightness, contrast, gamma, hue and saturation; and images of mean 0 and variance 1."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.image._colours import fractions_of_hue, from_hsv, hue_and_range, to_hsv
from tenon.core.image._dtypes import in_floats
from tenon.core.operations import REALS, operation


def _brightness(image: Any, delta: Any) -> Any:
    return image + delta.astype(image.dtype)


def _contrast(images: Any, contrast_factor: Any) -> Any:
    if images.ndim < 3:
        raise InvalidArgumentError(f"images: must have at least 3 dimensions; received {list(images.shape)}.")
    mean = jnp.mean(images, (-3, -2), keepdims=True)
    return (images - mean) * contrast_factor.astype(images.dtype) + mean


def _gamma(image: Any, gamma: Any, gain: Any) -> Any:
    return gain.astype(image.dtype) * image ** gamma.astype(image.dtype)


def _check_gamma(_image: Any, gamma: Any, _gain: Any) -> None:
    if np.asarray(gamma) < 0:
        raise InvalidArgumentError(f"gamma: should be a non-negative real number; received {gamma}.")


def _hue(image: Any, delta: Any) -> Any:
    """Turn the hue; the smallest and the largest number of each colour stay, whatever their range."""
    hue, low, high = hue_and_range(image)
    turned = jnp.mod(hue + delta.astype(image.dtype), 1)
    return low[..., None] + fractions_of_hue(turned) * (high - low)[..., None]


def _check_hue(_image: Any, delta: Any) -> None:
    if not -1 <= np.asarray(delta) <= 1:
        raise InvalidArgumentError(f"delta: must be in the interval [-1, 1]; received {delta}.")


def _saturation(image: Any, saturation_factor: Any) -> Any:
    hue, saturation, value = jnp.moveaxis(to_hsv(image), -1, 0)
    saturation = jnp.clip(saturation * saturation_factor.astype(image.dtype), 0, 1)
    return from_hsv(jnp.stack([hue, saturation, value], -1))


def _standardized(image: Any) -> Any:
    if image.ndim < 3:
        raise InvalidArgumentError(f"image: must have at least 3 dimensions; received {list(image.shape)}.")
    image = image if jnp.issubdtype(image.dtype, jnp.floating) else image.astype(jnp.float32)
    count = image.shape[-1] * image.shape[-2] * image.shape[-3]
    mean = jnp.mean(image, (-3, -2, -1), keepdims=True)
    variance = jnp.mean(jnp.square(image - mean), (-3, -2, -1), keepdims=True)
    return (image - mean) / jnp.sqrt(jnp.maximum(variance, 1 / count))


adjust_brightness = operation(
    "image.adjust_brightness",
    "image: T, delta: any",
    in_floats(_brightness),
    "Returns images with delta added to every number, on the scale from 0 to 1.",
    "[[[0.25, 0.5, 1.0]]], 0.1",
    types=REALS,
)
adjust_contrast = operation(
    "image.adjust_contrast",
    "images: T, contrast_factor: any",
    in_floats(_contrast),
    "Returns (x - mean) * contrast_factor + mean, with the mean of each channel of each image.",
    "[[[0.25, 0.5, 1.0]], [[0.5, 0.0, 0.75]]], 2.0",
    types=REALS,
)
adjust_gamma = operation(
    "image.adjust_gamma",
    "image: T, gamma: any = 1, gain: any = 1",
    in_floats(_gamma),
    "Returns gain * image ** gamma, on the scale from 0 to 1.",
    "[[[0.25, 0.5, 1.0]]], 0.5",
    types=REALS,
    check=_check_gamma,
)
adjust_hue = operation(
    "image.adjust_hue",
    "image: T, delta: any",
    in_floats(_hue, saturate=False),
    "Returns RGB images with their hue turned by delta turns.",
    "[[[0.25, 0.5, 1.0]]], 0.1",
    types=REALS,
    check=_check_hue,
)
adjust_saturation = operation(
    "image.adjust_saturation",
    "image: T, saturation_factor: any",
    in_floats(_saturation, saturate=False),
    "Returns RGB images with their saturation multiplied, and cut to the range from 0 to 1.",
    "[[[0.25, 0.5, 1.0]]], 0.5",
    types=REALS,
)
per_image_standardization = operation(
    "image.per_image_standardization",
    "image: T",
    _standardized,
    "Returns images of mean 0 and variance 1; the deviation is taken as at least 1 / sqrt(elements).",
    "[[[0.25, 0.5, 1.0]]]",
    types=REALS,
)
