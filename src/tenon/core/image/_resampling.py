"""How much every old pixel gives to every new one, along one direction, by method.

Each method is a function of the old and the new length that returns a matrix ``[new, old]``. They follow TensorFlow's
kernels with half-pixel centres, down to computing places in 32 bits, which decides ties.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import jax.numpy as jnp
import numpy as np
from jax import lax

_FEW: Final = 4
"""Up to this many old pixels for each new one they are gathered; more are a matrix product."""

_TABLE: Final = 1 << 10
"""Steps in which TensorFlow tabulates the cubic kernel."""

Weights = Callable[[int, int], np.ndarray]


def _centres(old: int, new: int) -> np.ndarray:
    """Return where the middles of the new pixels lie, in old pixels."""
    scale = np.float32(old) / np.float32(new)
    return np.asarray((np.arange(new, dtype=np.float32) + np.float32(0.5)) * scale)


def _placed(places: np.ndarray, values: np.ndarray, old: int) -> np.ndarray:
    """Return the matrix that has each value at its old pixel; those that meet are added."""
    matrix = np.zeros((len(places), old), np.float32)
    np.add.at(matrix, (np.arange(len(places))[:, None], places), values)
    return matrix


def nearest_places(old: int, new: int) -> np.ndarray:
    """Return the old pixel in which the middle of each new one lies."""
    return np.asarray(np.minimum(np.floor(_centres(old, new)), old - 1), np.int64)


def _bilinear(old: int, new: int) -> np.ndarray:
    place = _centres(old, new) - np.float32(0.5)
    below = np.floor(place)
    places = np.stack([np.maximum(below, 0), np.minimum(np.ceil(place), old - 1)], 1).astype(np.int64)
    return _placed(places, np.stack([1 - (place - below), place - below], 1), old)


def _bicubic(old: int, new: int) -> np.ndarray:
    place = _centres(old, new) - np.float32(0.5)
    below = np.floor(place)
    step = np.rint((place - below) * np.float32(_TABLE)) / np.float32(_TABLE)
    places = below[:, None].astype(np.int64) + np.arange(-1, 3)
    weights = _keys_cubic(np.abs(step[:, None] - np.arange(-1, 3, dtype=np.float32)))
    return _normalized(_placed(np.clip(places, 0, old - 1), np.where((places >= 0) & (places < old), weights, 0), old))


def _area(old: int, new: int) -> np.ndarray:
    scale = np.float32(old) / np.float32(new)
    begins = np.arange(new, dtype=np.float32)[:, None] * scale
    pixels = np.arange(old + 1, dtype=np.float32)
    covered = np.minimum(begins + scale, pixels + 1) - np.maximum(begins, pixels)
    matrix = np.maximum(covered, 0) / scale
    return np.concatenate([matrix[:, : old - 1], matrix[:, old - 1 :].sum(1, keepdims=True)], 1).astype(np.float32)


def _normalized(matrix: np.ndarray) -> np.ndarray:
    total = matrix.sum(1, keepdims=True)
    return np.asarray(matrix / np.where(np.abs(total) >= 1000 * np.finfo(np.float32).tiny, total, 1), np.float32)


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.maximum(1 - x, 0))


def _lanczos(radius: int, x: np.ndarray) -> np.ndarray:
    angle = np.pi * np.where(x > 1e-3, x, 1)
    return np.where(x > radius, 0, np.where(x > 1e-3, radius * np.sin(angle) * np.sin(angle / radius) / angle**2, 1))


def _gaussian(x: np.ndarray) -> np.ndarray:
    return np.where(x < 1.5, np.exp(-2 * x * x), 0)


def _keys_cubic(x: np.ndarray) -> np.ndarray:
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x >= 2, 0, np.where(x >= 1, far, ((1.5 * x - 2.5) * x) * x + 1))


def _mitchell_cubic(x: np.ndarray) -> np.ndarray:
    far = ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    return np.where(x >= 2, 0, np.where(x >= 1, far, ((7 / 6 * x - 2) * x) * x + 8 / 9))


_KERNELS: Final[Mapping[str, tuple[Callable[[np.ndarray], np.ndarray], float]]] = {
    "bilinear": (_triangle, 1.0),
    "bicubic": (_keys_cubic, 2.0),
    "mitchellcubic": (_mitchell_cubic, 2.0),
    "gaussian": (_gaussian, 1.5),
    "lanczos3": (partial(_lanczos, 3), 3.0),
    "lanczos5": (partial(_lanczos, 5), 5.0),
}
"""Kernels of a distance from the middle, and their radius."""

_WITHOUT_ANTIALIAS: Final[Mapping[str, Weights]] = {"bilinear": _bilinear, "bicubic": _bicubic, "area": _area}


def _sampled(
    kernel: Callable[[np.ndarray], np.ndarray], radius: float, antialias: bool, old: int, new: int
) -> np.ndarray:
    """Weigh old pixels by a kernel around each new one, which antialiasing makes wider where the image shrinks."""
    shrinking = np.float32(old) / np.float32(new)
    width = max(shrinking, np.float32(1)) if antialias else np.float32(1)
    middle = _centres(old, new)[:, None]
    pixels = np.arange(old, dtype=np.float32)
    begins, ends = np.ceil(middle - radius * width - 0.5), np.floor(middle + radius * width - 0.5)
    inside = (pixels >= np.clip(begins, 0, old - 1)) & (pixels <= np.clip(ends, 0, old - 1))
    return _normalized(np.where(inside, kernel(np.abs(pixels + np.float32(0.5) - middle) / width), 0))


def weights_of(method: str, antialias: bool) -> Weights:
    """Return the function of old and new length that gives a method's matrix.

    Raises:
        KeyError: there is no such method, or it has no matrix.
    """
    if method in _WITHOUT_ANTIALIAS and (method == "area" or not antialias):
        return _WITHOUT_ANTIALIAS[method]
    return partial(_sampled, *_KERNELS[method], antialias)


def resampled(values: Any, matrix: np.ndarray, axis: int) -> Any:
    """Return the values with a dimension resampled by a matrix ``[new, old]``."""
    if np.array_equal(matrix, np.eye(len(matrix), matrix.shape[1])):
        return values
    used = np.abs(matrix) > 0
    count = int(used.sum(1).max(initial=0))
    if count > _FEW:
        product = lax.dot_general(
            values, matrix.astype(values.dtype), (((axis,), (1,)), ((), ())), precision=lax.Precision.HIGHEST
        )
        return jnp.moveaxis(product, -1, axis)
    order = np.argsort(~used, axis=1, kind="stable")[:, :count]
    weights = np.take_along_axis(matrix, order, 1).astype(values.dtype)
    shape = [-1 if dimension == axis else 1 for dimension in range(values.ndim)]
    parts = [jnp.take(values, order[:, k], axis) * weights[:, k].reshape(shape) for k in range(count)]
    return sum(parts[1:], parts[0])
