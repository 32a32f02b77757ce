"""How alike two images are: PSNR, SSIM and SSIM over scales; and how much one image varies."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core.image._dtypes import converted
from tenon.core.image._flips import checked
from tenon.core.operations import NUMBERS, REALS, operation
from tenon.core.tensors import is_symbol

_FLOAT32 = np.dtype(np.float32)


def _same_form(first: Any, second: Any) -> None:
    if first.ndim < 3 or first.shape[-3:] != second.shape[-3:]:
        raise InvalidArgumentError(
            "images: must have the same height, width and channels; received "
            f"{list(first.shape)} and {list(second.shape)}."
        )


def _in_float32(*values: Any) -> list[Any]:
    """Return the values on the scale from 0 to 1, if they are integers."""
    return [converted(value, _FLOAT32) for value in values]


def _psnr(a: Any, b: Any, max_val: Any) -> Any:
    _same_form(a, b)
    (largest,) = _in_float32(max_val.astype(a.dtype))
    # the difference of integers is taken before they are scaled, so that equal images differ by 0
    difference = (a.astype(_FLOAT32) - b.astype(_FLOAT32)) * converted(jnp.ones((), a.dtype), _FLOAT32)
    error = jnp.mean(jnp.square(difference), (-3, -2, -1))
    return 20 * jnp.log(largest) / np.log(np.float32(10)) - np.float32(10 / np.log(10)) * jnp.log(error)


def _gaussian(size: int, sigma: float) -> np.ndarray:
    weights = np.exp(-0.5 * (np.arange(size) - (size - 1) / 2) ** 2 / sigma**2)
    return np.asarray(weights / weights.sum(), np.float32)


def _blurred(images: Any, weights: np.ndarray) -> Any:
    """Return the weighted mean of every window that lies in the image, channel by channel."""
    flat = images.reshape(-1, *images.shape[-3:])
    for shape in ((len(weights), 1), (1, len(weights))):
        window = jnp.tile(jnp.asarray(weights).reshape(*shape, 1, 1), images.shape[-1])
        flat = lax.conv_general_dilated(
            flat,
            window,
            (1, 1),
            "VALID",
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            feature_group_count=images.shape[-1],
            precision=lax.Precision.HIGHEST,
        )
    return flat.reshape(*images.shape[:-3], *flat.shape[1:])


def _ssim_maps(x: Any, y: Any, largest: Any, size: int, sigma: float, k1: float, k2: float) -> tuple[Any, Any]:
    """Return similarity, and its part of contrast and structure alone, of each window and channel."""
    if any(not is_symbol(length) and length < size for length in x.shape[-3:-1]):
        raise InvalidArgumentError(
            f"filter_size: images must be at least as large as the filter, {size}; received {list(x.shape)}."
        )
    weights = _gaussian(size, sigma)
    mean_x, mean_y = _blurred(x, weights), _blurred(y, weights)
    product, squares = 2 * mean_x * mean_y, jnp.square(mean_x) + jnp.square(mean_y)
    steady = jnp.square(k1 * largest), jnp.square(k2 * largest)
    covariance = 2 * _blurred(x * y, weights) - product
    variances = _blurred(jnp.square(x) + jnp.square(y), weights) - squares
    structure = (covariance + steady[1]) / (variances + steady[1])
    return (product + steady[0]) / (squares + steady[0]) * structure, structure


def _ssim(
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: int,
    filter_sigma: float,
    k1: float,
    k2: float,
    return_index_map: bool,
) -> Any:
    _same_form(img1, img2)
    largest, x, y = _in_float32(max_val.astype(img1.dtype), img1, img2)
    similarity, _ = _ssim_maps(x, y, largest, filter_size, filter_sigma, k1, k2)
    return jnp.mean(similarity, -1 if return_index_map else (-3, -2, -1))


def _ssim_multiscale(
    img1: Any, img2: Any, max_val: Any, power_factors: Any, filter_size: int, filter_sigma: float, k1: float, k2: float
) -> Any:
    _same_form(img1, img2)
    largest, x, y = _in_float32(max_val.astype(img1.dtype), img1, img2)
    result = jnp.ones((), x.dtype)
    for scale, power in enumerate(power_factors):
        x, y = (x, y) if scale == 0 else (_halved(x), _halved(y))
        similarity, structure = _ssim_maps(x, y, largest, filter_size, filter_sigma, k1, k2)
        last = scale == len(power_factors) - 1
        mean = jnp.mean(similarity if last else structure, (-3, -2))
        result = result * jnp.maximum(mean, 0) ** power
    return jnp.mean(result, -1)


def _halved(images: Any) -> Any:
    """Return the mean of each 2 by 2 pixels; an odd row or column is doubled first."""
    height, width = images.shape[-3:-1]
    pads = [*[(0, 0)] * (images.ndim - 3), (0, height % 2), (0, width % 2), (0, 0)]
    even = jnp.pad(images, pads, mode="symmetric")
    blocks = even.reshape(*images.shape[:-3], (height + 1) // 2, 2, (width + 1) // 2, 2, images.shape[-1])
    return jnp.mean(blocks, (-4, -2))


def _total_variation(images: Any) -> Any:
    down = jnp.abs(checked(images)[..., 1:, :, :] - images[..., :-1, :, :])
    right = jnp.abs(images[..., :, 1:, :] - images[..., :, :-1, :])
    return (jnp.sum(down, (-3, -2, -1)) + jnp.sum(right, (-3, -2, -1))).astype(images.dtype)


psnr = operation(
    "image.psnr",
    "a: T, b: T, max_val: any",
    _psnr,
    "Returns the peak signal-to-noise ratio of two images in decibels.",
    "[[[0.25], [0.5]]], [[[0.5], [0.75]]], 1.0",
    types=REALS,
)
ssim = operation(
    "image.ssim",
    "img1: T, img2: T, max_val: any, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, return_index_map=False",
    _ssim,
    "Returns the structural similarity of two images, or of each of their windows.",
    "[[[0.25], [0.5]], [[0.75], [1.0]]], [[[0.5], [0.5]], [[0.75], [0.25]]], 1.0, 2",
    types=REALS,
)
ssim_multiscale = operation(
    "image.ssim_multiscale",
    "img1: T, img2: T, max_val: any, power_factors=(0.0448, 0.2856, 0.3001, 0.2363, 0.1333), filter_size=11, "
    "filter_sigma=1.5, k1=0.01, k2=0.03",
    _ssim_multiscale,
    "Returns the structural similarity of two images over scales, each half of the one before.",
    "[[[0.25], [0.5]], [[0.75], [1.0]]], [[[0.5], [0.5]], [[0.75], [0.5]]], 1.0, (0.5, 0.5), 1",
    types=REALS,
)
total_variation = operation(
    "image.total_variation",
    "images: T",
    _total_variation,
    "Returns the sum of the absolute differences of neighbouring pixels of each image.",
    "[[[1.0], [2.5]], [[3.0], [5.0]]]",
    types=NUMBERS,
)
