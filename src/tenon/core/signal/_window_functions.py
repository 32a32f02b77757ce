"""Windows that fade a frame in and out. NumPy makes them, once, in 64 bits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations import FLOATS, operation


def _made(make: Callable[..., np.ndarray], window_length: int, dtype: np.dtype, **attributes: Any) -> np.ndarray:
    if dtype.name not in FLOATS:
        raise InvalidArgumentError(f"dtype: a window is of floating point numbers; received {dtype.name}.")
    if not isinstance(window_length, int) or window_length < 0:
        raise InvalidArgumentError(f"window_length: must be one number, not negative; received {window_length}.")
    return np.asarray(make(window_length, **attributes)).astype(dtype)


def _raised_cosine(length: int, periodic: bool, middle: float) -> np.ndarray:
    if length == 1:
        return np.ones(1)
    # as in TensorFlow, only a window of even length can be periodic
    steps = length - 1 + (1 if periodic and length % 2 == 0 else 0)
    return np.asarray(middle - (1 - middle) * np.cos(2 * np.pi * np.arange(length) / max(steps, 1)))


def _kaiser(length: int, beta: float) -> np.ndarray:
    return np.kaiser(length, beta)


def _kaiser_bessel_derived(length: int, beta: float) -> np.ndarray:
    sums = np.cumsum(np.kaiser(length // 2 + 1, beta))
    half = np.sqrt(sums[:-1] / sums[-1])
    return np.concatenate([half, half[::-1]])


def _vorbis(length: int) -> np.ndarray:
    return np.asarray(np.sin(np.pi / 2 * np.sin(np.pi / max(length, 1) * (np.arange(length) + 0.5)) ** 2))


def _window(names: str, signature: str, make: Callable[..., np.ndarray], summary: str, example: str) -> Any:
    return operation(
        names,
        f"window_length, {signature}dtype: dtype = 'float32'",
        partial(_made, make),
        summary,
        example,
        differentiable=False,
        composed=True,
    )


hann_window = _window(
    "signal.hann_window",
    "periodic=True, ",
    partial(_raised_cosine, middle=0.5),
    "Returns a Hann window: one period of a raised cosine.",
    "4",
)
hamming_window = _window(
    "signal.hamming_window",
    "periodic=True, ",
    partial(_raised_cosine, middle=0.54),
    "Returns a Hamming window: a raised cosine that does not reach 0.",
    "4",
)
kaiser_window = _window(
    "signal.kaiser_window", "beta=12.0, ", _kaiser, "Returns a Kaiser window; a larger beta makes it narrower.", "5"
)
kaiser_bessel_derived_window = _window(
    "signal.kaiser_bessel_derived_window",
    "beta=12.0, ",
    _kaiser_bessel_derived,
    "Returns a Kaiser-Bessel-derived window, whose squares add up to 1 where halves overlap.",
    "4",
)
vorbis_window = _window(
    "signal.vorbis_window",
    "",
    _vorbis,
    "Returns the window of the Vorbis codec, whose squares add up to 1 where halves overlap.",
    "4",
)
