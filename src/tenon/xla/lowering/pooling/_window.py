"""The window of a pooling operation, and what one of its elements sees of the whole array."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from tenon.xla.lowering._rule import are_numbers


@dataclass(frozen=True)
class Along:
    """A window in one dimension.

    Args:
        dimension: of the array.
        length: of the array, padded.
        size: of the window.
        stride: of the window.
        dilation: distance of the window's elements.
    """

    dimension: int
    length: int
    size: int
    stride: int
    dilation: int = 1

    @property
    def positions(self) -> int:
        """How many places the window takes."""
        return max(0, (self.length - (self.size - 1) * self.dilation - 1) // self.stride + 1)

    def seen(self, given: jax.Array, place: int) -> jax.Array:
        """Return what one element of the window sees in all its positions.

        Args:
            given: the array, padded.
            place: of the element, from zero.
        """
        start = place * self.dilation
        stop = start + (self.positions - 1) * self.stride + 1
        return lax.slice_in_dim(given, start, stop, self.stride, self.dimension)


def windows(shape: Sequence[Any], parameters: Mapping[str, Any]) -> tuple[Along, ...]:
    """Return a pooling operation's window in each dimension that it does anything in.

    Args:
        shape: of the array, where those dimensions are numbers.
        parameters: of the primitive.
    """
    sizes, strides = parameters["window_dimensions"], parameters["window_strides"]
    dilations = parameters.get("window_dilation", (1,) * len(sizes))
    given = zip(shape, sizes, strides, parameters["padding"], dilations, strict=True)
    return tuple(
        Along(dimension, length + sum(padding), size, stride, dilation)
        for dimension, (length, size, stride, padding, dilation) in enumerate(given)
        if _does_anything(size, stride, padding)
    )


def _does_anything(size: int, stride: int, padding: tuple[int, int]) -> bool:
    return (size, stride, *padding) != (1, 1, 0, 0)


def is_plain_pooling(operand: jax.core.ShapedArray, parameters: Mapping[str, Any]) -> bool:
    """Tell whether windows go over floating-point numbers of known sizes that are padded but neither cut nor spread.

    Args:
        operand: what is pooled.
        parameters: of the primitive.
    """
    return (
        jnp.issubdtype(operand.dtype, jnp.floating)
        and all(pad >= 0 for pads in parameters["padding"] for pad in pads)
        and all(spread == 1 for spread in parameters.get("base_dilation", ()))
        and are_numbers([length for length, used in zip(operand.shape, _used(parameters), strict=True) if used])
        and all(along.positions for along in windows(operand.shape, parameters))
    )


def _used(parameters: Mapping[str, Any]) -> Iterator[bool]:
    names = ("window_dimensions", "window_strides", "padding")
    return map(_does_anything, *(parameters[name] for name in names))


def padded(given: jax.Array, value: float, parameters: Mapping[str, Any]) -> jax.Array:
    """Return an array with the padding of a pooling operation around it.

    Args:
        given: the array.
        value: what stands in the padding.
        parameters: of the primitive.
    """
    return lax.pad(given, jnp.asarray(value, given.dtype), [(*pads, 0) for pads in parameters["padding"]])


def taps(given: jax.Array, window: Sequence[Along]) -> list[jax.Array]:
    """Return what each element of a window sees in all positions, elements in row-major order.

    Args:
        given: the array, padded.
        window: in some dimensions.
    """
    return [_seen(given, window, places) for places in places_of(window)]


def places_of(window: Sequence[Along]) -> Iterator[tuple[int, ...]]:
    """Return the places of a window's elements in row-major order.

    Args:
        window: in some dimensions.
    """
    return product(*(range(along.size) for along in window))


def _seen(given: jax.Array, window: Sequence[Along], places: Sequence[int]) -> jax.Array:
    for along, place in zip(window, places, strict=True):
        given = along.seen(given, place)
    return given
