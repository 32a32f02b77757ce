"""Discrete cosine transforms of types 1 to 4, by Fourier transforms of twice the length."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations import operation

_REAL = frozenset({"float32", "float64"})


def _turned(values: Any, turns: np.ndarray) -> Any:
    """Return the real part of complex values times exp(i * pi * turns)."""
    angle = np.pi * turns
    return values.real * np.cos(angle).astype(values.real.dtype) - values.imag * np.sin(angle).astype(values.real.dtype)


def _type_1(values: Any) -> Any:
    mirrored = jnp.concatenate([values, values[..., -2:0:-1]], -1)
    return jnp.fft.rfft(mirrored).real


def _type_2(values: Any) -> Any:
    count = values.shape[-1]
    return 2 * _turned(jnp.fft.rfft(values, 2 * count)[..., :count], -np.arange(count) / (2 * count))


def _type_3(values: Any) -> Any:
    """The transpose of type 2, in which the first value counts once and the others twice."""
    count = values.shape[-1]
    angle = np.pi * np.arange(count) / (2 * count)
    dtype = jnp.result_type(values.dtype, np.complex64)
    turned = values * (np.exp(1j * angle) * (2 * count)).astype(dtype)
    return jnp.fft.irfft(turned, 2 * count)[..., :count]


def _type_4(values: Any) -> Any:
    """Every second value of a transform of type 2 of twice the length."""
    padded = jnp.concatenate([values, jnp.zeros_like(values)], -1)
    return _type_2(padded)[..., 1::2]


_TYPES: Final[Mapping[int, Callable[[Any], Any]]] = {1: _type_1, 2: _type_2, 3: _type_3, 4: _type_4}
_INVERSE: Final = {1: 1, 2: 3, 3: 2, 4: 4}
"""Up to a factor, which TensorFlow leaves to the caller, transforms of these types undo one another."""


def cosine_transform(values: Any, kind: int, norm: str | None) -> Any:
    """Return the transform of the last dimension; ``norm='ortho'`` makes it its transpose's inverse."""
    transform = _TYPES[kind]
    if norm is None:
        return transform(values)
    count = values.shape[-1]
    first = np.where(np.arange(count) == 0, np.sqrt(1 / count), np.sqrt(2 / count)).astype(values.dtype)
    if kind == 2:
        return transform(values) * (first / 2)
    if kind == 3:
        # type 3 takes the first value once, the others twice
        return transform(values * (first / np.where(np.arange(count) == 0, 1, 2)).astype(values.dtype))
    return transform(values) * np.asarray(np.sqrt(1 / (2 * count)), values.dtype)


def _checked(values: Any, kind: int, axis: int, norm: str | None) -> None:
    if kind not in _TYPES or axis != -1 or norm not in (None, "ortho"):
        raise InvalidArgumentError(
            f"type, axis, norm: must be 1 to 4, -1, and None or 'ortho'; received {kind}, {axis} and {norm!r}."
        )
    if kind == 1 and (norm == "ortho" or values.shape[-1] < 2):
        raise InvalidArgumentError(
            "type: a transform of type 1 has no normalization 'ortho' and needs at least 2 values; received "
            f"norm {norm!r} and {values.shape[-1]} values."
        )


def _fitted(values: Any, n: int | None) -> Any:
    if n is None or n == values.shape[-1]:
        return values
    if n < 1:
        raise InvalidArgumentError(f"n: should be a positive integer; received {n}.")
    return jnp.pad(values[..., :n], [(0, 0)] * (values.ndim - 1) + [(0, max(0, n - values.shape[-1]))])


def _dct(values: Any, n: int | None, axis: int, norm: str | None, **kind: int) -> Any:
    fitted = _fitted(values, n)
    _checked(fitted, kind["type"], axis, norm)
    return cosine_transform(fitted, kind["type"], norm)


def _idct(values: Any, n: int | None, axis: int, norm: str | None, **kind: int) -> Any:
    fitted = _fitted(values, n)
    _checked(fitted, kind["type"], axis, norm)
    return cosine_transform(fitted, _INVERSE[kind["type"]], norm)


dct = operation(
    "signal.dct",
    "input: T, type=2, n=None, axis=-1, norm=None",
    _dct,
    "Returns the cosine transform of the last dimension, cut or filled with zeros to n values.",
    "[1.0, 2.0, 3.0, 5.0]",
    types=_REAL,
)
idct = operation(
    "signal.idct",
    "input: T, type=2, n=None, axis=-1, norm=None",
    _idct,
    "Returns the inverse of dct; 2 * n times it without norm, or 2 * (n - 1) times for type 1.",
    "[1.0, 2.0, 3.0, 5.0]",
    types=_REAL,
)
