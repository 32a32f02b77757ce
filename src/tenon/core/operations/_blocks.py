"""Blocks of space as batches and back, for dilated convolutions: space_to_batch, batch_to_space."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations._repeating import pad
from tenon.core.operations._sizes import as_sizes
from tenon.core.operations._table import operation
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor


def _checked(array: Any, block_shape: Any, pairs: Any, name: str) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """Return the sizes of a block, and the two numbers for each of its dimensions."""
    block = as_sizes(block_shape, "block_shape")
    if not isinstance(block_shape, list | tuple) or 0 in block:
        raise InvalidArgumentError(f"block_shape: must be a vector of positive numbers; received {block_shape}.")
    if array.ndim < len(block) + 1:
        raise InvalidArgumentError(f"input rank should be >= {len(block) + 1} instead of {array.ndim}.")
    ends = [as_sizes(pair, name) for pair in pairs]
    if len(ends) != len(block) or any(len(pair) != 2 for pair in ends):
        raise InvalidArgumentError(f"{name}: must be a matrix of the shape [{len(block)}, 2]; received {pairs}.")
    return block, ends


def _to_batch(array: Any, block: tuple[int, ...]) -> Any:
    batch, *space = array.shape[: len(block) + 1]
    rest = array.shape[len(block) + 1 :]
    outer = [size // part for size, part in zip(space, block, strict=True)]
    split = array.reshape(batch, *[size for pair in zip(outer, block, strict=True) for size in pair], *rest)
    first = range(1, 2 * len(block), 2)
    last = range(2 * len(block) + 1, split.ndim)
    moved = split.transpose(*[place + 1 for place in first], 0, *first, *last)
    return moved.reshape(prod(block) * batch, *outer, *rest)


def _space_to_batch(array: Any, block_shape: Any, paddings: Any) -> Any:
    block, ends = _checked(array, block_shape, paddings, "paddings")
    for place, (size, part, pair) in enumerate(zip(array.shape[1:], block, ends, strict=False)):
        if (size + sum(pair)) % part:
            raise InvalidArgumentError(
                f"padded_shape[{place}]={size + sum(pair)} is not divisible by block_shape[{place}]={part}."
            )
    padded = pad(Tensor(array), [(0, 0), *ends, *[(0, 0)] * (array.ndim - len(block) - 1)]).value
    return _to_batch(padded, block) if isinstance(padded, np.ndarray) else run(kernel(_to_batch, block=block), [padded])


def _to_space(array: Any, block: tuple[int, ...], crops: tuple[tuple[int, ...], ...]) -> Any:
    count, batch = len(block), array.shape[0] // prod(block)
    space, rest = array.shape[1 : count + 1], array.shape[count + 1 :]
    split = array.reshape(*block, batch, *space, *rest)
    pairs = [place for pair in zip(range(count + 1, 2 * count + 1), range(count), strict=True) for place in pair]
    moved = split.transpose(count, *pairs, *range(2 * count + 1, split.ndim))
    whole = moved.reshape(batch, *[size * part for size, part in zip(space, block, strict=True)], *rest)
    kept = [slice(before, size - after) for (before, after), size in zip(crops, whole.shape[1:], strict=False)]
    return whole[(slice(None), *kept)]


def _batch_to_space(array: Any, block_shape: Any, crops: Any) -> Any:
    block, ends = _checked(array, block_shape, crops, "crops")
    if array.shape[0] % prod(block):
        raise InvalidArgumentError(
            f"Input batch dimension ({array.shape[0]}) is not divisible by product of block sizes ({prod(block)})."
        )
    for place, (size, part, pair) in enumerate(zip(array.shape[1:], block, ends, strict=False)):
        if size * part < sum(pair):
            raise InvalidArgumentError(f"cropped_shape[{place}]={size * part - sum(pair)} must be non-negative.")
    if isinstance(array, np.ndarray):
        return _to_space(array, block, tuple(ends))
    return run(kernel(_to_space, block=block, crops=tuple(ends)), [array])


space_to_batch = operation(
    "space_to_batch nn.space_to_batch",
    "input: T, block_shape, paddings",
    _space_to_batch,
    "Returns the padded tensor with the elements at each place of a block as a batch of its own.",
    "[[1.0, 2.0, 3.0, 4.0]], [2], [[1, 1]]",
    strings=_space_to_batch,
    composed=True,
)
space_to_batch_nd = operation(
    "space_to_batch_nd",
    "input: T, block_shape, paddings",
    _space_to_batch,
    "Returns the padded tensor with the elements at each place of a block as a batch of its own.",
    "[[1.0, 2.0, 3.0, 4.0]], [2], [[1, 1]]",
    strings=_space_to_batch,
    composed=True,
)
batch_to_space = operation(
    "batch_to_space",
    "input: T, block_shape, crops",
    _batch_to_space,
    "Returns the tensor with groups of batches put back to blocks of space, and cropped.",
    "[[1.0, 3.0], [2.0, 4.0]], [2], [[1, 0]]",
    strings=_batch_to_space,
    composed=True,
)
