"""Images changed by chance: each function twice, with the seeds of operations and as a function of its seed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core import random
from tenon.core._names import export
from tenon.core.image._adjustments import adjust_brightness, adjust_contrast, adjust_hue, adjust_saturation
from tenon.core.image._flips import checked
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, as_tensor, constant_value, convert_to_tensor, int32, is_symbol

Draw = Callable[..., Tensor]
"""Takes a shape, and bounds and a dtype by name; returns numbers spread evenly."""


def _stateful(seed: Any) -> Draw:
    return partial(random.uniform, seed=seed)


def _stateless(seed: Any) -> Draw:
    return partial(random.stateless_uniform, seed=seed)


def _flipped(image: Any, draw: Draw, axis: int) -> Tensor:
    tensor = convert_to_tensor(image)
    chances = draw(checked(tensor.value).shape[:-3])
    return as_tensor(run(kernel(_flipped_by, axis=axis), [tensor.value, chances.value]))


def _flipped_by(image: Any, chances: Any, axis: int) -> Any:
    return jnp.where(chances[..., None, None, None] < 0.5, jnp.flip(image, axis), image)


def _between(draw: Draw, lower: Any, upper: Any) -> Tensor:
    if not 0 <= lower < upper:
        raise ValueError(f"lower, upper: must be 0 <= lower < upper; received {lower} and {upper}.")
    return draw([], minval=lower, maxval=upper)


def _around_zero(draw: Draw, largest: Any, limit: float) -> Tensor:
    if not 0 <= largest <= limit:
        raise ValueError(f"max_delta: must be non-negative, and at most {limit}; received {largest}.")
    return draw([], minval=-largest, maxval=largest)


def _cropped(value: Any, draw: Draw, size: Any) -> Tensor:
    array = convert_to_tensor(value).value
    sizes = constant_value(size.as_list() if hasattr(size, "as_list") else size)
    if (
        not isinstance(sizes, list)
        or len(sizes) != array.ndim
        or any(_exceeds(*pair) for pair in zip(sizes, array.shape, strict=True))
    ):
        raise InvalidArgumentError(
            f"size: need value.shape >= size, one for each dimension; received {list(array.shape)} and {sizes}."
        )
    places = draw([array.ndim], minval=0, maxval=np.iinfo(np.int32).max, dtype=int32)
    return as_tensor(run(kernel(_cut, sizes=sizes), [array, places.value]))


def _exceeds(size: Any, limit: Any) -> bool:
    return not is_symbol(limit) and bool(size > limit)


def _cut(value: Any, places: Any, sizes: tuple[int, ...]) -> Any:
    room = jnp.stack([jnp.asarray(have - want + 1) for have, want in zip(value.shape, sizes, strict=True)])
    return lax.dynamic_slice(value, places % room.astype(places.dtype), sizes)


@export("image.random_flip_left_right")
def random_flip_left_right(image: Any, seed: Any = None) -> Tensor:
    """Return an image mirrored left to right or as it is, ``tf.image.random_flip_left_right``.

    Args:
        image: an image, or a batch of images, each of which is decided by itself.
        seed: the operation's seed, or ``None``; with ``tf.random.set_seed``, by TensorFlow's rules.

    Raises:
        InvalidArgumentError: the image has not 3 or 4 dimensions.

    Example:
        >>> random_flip_left_right([[[1.0], [2.0]]], seed=1).shape
        TensorShape([1, 2, 1])
    """
    return _flipped(image, _stateful(seed), -2)


@export("image.stateless_random_flip_left_right")
def stateless_random_flip_left_right(image: Any, seed: Any) -> Tensor:
    """Return an image mirrored left to right or as it is, ``tf.image.stateless_random_flip_left_right``.

    Args:
        image: an image, or a batch of images, each of which is decided by itself.
        seed: two integers; the same ones give the same result.

    Raises:
        InvalidArgumentError: ``seed`` is not two integers; or the image has not 3 or 4 dimensions.

    Example:
        >>> stateless_random_flip_left_right([[[1.0], [2.0]]], seed=[1, 2]).shape
        TensorShape([1, 2, 1])
    """
    return _flipped(image, _stateless(seed), -2)


@export("image.random_flip_up_down")
def random_flip_up_down(image: Any, seed: Any = None) -> Tensor:
    """Return an image mirrored upside down or as it is, ``tf.image.random_flip_up_down``.

    Args:
        image: an image, or a batch of images, each of which is decided by itself.
        seed: the operation's seed, or ``None``; with ``tf.random.set_seed``, by TensorFlow's rules.

    Raises:
        InvalidArgumentError: the image has not 3 or 4 dimensions.

    Example:
        >>> random_flip_up_down([[[1.0], [2.0]]], seed=1).shape
        TensorShape([1, 2, 1])
    """
    return _flipped(image, _stateful(seed), -3)


@export("image.stateless_random_flip_up_down")
def stateless_random_flip_up_down(image: Any, seed: Any) -> Tensor:
    """Return an image mirrored upside down or as it is, ``tf.image.stateless_random_flip_up_down``.

    Args:
        image: an image, or a batch of images, each of which is decided by itself.
        seed: two integers; the same ones give the same result.

    Raises:
        InvalidArgumentError: ``seed`` is not two integers; or the image has not 3 or 4 dimensions.

    Example:
        >>> stateless_random_flip_up_down([[[1.0], [2.0]]], seed=[1, 2]).shape
        TensorShape([1, 2, 1])
    """
    return _flipped(image, _stateless(seed), -3)


@export("image.random_brightness")
def random_brightness(image: Any, max_delta: Any, seed: Any = None) -> Tensor:
    """Return images made brighter or darker, ``tf.image.random_brightness``.

    Args:
        image: an image or a batch of images.
        max_delta: the largest change of brightness, on the scale from 0 to 1.
        seed: the operation's seed, or ``None``; with ``tf.random.set_seed``, by TensorFlow's rules.

    Raises:
        ValueError: ``max_delta`` is negative.

    Example:
        >>> random_brightness([[[1.0], [2.0]]], 0.5, seed=1).shape
        TensorShape([1, 2, 1])
    """
    return convert_to_tensor(adjust_brightness(image, _around_zero(_stateful(seed), max_delta, inf)))


@export("image.stateless_random_brightness")
def stateless_random_brightness(image: Any, max_delta: Any, seed: Any) -> Tensor:
    """Return images made brighter or darker, ``tf.image.stateless_random_brightness``.

    Args:
        image: an image or a batch of images.
        max_delta: the largest change of brightness, on the scale from 0 to 1.
        seed: two integers; the same ones give the same result.

    Raises:
        InvalidArgumentError: ``seed`` is not two integers.
        ValueError: ``max_delta`` is negative.

    Example:
        >>> stateless_random_brightness([[[1.0], [2.0]]], 0.5, seed=[1, 2]).shape
        TensorShape([1, 2, 1])
    """
    return convert_to_tensor(adjust_brightness(image, _around_zero(_stateless(seed), max_delta, inf)))


@export("image.random_contrast")
def random_contrast(image: Any, lower: Any, upper: Any, seed: Any = None) -> Tensor:
    """Return images with more or less contrast, ``tf.image.random_contrast``.

    Args:
        image: an image or a batch of images.
        lower: the smallest factor.
        upper: the largest factor.
        seed: the operation's seed, or ``None``; with ``tf.random.set_seed``, by TensorFlow's rules.

    Raises:
        ValueError: the range is empty or begins below 0.

    Example:
        >>> random_contrast([[[1.0], [2.0]]], 0.5, 2.0, seed=1).shape
        TensorShape([1, 2, 1])
    """
    return convert_to_tensor(adjust_contrast(image, _between(_stateful(seed), lower, upper)))


@export("image.stateless_random_contrast")
def stateless_random_contrast(image: Any, lower: Any, upper: Any, seed: Any) -> Tensor:
    """Return images with more or less contrast, ``tf.image.stateless_random_contrast``.

    Args:
        image: an image or a batch of images.
        lower: the smallest factor.
        upper: the largest factor.
        seed: two integers; the same ones give the same result.

    Raises:
        InvalidArgumentError: ``seed`` is not two integers.
        ValueError: the range is empty or begins below 0.

    Example:
        >>> stateless_random_contrast([[[1.0], [2.0]]], 0.5, 2.0, seed=[1, 2]).shape
        TensorShape([1, 2, 1])
    """
    return convert_to_tensor(adjust_contrast(image, _between(_stateless(seed), lower, upper)))


@export("image.random_hue")
def random_hue(image: Any, max_delta: Any, seed: Any = None) -> Tensor:
    """Return RGB images with their hue turned, ``tf.image.random_hue``.

    Args:
        image: an RGB image or a batch of RGB images.
        max_delta: the largest change of hue in turns, up to 0.5.
        seed: the operation's seed, or ``None``; with ``tf.random.set_seed``, by TensorFlow's rules.

    Raises:
        ValueError: ``max_delta`` is negative or more than 0.5.

    Example:
        >>> random_hue([[[1.0, 2.0, 3.0]]], 0.5, seed=1).shape
        TensorShape([1, 1, 3])
    """
    return convert_to_tensor(adjust_hue(image, _around_zero(_stateful(seed), max_delta, 0.5)))


@export("image.stateless_random_hue")
def stateless_random_hue(image: Any, max_delta: Any, seed: Any) -> Tensor:
    """Return RGB images with their hue turned, ``tf.image.stateless_random_hue``.

    Args:
        image: an RGB image or a batch of RGB images.
        max_delta: the largest change of hue in turns, up to 0.5.
        seed: two integers; the same ones give the same result.

    Raises:
        InvalidArgumentError: ``seed`` is not two integers.
        ValueError: ``max_delta`` is negative or more than 0.5.

    Example:
        >>> stateless_random_hue([[[1.0, 2.0, 3.0]]], 0.5, seed=[1, 2]).shape
        TensorShape([1, 1, 3])
    """
    return convert_to_tensor(adjust_hue(image, _around_zero(_stateless(seed), max_delta, 0.5)))


@export("image.random_saturation")
def random_saturation(image: Any, lower: Any, upper: Any, seed: Any = None) -> Tensor:
    """Return RGB images with more or less saturation, ``tf.image.random_saturation``.

    Args:
        image: an RGB image or a batch of RGB images.
        lower: the smallest factor.
        upper: the largest factor.
        seed: the operation's seed, or ``None``; with ``tf.random.set_seed``, by TensorFlow's rules.

    Raises:
        ValueError: the range is empty or begins below 0.

    Example:
        >>> random_saturation([[[1.0, 2.0, 3.0]]], 0.5, 2.0, seed=1).shape
        TensorShape([1, 1, 3])
    """
    return convert_to_tensor(adjust_saturation(image, _between(_stateful(seed), lower, upper)))


@export("image.stateless_random_saturation")
def stateless_random_saturation(image: Any, lower: Any, upper: Any, seed: Any) -> Tensor:
    """Return RGB images with more or less saturation, ``tf.image.stateless_random_saturation``.

    Args:
        image: an RGB image or a batch of RGB images.
        lower: the smallest factor.
        upper: the largest factor.
        seed: two integers; the same ones give the same result.

    Raises:
        InvalidArgumentError: ``seed`` is not two integers.
        ValueError: the range is empty or begins below 0.

    Example:
        >>> stateless_random_saturation([[[1.0, 2.0, 3.0]]], 0.5, 2.0, seed=[1, 2]).shape
        TensorShape([1, 1, 3])
    """
    return convert_to_tensor(adjust_saturation(image, _between(_stateless(seed), lower, upper)))


@export("image.random_crop")
def random_crop(value: Any, size: Any, seed: Any = None, name: str | None = None) -> Tensor:
    """Return a part of a tensor, from any place, ``tf.image.random_crop``.

    Args:
        value: a tensor of any rank, such as an image.
        size: the shape of the result.
        seed: the operation's seed, or ``None``; with ``tf.random.set_seed``, by TensorFlow's rules.
        name: ignored.

    Raises:
        InvalidArgumentError: ``size`` is larger than the value, or has not one size for each dimension.

    Example:
        >>> random_crop([[[1.0], [2.0]]], [1, 1, 1], seed=1).shape
        TensorShape([1, 1, 1])
    """
    del name
    return _cropped(value, _stateful(seed), size)


@export("image.stateless_random_crop")
def stateless_random_crop(value: Any, size: Any, seed: Any, name: str | None = None) -> Tensor:
    """Return a part of a tensor, from any place, ``tf.image.stateless_random_crop``.

    Args:
        value: a tensor of any rank, such as an image.
        size: the shape of the result.
        seed: two integers; the same ones give the same result.
        name: ignored.

    Raises:
        InvalidArgumentError: ``seed`` is not two integers; or ``size`` is larger than the value, or has not one size
            for each dimension.

    Example:
        >>> stateless_random_crop([[[1.0], [2.0]]], [1, 1, 1], seed=[1, 2]).shape
        TensorShape([1, 1, 1])
    """
    del name
    return _cropped(value, _stateless(seed), size)
