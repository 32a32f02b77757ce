"""Images in other sizes."""

from __future__ import annotations

from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.image._flips import checked
from tenon.core.image._resampling import nearest_places, resampled, weights_of
from tenon.core.operations import REALS, operation
from tenon.core.tensors import is_symbol


@export("image.ResizeMethod")
class ResizeMethod:
    """Names of the methods of ``tf.image.resize``.

    Example:
        >>> ResizeMethod.BILINEAR
        'bilinear'
    """

    BILINEAR: Final = "bilinear"
    NEAREST_NEIGHBOR: Final = "nearest"
    BICUBIC: Final = "bicubic"
    AREA: Final = "area"
    LANCZOS3: Final = "lanczos3"
    LANCZOS5: Final = "lanczos5"
    GAUSSIAN: Final = "gaussian"
    MITCHELLCUBIC: Final = "mitchellcubic"


_METHODS: Final = frozenset(value for name, value in vars(ResizeMethod).items() if name.isupper())


def _resize(images: Any, size: Any, method: str, preserve_aspect_ratio: bool, antialias: bool) -> Any:
    if not isinstance(size, list | tuple) or len(size) != 2 or min(size) <= 0:
        raise InvalidArgumentError(f"size: must be the new height and width; received {size}.")
    old = checked(images).shape[-3:-1]
    new = _in_proportion(old, size) if preserve_aspect_ratio else tuple(size)
    return _resized(images, new, method, antialias)


def _known(sizes: tuple[Any, ...]) -> None:
    if any(map(is_symbol, sizes)):
        raise InvalidArgumentError(
            "images: to keep proportions the height and the width must be known when a function is traced, because XLA "
            f"compiles for fixed shapes; received {sizes}. Resize to a fixed size."
        )


def _in_proportion(old: tuple[int, int], size: Any) -> tuple[int, ...]:
    _known(old)
    scale = min(np.float32(want) / np.float32(have) for want, have in zip(size, old, strict=True))
    return tuple([round(float(np.float32(have) * scale)) for have in old])


def _resized(images: Any, size: tuple[int, ...], method: str, antialias: bool) -> Any:
    if method not in _METHODS:
        raise InvalidArgumentError(f"method: must be one of {sorted(_METHODS)}; received {method!r}.")
    if min(size) < 1:
        raise InvalidArgumentError(
            f"image: too thin to keep its proportions: {list(images.shape)} would become {size[0]} by {size[1]}. "
            "Choose a larger size, or do not keep the proportions."
        )
    (rows, columns), (height, width) = images.shape[-3:-1], size
    if method == ResizeMethod.NEAREST_NEIGHBOR:
        picked = jnp.take(images, nearest_places(rows, height), -3)
        return jnp.take(picked, nearest_places(columns, width), -2)
    weights = weights_of(method, antialias)
    wide = images.astype(jnp.float32)
    across = resampled(wide, weights(columns, width), images.ndim - 2)
    return resampled(across, weights(rows, height), images.ndim - 3)


def _resize_with_pad(image: Any, target_height: int, target_width: int, method: str, antialias: bool) -> Any:
    if target_height <= 0 or target_width <= 0:
        raise InvalidArgumentError(
            f"target_height, target_width: must be > 0; received {target_height} and {target_width}."
        )
    sizes = checked(image).shape[-3:-1]
    targets = (target_height, target_width)
    _known(sizes)
    ratio = max(np.float32(have) / np.float32(want) for have, want in zip(sizes, targets, strict=True))
    inner = [np.float32(have) / ratio for have in sizes]
    resized = _resized(image, tuple([int(np.floor(size)) for size in inner]), method, antialias)
    before = [max(0, int(np.floor((want - size) / 2))) for want, size in zip(targets, inner, strict=True)]
    after = [want - have - first for want, have, first in zip(targets, resized.shape[-3:-1], before, strict=True)]
    return jnp.pad(resized, [*[(0, 0)] * (image.ndim - 3), *zip(before, after, strict=True), (0, 0)])


resize = operation(
    "image.resize",
    "images: T, size, method='bilinear', preserve_aspect_ratio=False, antialias=False",
    _resize,
    "Returns images in a new size as float32; of their own type if the method is 'nearest'.",
    "[[[1.0], [2.0]], [[3.0], [5.0]]], [3, 3]",
    types=REALS,
)
resize_with_pad = operation(
    "image.resize_with_pad",
    "image: T, target_height, target_width, method='bilinear', antialias=False",
    _resize_with_pad,
    "Returns images in a new size, their proportions kept, in the middle of zeros.",
    "[[[1.0], [2.0]], [[3.0], [5.0]]], 3, 5",
    types=REALS,
)
