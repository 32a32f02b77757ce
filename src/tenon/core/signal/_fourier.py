"""Fourier transforms of the last one, two or three dimensions."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax.numpy as jnp

from tenon.base import InvalidArgumentError
from tenon.core.operations import NUMERIC, operation

_COMPLEX = frozenset({"complex64", "complex128"})
_REAL = frozenset({"float32", "float64"})

_SIGNALS = {1: "1.0, 2.0, 3.0, 5.0", 2: "[1.0, 2.0], [3.0, 5.0]", 3: "[[1.0, 2.0], [3.0, 5.0]]"}
_NAMES = {1: "", 2: "2d", 3: "3d"}
_WORDS = {1: "dimension", 2: "two dimensions", 3: "three dimensions"}


def _last(rank: int, values: Any) -> tuple[int, ...]:
    if values.ndim < rank:
        raise InvalidArgumentError(f"input: must have rank at least {rank}; received the shape {list(values.shape)}.")
    return tuple(range(values.ndim - rank, values.ndim))


def _lengths(fft_length: Any, rank: int) -> tuple[int, ...] | None:
    if fft_length is not None and (not isinstance(fft_length, list | tuple) or len(fft_length) != rank):
        raise InvalidArgumentError(f"fft_length: must have {rank} sizes; received {fft_length}.")
    return fft_length if fft_length is None else tuple(fft_length)


def _complex(values: Any, transform: Callable[..., Any], rank: int) -> Any:
    return transform(values, axes=_last(rank, values))


def _real(values: Any, fft_length: Any, transform: Callable[..., Any], rank: int) -> Any:
    return transform(values, s=_lengths(fft_length, rank), axes=_last(rank, values))


def _complex_row(name: str, transform: Callable[..., Any], rank: int, summary: str) -> Callable[..., Any]:
    return operation(
        f"signal.{name}{_NAMES[rank]}",
        "input: T",
        partial(_complex, transform=transform, rank=rank),
        f"{summary} of the last {_WORDS[rank]}.",
        f"tf.cast([{_SIGNALS[rank]}], tf.complex64)",
        types=_COMPLEX,
    )


def _real_row(
    name: str, transform: Callable[..., Any], rank: int, summary: str, types: frozenset[str], example: str
) -> Callable[..., Any]:
    return operation(
        f"signal.{name}{_NAMES[rank]}",
        "input_tensor: T, fft_length=None",
        partial(_real, transform=transform, rank=rank),
        f"{summary} of the last {_WORDS[rank]}, cut or filled with zeros to fft_length.",
        example.format(_SIGNALS[rank]),
        types=types,
    )


_FORWARD, _INVERSE = "Returns the discrete Fourier transform", "Returns the inverse discrete Fourier transform"
_HALF = "Returns the transform of real numbers, without the half that follows from the other,"
_WHOLE = "Returns the real numbers of half a transform"
_FLOAT, _CAST = "[{}]", "tf.cast([{}], tf.complex64)"

fft, fft2d, fft3d = (_complex_row("fft", jnp.fft.fftn, rank, _FORWARD) for rank in (1, 2, 3))
ifft, ifft2d, ifft3d = (_complex_row("ifft", jnp.fft.ifftn, rank, _INVERSE) for rank in (1, 2, 3))
rfft, rfft2d, rfft3d = (_real_row("rfft", jnp.fft.rfftn, rank, _HALF, _REAL, _FLOAT) for rank in (1, 2, 3))
irfft, irfft2d, irfft3d = (_real_row("irfft", jnp.fft.irfftn, rank, _WHOLE, _COMPLEX, _CAST) for rank in (1, 2, 3))

fftshift = operation(
    "signal.fftshift",
    "x: T, axes=None",
    lambda x, axes: jnp.fft.fftshift(x, axes),
    "Returns a spectrum with frequency 0 moved to the middle of the axes, or of all.",
    "[0.0, 1.0, 2.0, -2.0, -1.0]",
    types=NUMERIC,
)
ifftshift = operation(
    "signal.ifftshift",
    "x: T, axes=None",
    lambda x, axes: jnp.fft.ifftshift(x, axes),
    "Returns a spectrum with frequency 0 moved back from the middle of the axes, or of all.",
    "[-2.0, -1.0, 0.0, 1.0, 2.0]",
    types=NUMERIC,
)
