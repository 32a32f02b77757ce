"""What a tensor will be, tried out: in two universes, in which sizes that are not known are different numbers.

A dimension that is the same in both is known; one that differs is not. Values that depend on no placeholder, such as
shapes, are computed, so that shapes made of them are known too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import jax
import numpy as np

from tenon.core.recording import kernel, stage
from tenon.core.tensors import DType, Tensor, TensorShape, as_tensor, string

Sample = np.ndarray | jax.ShapeDtypeStruct
"""What a tensor is in one universe: its value where it is known, else its shape and dtype."""

SIZES: Final = (120, 240)
"""What an unknown size is in each universe: numbers that many others divide."""

_LARGEST: Final = 64
"""Elements up to which values are kept."""


def samples_of(shape: TensorShape, dtype: DType, sizes: Sequence[int] = SIZES) -> tuple[Sample, ...] | None:
    """Return the samples of a tensor of which only shape and dtype are known.

    Example:
        >>> from tenon.core.tensors import float32
        >>> [sample.shape for sample in samples_of(TensorShape([None, 3]), float32)]
        [(120, 3), (240, 3)]
    """
    if shape.rank is None:
        return None
    return tuple([unvalued([size if n is None else n for n in shape.as_list()], dtype) for size in sizes])


def unvalued(shape: Sequence[int], dtype: DType) -> Sample:
    if dtype is string:
        return np.full(tuple(shape), b"0", object)
    return jax.ShapeDtypeStruct(tuple(shape), dtype.dtype)


def sample_of(tensor: Tensor) -> Sample:
    """Return what is worth to be kept of a tensor that was computed."""
    array = tensor.value
    if isinstance(array, jax.core.Tracer) or (array.dtype != object and array.size > _LARGEST):
        return jax.ShapeDtypeStruct(tuple(array.shape), array.dtype)
    return np.asarray(array)


def without_value(sample: Sample) -> Sample:
    """Return a sample of the same shape and dtype of which nothing else is known."""
    return sample if sample.dtype == object else jax.ShapeDtypeStruct(tuple(sample.shape), sample.dtype)


def symbol_of(sample: Sample) -> Tensor:
    """Return a sample's value as a tensor, or a symbol for it in the trace that is current."""
    if isinstance(sample, np.ndarray):
        return as_tensor(sample)
    return Tensor(stage(kernel(_filler, shape=tuple(sample.shape), dtype=sample.dtype), ()))


def _filler(shape: tuple[int, ...], dtype: np.dtype) -> jax.Array:
    return jax.lax.full(shape, 0, dtype)
