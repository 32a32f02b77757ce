"""Parts of images, and images with a border."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core.image._flips import checked
from tenon.core.operations import NUMERIC, operation
from tenon.core.recording import kernel, run
from tenon.core.tensors import is_symbol


def _cut(image: Any, top: Any, left: Any, height: int, width: int) -> Any:
    outer = image.ndim - 3
    if any(map(is_symbol, image.shape[outer:-1])):
        return _taken(_taken(image, top, height, -3), left, width, -2)
    starts = [jnp.asarray(start, jnp.int32) for start in [*[0] * outer, top, left, 0]]
    return lax.dynamic_slice(image, starts, (*image.shape[:outer], height, width, image.shape[-1]))


def _taken(image: Any, begin: Any, count: int, axis: int) -> Any:
    return jnp.take(image, begin + np.arange(count), axis, mode="clip")


def _put(image: Any, top: Any, left: Any, height: int, width: int) -> Any:
    outer = image.ndim - 3
    starts = [jnp.asarray(start, jnp.int32) for start in [*[0] * outer, top, left, 0]]
    empty = jnp.zeros((*image.shape[:outer], height, width, image.shape[-1]), image.dtype)
    return lax.dynamic_update_slice(empty, image, starts)


def _check(name: str, offset: Any, inner: int, outer: int) -> None:
    """Check that ``inner`` pixels from the offset on lie in ``outer``, as far as the offset is known."""
    if offset.ndim or (not is_symbol(inner) and inner <= 0):
        raise InvalidArgumentError(f"target_{name}: must be > 0, with a single offset; received {inner} from {offset}.")
    if is_symbol(inner) or is_symbol(outer):
        return
    known = 0 if isinstance(offset, jax.core.Tracer) else int(offset)
    if known < 0 or known + inner > outer:
        raise InvalidArgumentError(
            f"offset_{name}: offset + {name} of the part must be <= {name} of the whole, and the offset not negative; "
            f"received an offset of {known} for {inner} of {outer} pixels."
        )


def crop(image: Any, offset_height: Any, offset_width: Any, target_height: int, target_width: int) -> Any:
    """Return the part of an image that begins at the offsets.

    Raises:
        InvalidArgumentError: it does not lie in the image; an offset that a traced function computes is not looked at.
    """
    height, width = checked(image).shape[-3:-1]
    _check("height", offset_height, target_height, height)
    _check("width", offset_width, target_width, width)
    return run(kernel(_cut, height=target_height, width=target_width), [image, offset_height, offset_width])


def pad(image: Any, offset_height: Any, offset_width: Any, target_height: int, target_width: int) -> Any:
    """Return a larger image of zeros that has the image at the offsets.

    Raises:
        InvalidArgumentError: the image does not fit; an offset that a traced function computes is not looked at.
    """
    height, width = checked(image).shape[-3:-1]
    _check("height", offset_height, height, target_height)
    _check("width", offset_width, width, target_width)
    return run(kernel(_put, height=target_height, width=target_width), [image, offset_height, offset_width])


def _central_crop(image: Any, central_fraction: float) -> Any:
    if not 0 < central_fraction <= 1:
        raise InvalidArgumentError(f"central_fraction: must be within (0, 1]; received {central_fraction}.")
    rows, columns = [int((size - size * float(central_fraction)) / 2) for size in checked(image).shape[-3:-1]]
    height, width = image.shape[-3:-1]
    return image[..., rows : height - rows, columns : width - columns, :]


def crop_or_pad(image: Any, target_height: int, target_width: int) -> Any:
    """Return the middle of an image, or the image in the middle of zeros, in each direction."""
    if target_height <= 0 or target_width <= 0:
        raise InvalidArgumentError(
            f"target_height, target_width: must be > 0; received {target_height} and {target_width}."
        )
    for axis, target in ((-3, target_height), (-2, target_width)):
        image = _fitted(checked(image), axis, target)
    return image


def _fitted(image: Any, axis: int, target: int) -> Any:
    size = image.shape[axis]
    if is_symbol(size):
        return _fitted_when_run(image, axis, target)
    if size >= target:
        begin = (size - target) // 2
        return lax.slice_in_dim(image, begin, begin + target, axis=axis)
    before = (target - size) // 2
    pads = [(0, 0)] * image.ndim
    pads[axis] = (before, target - size - before)
    return jnp.pad(image, pads)


def _fitted_when_run(image: Any, axis: int, target: int) -> Any:
    """Do so where the size is known only when the program runs: take the pixels, or 0 where there is none."""
    size = jnp.asarray(image.shape[axis])
    begin = jnp.where(size >= target, (size - target) // 2, -((target - size) // 2))
    places = begin + jnp.arange(target)
    inside = ((places >= 0) & (places < size)).reshape(-1, *[1] * (-1 - axis))
    return jnp.where(inside, jnp.take(image, places, axis, mode="clip"), 0)


def _extract_patches(images: Any, sizes: Any, strides: Any, rates: Any, padding: str) -> Any:
    if images.ndim != 4 or any(
        len(numbers) != 4 or numbers[0] != 1 or numbers[3] != 1 for numbers in (sizes, strides, rates)
    ):
        raise InvalidArgumentError(
            "sizes, strides, rates: must be [1, rows, columns, 1] for a batch of images; received "
            f"{sizes}, {strides} and {rates} for {list(images.shape)}."
        )
    rows, columns = [_places(images.shape[axis], sizes[axis], strides[axis], rates[axis], padding) for axis in (1, 2)]
    pads = [(0, 0), rows[1], columns[1], (0, 0)]
    patches = jnp.pad(images, pads)[:, rows[0][:, None, :, None], columns[0][None, :, None, :]]
    return patches.reshape(*patches.shape[:3], -1)


def _places(length: int, size: int, stride: int, rate: int, padding: str) -> tuple[np.ndarray, tuple[int, int]]:
    """Return which pixels each patch has, counted from the first padded one, and the padding."""
    if padding not in ("SAME", "VALID"):
        raise InvalidArgumentError(f"padding: must be 'SAME' or 'VALID'; received {padding!r}.")
    extent = (size - 1) * rate + 1
    count = -(-length // stride) if padding == "SAME" else max(0, (length - extent) // stride + 1)
    total = max((count - 1) * stride + extent - length, 0) if padding == "SAME" else 0
    return np.arange(count)[:, None] * stride + np.arange(size) * rate, (total // 2, total - total // 2)


crop_to_bounding_box = operation(
    "image.crop_to_bounding_box",
    "image: any, offset_height: index, offset_width: index, target_height, target_width",
    crop,
    "Returns the part of images that begins at the offsets.",
    "[[[1.0], [2.0]], [[3.0], [4.0]]], 0, 1, 2, 1",
    composed=True,
)
pad_to_bounding_box = operation(
    "image.pad_to_bounding_box",
    "image: any, offset_height: index, offset_width: index, target_height, target_width",
    pad,
    "Returns images with zeros around them, their first pixel at the offsets.",
    "[[[1.0], [2.0]], [[3.0], [4.0]]], 1, 0, 3, 4",
    composed=True,
)
central_crop = operation(
    "image.central_crop",
    "image: any, central_fraction",
    _central_crop,
    "Returns the middle of images: a fraction of each direction.",
    "[[[1.0], [2.0], [3.0], [4.0]]], 0.5",
)
resize_with_crop_or_pad = operation(
    "image.resize_with_crop_or_pad",
    "image: any, target_height, target_width",
    crop_or_pad,
    "Returns the middle of images, or images in the middle of zeros, in each direction.",
    "[[[1.0], [2.0], [3.0]]], 2, 2",
)
extract_patches = operation(
    "image.extract_patches",
    "images: T, sizes, strides, rates, padding",
    _extract_patches,
    "Returns the pixels of every patch, row by row, as channels.",
    "[[[[1.0], [2.0]], [[3.0], [4.0]]]], [1, 2, 2, 1], [1, 1, 1, 1], [1, 1, 1, 1], 'SAME'",
    types=NUMERIC,
)
