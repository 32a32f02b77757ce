"""The kernel's gradient of a depthwise convolution: for every element of it, a sum of products of shifted images.

Several filters a channel, and many groups of two channels, are the same with channels repeated for their filters.

JAX writes it as a convolution with one group of rows a channel, which XLA:CPU computes with a plain loop: 68 ms for
3x3x960 with a 3x3 kernel and 16 images, 0.3 ms by this rule (TensorFlow 1.1); 46 and 4 ms for 24x24x144 (2.2);
2600 and 2.3 ms for 32x32x48 to 96 and 8 images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._materialized import materialized
from tenon.xla.lowering._rule import LoweringRule, are_numbers
from tenon.xla.lowering.convolutions._convolution import Convolution, as_stored, described, is_weight_gradient

MAX_TAPS = 49
"""Elements of the kernel up to which this is faster than XLA's own way, and compiled in bounded time."""

MAX_WRITTEN_TAPS = 25
"""Elements of the kernel up to which the sums are written out; of larger ones there is a loop over its rows: 7x7 for
8x32x32x96 takes 16.6 ms for 11.0, and 0.6 s to compile for 6.2."""

MAX_CHANNELS = 2
"""Of a group; with three and four, matrix products are as fast."""

MIN_GROUPS = 8
"""Groups of several filters from which this is faster than a product each (0.55 ms and 0.31 for four of 1 to 8)."""

_PARTS = 8
"""Parts of the batch that are added to each other first: loops over whole images fill the processor's vectors, a sum
over all but the channels does not (30 ms for 48x48x32 and 16 images, 2.5 in parts; with 16 parts no faster)."""


def _applies(operands: Sequence[jax.core.ShapedArray], parameters: Mapping[str, Any]) -> bool:
    given = described(operands, parameters)
    return (
        is_weight_gradient(given)
        and given.groups == 1
        and given.batch_groups > 1
        and are_numbers((given.batch, given.channels, given.filters))
        and _channels_of_group(given) * prod(given.output_sizes) <= MAX_TAPS
        and _channels_of_group(given) <= MAX_CHANNELS
        and (given.filters == given.batch_groups or given.batch_groups >= MIN_GROUPS)
    )


def _channels_of_group(convolution: Convolution) -> int:
    """Return how many channels one filter of the forward convolution sees: they are rows here."""
    return int(convolution.batch // convolution.batch_groups)


def _compute(given: jax.Array, kernel: jax.Array, **parameters: Any) -> jax.Array:
    convolution = described((given, kernel), parameters)
    channels, rows, *spatial = convolution.specs.lhs_spec
    images = lax.transpose(materialized(given), (rows, *spatial, channels))
    filters, rows, *spatial = convolution.specs.rhs_spec
    gradients = lax.transpose(materialized(kernel), (rows, *spatial, filters))
    padded = materialized(lax.pad(images, jnp.zeros((), images.dtype), [(0, 0, 0), *_edges(convolution), (0, 0, 0)]))
    alike = [_for_filters(padded, place, convolution) for place in range(_channels_of_group(convolution))]
    sums = [_of_taps(each, gradients, convolution) for each in alike]
    dtype = parameters["preferred_element_type"] or given.dtype
    result = jnp.stack(sums).reshape(len(alike), *convolution.output_sizes, convolution.filters)
    return as_stored(result.astype(dtype), convolution)


def _of_taps(images: jax.Array, gradients: jax.Array, convolution: Convolution) -> jax.Array:
    """Return the sums for all elements of the kernel, in their order."""
    first, *others = map(range, convolution.output_sizes)
    if prod(convolution.output_sizes) <= MAX_WRITTEN_TAPS:
        return jnp.stack([_sum(_seen(images, convolution, tap), gradients) for tap in product(first, *others)])
    span = (convolution.kernel_sizes[0] - 1) * convolution.kernel_dilation[0] + 1

    def of_a_row(row: jax.Array) -> jax.Array:
        under = lax.dynamic_slice_in_dim(images, row * convolution.strides[0], span, axis=1)
        return jnp.stack([_sum(_seen(under, convolution, (0, *tap)), gradients) for tap in product(*others)])

    sums: jax.Array = lax.map(of_a_row, jnp.arange(len(first)))
    return sums


def _for_filters(images: jax.Array, place: int, convolution: Convolution) -> jax.Array:
    """Return one channel of each group as often as the group has filters."""
    groups, size, places = convolution.batch_groups, _channels_of_group(convolution), images.shape[:-1]
    if convolution.filters == groups and size == 1:
        return images
    chosen = images.reshape(*places, groups, size)[..., place : place + 1]
    repeated = jnp.broadcast_to(chosen, (*places, groups, convolution.filters // groups))
    return materialized(repeated.reshape(*places, convolution.filters))


def _edges(convolution: Convolution) -> list[tuple[int, int, int]]:
    return [(*pads, step - 1) for pads, step in zip(convolution.padding, convolution.input_dilation, strict=True)]


def _seen(padded: jax.Array, convolution: Convolution, tap: Sequence[int]) -> jax.Array:
    """Return what one element of the forward kernel saw of the images."""
    spatial = zip(tap, convolution.strides, convolution.kernel_sizes, convolution.kernel_dilation, strict=True)
    slices = [
        slice(place * stride, place * stride + (size - 1) * step + 1, step) for place, stride, size, step in spatial
    ]
    return padded[(slice(None), *slices)]


def _sum(images: jax.Array, gradients: jax.Array) -> jax.Array:
    """Return the sums of products, one a channel, added in float32 at least."""
    wide = jnp.promote_types(images.dtype, jnp.float32)
    number = next(parts for parts in range(_PARTS, 0, -1) if len(images) % parts == 0)
    pairs = zip(jnp.split(images.astype(wide), number), jnp.split(gradients.astype(wide), number), strict=True)
    products = [one * other for one, other in pairs]
    return jnp.sum(materialized(sum(products[1:], start=products[0])), tuple(range(images.ndim - 1)))


DEPTHWISE_WEIGHT_GRADIENT = LoweringRule("depthwise_weight_gradient", lax.conv_general_dilated_p, _applies, _compute)
