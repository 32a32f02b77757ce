"""Pools: the mean or the maximum of every window."""

from __future__ import annotations

from functools import partial
from itertools import product
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tenon.base import InvalidArgumentError
from tenon.core.nn._windows import Windows, channels_come_first, for_each, spatial, windows
from tenon.core.operations import FLOATS, REALS, operation
from tenon.core.tensors import is_symbol

_NARROW = ("float16", "bfloat16")


def _on_every(numbers: Any, outer: Any, first: bool) -> tuple[Any, ...]:
    """Return numbers for each dimension, of those for the spatial ones."""
    return (outer, outer, *numbers) if first else (outer, *numbers, outer)


def _reduced(values: Any, start: Any, reduce: Any, placed: Windows, first: bool) -> Any:
    return lax.reduce_window(
        values,
        np.asarray(start, values.dtype),
        reduce,
        _on_every(placed.sizes, 1, first),
        _on_every(placed.strides, 1, first),
        _on_every(placed.pads, (0, 0), first),
        window_dilation=_on_every(placed.dilations, 1, first),
    )


def _counts(values: Any, placed: Windows, first: bool) -> Any:
    """Return how many real elements each window covers, the padding not counted."""
    lengths = spatial(values.shape, first)
    if placed.pads == ((0, 0),) * len(lengths):
        return prod(placed.sizes)
    if any(map(is_symbol, lengths)):
        return _reduced(jnp.ones(_on_every(lengths, 1, first), values.dtype), 0, lax.add, placed, first)
    counts = np.ones((), np.int64)
    for axis, (length, size, stride, dilation, (before, _)) in enumerate(
        zip(lengths, placed.sizes, placed.strides, placed.dilations, placed.pads, strict=True)
    ):
        begins = np.arange(placed.counts(lengths)[axis]) * stride - before
        places = begins[:, None] + np.arange(size) * dilation
        counts = counts[..., None] * ((places >= 0) & (places < length)).sum(1)
    return np.maximum(counts if first else counts[..., None], 1).astype(values.dtype)


def _average(values: Any, placed: Windows, first: bool) -> Any:
    wide = values.astype(jnp.float32) if values.dtype.name in _NARROW else values
    return (_reduced(wide, 0, lax.add, placed, first) / _counts(wide, placed, first)).astype(values.dtype)


def _maximum(values: Any, placed: Windows, first: bool) -> Any:
    if max(placed.dilations) > 1:
        return _chosen(_windowed(values, placed, first))[0]
    return _reduced(values, _lowest(values.dtype), lax.max, placed, first)


def _lowest(dtype: Any) -> Any:
    return -np.inf if jnp.issubdtype(dtype, np.floating) else np.iinfo(dtype).min


def _windowed(values: Any, placed: Windows, first: bool) -> Any:
    """Return the elements of all windows, the place in the window first; padding is lower than all."""
    pads = [(*pair, 0) for pair in _on_every(placed.pads, (0, 0), first)]
    padded = lax.pad(values, np.asarray(_lowest(values.dtype), values.dtype), pads)
    counts = placed.counts(spatial(values.shape, first))
    return jnp.stack([_slice(padded, place, counts, placed, first) for place in product(*map(range, placed.sizes))])


def _slice(padded: Any, place: tuple[int, ...], counts: tuple[int, ...], placed: Windows, first: bool) -> Any:
    begins = [index * dilation for index, dilation in zip(place, placed.dilations, strict=True)]
    cuts = [
        slice(begin, begin + (count - 1) * stride + 1 if is_symbol(count) or count else begin, stride)
        for begin, count, stride in zip(begins, counts, placed.strides, strict=True)
    ]
    return padded[_on_every(cuts, slice(None), first)]


def _chosen(elements: Any) -> tuple[Any, Any]:
    """Return the maximum of each window, with its gradient to the first that is equal, and its place."""
    place = jax.lax.argmax(elements, 0, np.int32)
    return jnp.take_along_axis(elements, place[None], 0)[0], place


_POOLS = {"AVG": _average, "MAX": _maximum}


def _pool(
    values: Any, ksize: Any, strides: Any, padding: Any, data_format: Any, kind: str, only: int | None = None
) -> Any:
    rank = values.ndim - 2
    if rank not in ((1, 2, 3) if only is None else (only,)):
        raise InvalidArgumentError(
            f"input: must have a batch, {only or '1 to 3'} spatial dimensions and channels; received "
            f"{list(values.shape)}."
        )
    if kind == "AVG" and not isinstance(padding, str):
        raise InvalidArgumentError(f"padding: must be 'SAME' or 'VALID' for an average; received {padding!r}.")
    first = channels_come_first(data_format, rank)
    sizes = for_each(ksize, rank, first, "ksize")
    placed = windows(sizes, spatial(values.shape, first), strides, padding, None, first)
    return _POOLS[kind](values, placed, first)


def _pool_of_kind(
    values: Any, window_shape: Any, pooling_type: str, strides: Any, padding: Any, data_format: Any, dilations: Any
) -> Any:
    rank = len(window_shape) if isinstance(window_shape, list | tuple) else values.ndim - 2
    if pooling_type not in _POOLS or values.ndim != rank + 2:
        raise InvalidArgumentError(
            "pooling_type: must be 'AVG' or 'MAX', and the input must have two dimensions more than window_shape; "
            f"received {pooling_type!r}, an input of {list(values.shape)} and {window_shape}."
        )
    first = channels_come_first(data_format, rank)
    placed = windows(window_shape, spatial(values.shape, first), strides, padding, dilations, first)
    return _POOLS[pooling_type](values, placed, first)


def _max_pool_with_argmax(
    values: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str,
    output_dtype: Any,
    include_batch_in_index: bool,
) -> tuple[Any, Any]:
    if data_format != "NHWC" or values.ndim != 4:
        raise InvalidArgumentError(
            f"data_format: must be 'NHWC', with 4 dimensions; received {data_format!r} and {list(values.shape)}."
        )
    placed = windows(for_each(ksize, 2, False, "ksize"), values.shape[1:3], strides, padding, None, False)
    largest, place = _chosen(_windowed(values, placed, False))
    return largest, _flat_index(place, values.shape, placed, include_batch_in_index).astype(output_dtype)


def _flat_index(place: Any, shape: tuple[int, ...], placed: Windows, include_batch: bool) -> Any:
    """From the place in each window to ((batch * height + row) * width + column) * channels + channel."""
    batch, rows, columns, channels = [
        jnp.arange(size).reshape(*[1] * axis, -1, *[1] * (3 - axis)) for axis, size in enumerate(place.shape)
    ]
    row = rows * placed.strides[0] - placed.pads[0][0] + place // placed.sizes[1]
    column = columns * placed.strides[1] - placed.pads[1][0] + place % placed.sizes[1]
    index = (row * shape[2] + column) * shape[3] + channels
    return index + batch * prod(shape[1:]) if include_batch else index


avg_pool = operation(
    "nn.avg_pool",
    "input: T, ksize, strides, padding, data_format=None",
    partial(_pool, kind="AVG"),
    "Returns the mean of every window; what pads an image is not counted.",
    "[[[[1.0], [2.0]], [[3.0], [5.0]]]], 2, 1, 'SAME'",
    types=FLOATS,
)
avg_pool1d = operation(
    "nn.avg_pool1d",
    "input: T, ksize, strides, padding, data_format='NWC'",
    partial(_pool, kind="AVG", only=1),
    "Returns the mean of every window of sequences [batch, width, channels].",
    "[[[1.0], [2.0], [4.0]]], 2, 1, 'SAME'",
    types=FLOATS,
)
avg_pool2d = operation(
    "nn.avg_pool2d",
    "input: T, ksize, strides, padding, data_format='NHWC'",
    partial(_pool, kind="AVG", only=2),
    "Returns the mean of every window of images [batch, height, width, channels].",
    "[[[[1.0], [2.0]], [[3.0], [5.0]]]], 2, 1, 'SAME'",
    types=FLOATS,
)
avg_pool3d = operation(
    "nn.avg_pool3d",
    "input: T, ksize, strides, padding, data_format='NDHWC'",
    partial(_pool, kind="AVG", only=3),
    "Returns the mean of every window of volumes [batch, depth, height, width, channels].",
    "[[[[[1.0], [2.0]], [[3.0], [5.0]]]]], 2, 1, 'SAME'",
    types=FLOATS,
)
max_pool = operation(
    "nn.max_pool",
    "input: T, ksize, strides, padding, data_format=None",
    partial(_pool, kind="MAX"),
    "Returns the maximum of every window; its gradient goes to the first that is largest.",
    "[[[[1.0], [2.0]], [[3.0], [5.0]]]], 2, 1, 'SAME'",
    types=REALS,
)
max_pool1d = operation(
    "nn.max_pool1d",
    "input: T, ksize, strides, padding, data_format='NWC'",
    partial(_pool, kind="MAX", only=1),
    "Returns the maximum of every window of sequences [batch, width, channels].",
    "[[[1.0], [2.0], [4.0]]], 2, 1, 'SAME'",
    types=REALS,
)
max_pool2d = operation(
    "nn.max_pool2d",
    "input: T, ksize, strides, padding, data_format='NHWC'",
    partial(_pool, kind="MAX", only=2),
    "Returns the maximum of every window of images [batch, height, width, channels].",
    "[[[[1.0], [2.0]], [[3.0], [5.0]]]], 2, 1, 'SAME'",
    types=REALS,
)
max_pool3d = operation(
    "nn.max_pool3d",
    "input: T, ksize, strides, padding, data_format='NDHWC'",
    partial(_pool, kind="MAX", only=3),
    "Returns the maximum of every window of volumes [batch, depth, height, width, channels].",
    "[[[[[1.0], [2.0]], [[3.0], [5.0]]]]], 2, 1, 'SAME'",
    types=FLOATS,
)
pool = operation(
    "nn.pool",
    "input: T, window_shape, pooling_type, strides=None, padding='VALID', data_format=None, dilations=None",
    _pool_of_kind,
    "Returns the mean ('AVG') or the maximum ('MAX') of every window.",
    "[[[[1.0], [2.0]], [[3.0], [5.0]]]], [2, 2], 'MAX'",
    types=FLOATS,
)
max_pool_with_argmax = operation(
    "nn.max_pool_with_argmax",
    "input: T, ksize, strides, padding, data_format='NHWC', output_dtype: dtype = 'int64', "
    "include_batch_in_index=False",
    _max_pool_with_argmax,
    "Returns the maximum of every window, and its index in the flattened image.",
    "[[[[1.0], [2.0]], [[3.0], [5.0]]]], 2, 1, 'SAME'",
    types=REALS,
)
