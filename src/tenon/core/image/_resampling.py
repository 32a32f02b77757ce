"""How much every old pixel gives to every new one, along one direction, by method.

Each method is a function of the old and the new length that returns a matrix ``[new, old]``. They follow TensorFlow's
kernels with half-pixel centres, down to computing places in 32 bits, which decides ties. NumPy computes them once, when
a function is traced; JAX does where the old length is a symbol, known only when the program runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import ModuleType
from typing import Any, Final

import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.core.tensors import is_symbol

_FEW: Final = 4
"""Up to this many old pixels for each new one they are gathered; more are a matrix product."""

_TABLE: Final = 1 << 10
"""Steps in which TensorFlow tabulates the cubic kernel."""

_TINY: Final = 1000 * float(np.finfo(np.float32).tiny)

Weights = Callable[[Any, int], Any]


def _module(old: Any) -> ModuleType:
    return jnp if is_symbol(old) else np


def _scale(old: Any, new: int) -> Any:
    xp = _module(old)
    return xp.asarray(old).astype(np.float32) / np.float32(new)


def _centres(old: Any, new: int) -> Any:
    """Return where the middles of the new pixels lie, in old pixels."""
    return (np.arange(new, dtype=np.float32) + np.float32(0.5)) * _scale(old, new)


def _placed(places: Any, values: Any, old: Any) -> Any:
    """Return the matrix that has each value at its old pixel; those that meet are added."""
    xp = _module(old)
    return sum([xp.where(xp.arange(old) == places[:, [k]], values[:, [k]], 0) for k in range(places.shape[1])])


def nearest_places(old: Any, new: int) -> Any:
    """Return the old pixel in which the middle of each new one lies."""
    xp = _module(old)
    return xp.minimum(xp.floor(_centres(old, new)), old - 1).astype(np.int32)


def _bilinear(old: Any, new: int) -> Any:
    xp = _module(old)
    place = _centres(old, new) - np.float32(0.5)
    below = xp.floor(place)
    places = xp.stack([xp.maximum(below, 0), xp.minimum(xp.ceil(place), old - 1)], 1)
    return _placed(places, xp.stack([1 - (place - below), place - below], 1), old)


def _bicubic(old: Any, new: int) -> Any:
    xp = _module(old)
    place = _centres(old, new) - np.float32(0.5)
    below = xp.floor(place)
    step = xp.rint((place - below) * np.float32(_TABLE)) / np.float32(_TABLE)
    around = np.arange(-1, 3, dtype=np.float32)
    weights = _keys_cubic(xp, xp.abs(step[:, None] - around))
    return _normalized(xp, _placed(below[:, None] + around, weights, old))  # what lies outside has no place


def _area(old: Any, new: int) -> Any:
    xp = _module(old)
    scale = _scale(old, new)
    begins, pixels = np.arange(new, dtype=np.float32)[:, None] * scale, xp.arange(old).astype(np.float32)
    ends = xp.where(pixels < old - 1, pixels + 1, np.float32(np.inf))  # rounding may lead beyond the last pixel
    covered = xp.minimum(begins + scale, ends) - xp.maximum(begins, pixels)
    return xp.maximum(covered, 0) / scale


def _normalized(xp: ModuleType, matrix: Any) -> Any:
    total = matrix.sum(1, keepdims=True)
    return (matrix / xp.where(xp.abs(total) >= _TINY, total, 1)).astype(np.float32)


def _triangle(xp: ModuleType, x: Any) -> Any:
    return xp.maximum(1 - x, 0)


def _lanczos(radius: int, xp: ModuleType, x: Any) -> Any:
    angle = np.pi * xp.where(x > 1e-3, x, 1)
    wave = radius * xp.sin(angle) * xp.sin(angle / radius) / angle**2
    return xp.where(x > radius, 0, xp.where(x > 1e-3, wave, 1))


def _gaussian(xp: ModuleType, x: Any) -> Any:
    return xp.where(x < 1.5, xp.exp(-2 * x * x), 0)


def _keys_cubic(xp: ModuleType, x: Any) -> Any:
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return xp.where(x >= 2, 0, xp.where(x >= 1, far, ((1.5 * x - 2.5) * x) * x + 1))


def _mitchell_cubic(xp: ModuleType, x: Any) -> Any:
    far = ((-7 / 18 * x + 2) * x - 10 / 3) * x + 16 / 9
    return xp.where(x >= 2, 0, xp.where(x >= 1, far, ((7 / 6 * x - 2) * x) * x + 8 / 9))


_KERNELS: Final[Mapping[str, tuple[Callable[[ModuleType, Any], Any], float]]] = {
    "bilinear": (_triangle, 1.0),
    "bicubic": (_keys_cubic, 2.0),
    "mitchellcubic": (_mitchell_cubic, 2.0),
    "gaussian": (_gaussian, 1.5),
    "lanczos3": (partial(_lanczos, 3), 3.0),
    "lanczos5": (partial(_lanczos, 5), 5.0),
}
"""Kernels of a distance from the middle, and their radius."""

_WITHOUT_ANTIALIAS: Final[Mapping[str, Weights]] = {"bilinear": _bilinear, "bicubic": _bicubic, "area": _area}


def _sampled(kernel: Callable[..., Any], radius: float, antialias: bool, old: Any, new: int) -> Any:
    """Weigh old pixels by a kernel around each new one, which antialiasing makes wider where the image shrinks."""
    xp = _module(old)
    width = xp.maximum(_scale(old, new), np.float32(1)) if antialias else np.float32(1)
    reach = np.float32(radius) * width
    middle, pixels = _centres(old, new)[:, None], xp.arange(old).astype(np.float32)
    begins, ends = xp.ceil(middle - reach - np.float32(0.5)), xp.floor(middle + reach - np.float32(0.5))
    inside = (pixels >= xp.clip(begins, 0, old - 1)) & (pixels <= xp.clip(ends, 0, old - 1))
    distance = xp.abs(pixels + np.float32(0.5) - middle) / width
    return _normalized(xp, xp.where(inside, kernel(xp, distance), 0))


def weights_of(method: str, antialias: bool) -> Weights:
    """Return the function of old and new length that gives a method's matrix.

    Raises:
        KeyError: there is no such method, or it has no matrix.
    """
    if method in _WITHOUT_ANTIALIAS and (method == "area" or not antialias):
        return _WITHOUT_ANTIALIAS[method]
    return partial(_sampled, *_KERNELS[method], antialias)


def resampled(values: Any, matrix: Any, axis: int) -> Any:
    """Return the values with a dimension resampled by a matrix ``[new, old]``."""
    if not isinstance(matrix, np.ndarray):
        return _multiplied(values, matrix, axis)
    if np.array_equal(matrix, np.eye(*matrix.shape)):
        return values
    used = np.abs(matrix) > 0
    count = int(used.sum(1).max(initial=0))
    return _multiplied(values, matrix, axis) if count > _FEW else _gathered(values, matrix, used, count, axis)


def _multiplied(values: Any, matrix: Any, axis: int) -> Any:
    product = lax.dot_general(
        values, matrix.astype(values.dtype), (((axis,), (1,)), ((), ())), precision=lax.Precision.HIGHEST
    )
    return jnp.moveaxis(product, -1, axis)


def _gathered(values: Any, matrix: np.ndarray, used: np.ndarray, count: int, axis: int) -> Any:
    order = np.argsort(~used, axis=1, kind="stable")[:, :count]
    weights = np.take_along_axis(matrix, order, 1).astype(values.dtype)
    shape = [-1 if dimension == axis else 1 for dimension in range(values.ndim)]
    parts = [jnp.take(values, order[:, k], axis) * weights[:, k].reshape(shape) for k in range(count)]
    return sum(parts[1:], parts[0])
