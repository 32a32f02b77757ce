"""What concerns channels: a bias for each, and blocks of pixels that become channels and back."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from tenon.base import InvalidArgumentError
from tenon.core.nn._windows import channels_come_first
from tenon.core.operations import NUMBERS, NUMERIC, operation


def _bias_add(value: Any, bias: Any, data_format: str | None) -> Any:
    first = isinstance(data_format, str) and data_format.startswith("NC")
    axis = 1 if first else value.ndim - 1
    if bias.ndim != 1 or value.ndim < 2 or value.shape[axis] != bias.shape[0]:
        raise InvalidArgumentError(
            f"bias: must be one number for each channel, the dimension {axis} of the value; received "
            f"{list(bias.shape)} for {list(value.shape)}."
        )
    return value + (bias.reshape(-1, *[1] * (value.ndim - 2)) if first else bias)


def _channels_last(images: Any, block_size: int, data_format: str) -> tuple[Any, bool]:
    if images.ndim != 4 or block_size < 2:
        raise InvalidArgumentError(
            "block_size: must be at least 2, for an input of 4 dimensions; received "
            f"{block_size} for {list(images.shape)}."
        )
    first = channels_come_first(data_format, 2)
    return (jnp.moveaxis(images, 1, -1) if first else images), first


def _space_to_depth(images: Any, block_size: int, data_format: str) -> Any:
    last, first = _channels_last(images, block_size, data_format)
    batch, height, width, depth = last.shape
    if height % block_size or width % block_size:
        raise InvalidArgumentError(
            f"input: height and width must be divisible by the block_size {block_size}; received {height} and {width}."
        )
    blocks = last.reshape(batch, height // block_size, block_size, width // block_size, block_size, depth)
    moved = blocks.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height // block_size, width // block_size, -1)
    return jnp.moveaxis(moved, -1, 1) if first else moved


def _depth_to_space(images: Any, block_size: int, data_format: str) -> Any:
    last, first = _channels_last(images, block_size, data_format)
    batch, height, width, depth = last.shape
    if depth % block_size**2:
        raise InvalidArgumentError(
            f"input: the channels must be divisible by the block_size squared, {block_size**2}; received {depth}."
        )
    blocks = last.reshape(batch, height, width, block_size, block_size, depth // block_size**2)
    moved = blocks.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height * block_size, width * block_size, -1)
    return jnp.moveaxis(moved, -1, 1) if first else moved


bias_add = operation(
    "nn.bias_add",
    "value: T, bias: T, data_format=None",
    _bias_add,
    "Returns the value with a bias added to each channel, the last dimension or, for data formats as NCHW, the second.",
    "[[1.0, 2.0], [3.0, 4.0]], [0.5, -0.5]",
    types=NUMBERS,
)
space_to_depth = operation(
    "nn.space_to_depth",
    "input: T, block_size, data_format='NHWC'",
    _space_to_depth,
    "Returns images in which each block of pixels has become one pixel with more channels.",
    "[[[[1.0], [2.0]], [[3.0], [4.0]]]], 2",
    types=NUMERIC,
)
depth_to_space = operation(
    "nn.depth_to_space",
    "input: T, block_size, data_format='NHWC'",
    _depth_to_space,
    "Returns images in which the channels of each pixel have become a block of pixels.",
    "[[[[1.0, 2.0, 3.0, 4.0]]]], 2",
    types=NUMERIC,
)
