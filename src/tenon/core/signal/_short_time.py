"""Transforms of short pieces of a signal: the short-time Fourier transform and the modified cosine transform.

They take windows as functions, and therefore are written as compositions of rows of the table and are no rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.operations import multiply, pad
from tenon.core.recording import kernel, run
from tenon.core.signal._cosine import cosine_transform
from tenon.core.signal._fourier import irfft, rfft
from tenon.core.signal._frames import frame, overlap_and_add
from tenon.core.signal._window_functions import hann_window, vorbis_window
from tenon.core.tensors import Tensor, as_dtype, as_tensor, constant_value, convert_to_tensor, float32

Window = Callable[..., Any]
"""Takes a length, and a dtype by name; returns a window."""


def _size(value: Any, name: str) -> int:
    size = constant_value(value)
    if not isinstance(size, int) or size < 1:
        raise InvalidArgumentError(f"{name}: must be one positive integer; received {value!r}.")
    return size


def _transform_length(fft_length: Any, frame_length: int) -> int:
    return 1 << (frame_length - 1).bit_length() if fft_length is None else _size(fft_length, "fft_length")


def _windowed(frames: Tensor, window_fn: Window | None, length: int) -> Tensor:
    if window_fn is None:
        return frames
    windowed: Tensor = multiply(frames, window_fn(length, dtype=frames.dtype))
    return windowed


@export("signal.stft")
def stft(
    signals: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Window | None = hann_window,
    pad_end: bool = False,
    name: str | None = None,
) -> Tensor:
    """Return the short-time Fourier transform of real signals, ``tf.signal.stft``.

    Args:
        signals: float32 or float64, ``[..., samples]``.
        frame_length: samples of a frame.
        frame_step: samples from one frame to the next.
        fft_length: samples of a transform; ``None`` for the smallest power of 2 that holds a frame.
        window_fn: takes the frame's length, and ``dtype`` by name; ``None`` for no window.
        pad_end: whether zeros are added so that a frame begins at every step.
        name: ignored.

    Returns:
        Complex numbers ``[..., frames, fft_length // 2 + 1]``.

    Raises:
        InvalidArgumentError: a size is not a positive integer, or the signals are not real numbers.

    Example:
        >>> stft([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 4, 2).shape
        TensorShape([2, 3])
    """
    del name
    length = _size(frame_length, "frame_length")
    frames = frame(signals, length, _size(frame_step, "frame_step"), pad_end=pad_end)
    transformed: Tensor = rfft(_windowed(frames, window_fn, length), [_transform_length(fft_length, length)])
    return transformed


@export("signal.inverse_stft")
def inverse_stft(
    stfts: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Window | None = hann_window,
    name: str | None = None,
) -> Tensor:
    """Return the signal of a short-time Fourier transform, ``tf.signal.inverse_stft``.

    The signal comes back as it was if ``window_fn`` is ``inverse_stft_window_fn`` of the window it was taken with.

    Args:
        stfts: complex numbers ``[..., frames, fft_length // 2 + 1]``.
        frame_length: samples of a frame.
        frame_step: samples from one frame to the next.
        fft_length: samples of a transform; ``None`` for the smallest power of 2 that holds a frame.
        window_fn: takes the frame's length, and ``dtype`` by name; ``None`` for no window.
        name: ignored.

    Returns:
        Real signals ``[..., samples]``.

    Raises:
        InvalidArgumentError: a size is not a positive integer, or the numbers are not complex.

    Example:
        >>> window = inverse_stft_window_fn(2)
        >>> signal = inverse_stft(stft([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 4, 2), 4, 2, window_fn=window)
        >>> signal.numpy()[2:4].round(5).tolist()
        [3.0, 4.0]
    """
    del name
    length = _size(frame_length, "frame_length")
    transformed = _transform_length(fft_length, length)
    frames = irfft(stfts, [transformed])[..., :length]
    if length > transformed:
        frames = pad(frames, [[0, 0]] * (frames.ndim - 1) + [[0, length - transformed]])
    signals: Tensor = overlap_and_add(_windowed(frames, window_fn, length), _size(frame_step, "frame_step"))
    return signals


@export("signal.inverse_stft_window_fn")
def inverse_stft_window_fn(
    frame_step: Any, forward_window_fn: Window = hann_window, name: str | None = None
) -> Callable[[Any, Any], Tensor]:
    """Return the window function with which ``inverse_stft`` undoes ``stft``, ``tf.signal.inverse_stft_window_fn``.

    Args:
        frame_step: samples from one frame to the next.
        forward_window_fn: the window function of ``stft``.
        name: ignored.

    Returns:
        A function of a frame's length and a dtype that returns a window: the forward one, over the sum of squares that
        the frames have at each sample.

    Raises:
        InvalidArgumentError: ``frame_step`` is not a positive integer.

    Example:
        >>> inverse_stft_window_fn(2)(4, float32).numpy().round(3).tolist()
        [0.0, 1.0, 1.0, 1.0]
    """
    del name
    step = _size(frame_step, "frame_step")

    def inverse_window(frame_length: Any, dtype: Any = float32) -> Tensor:
        length = _size(frame_length, "frame_length")
        forward = convert_to_tensor(forward_window_fn(length, dtype=as_dtype(dtype)))
        return as_tensor(run(kernel(_over_sum_of_squares, step=step), [forward.value]))

    return inverse_window


def _over_sum_of_squares(window: Any, step: int) -> Any:
    overlaps = -(-len(window) // step)
    squares = jnp.pad(jnp.square(window), (0, overlaps * step - len(window))).reshape(overlaps, step)
    return window / jnp.tile(jnp.sum(squares, 0), overlaps)[: len(window)]


@export("signal.mdct")
def mdct(
    signals: Any,
    frame_length: Any,
    window_fn: Window | None = vorbis_window,
    pad_end: bool = False,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """Return the modified discrete cosine transform of signals, whose frames overlap by half, ``tf.signal.mdct``.

    Args:
        signals: float32 or float64, ``[..., samples]``.
        frame_length: samples of a frame, divisible by 4.
        window_fn: takes the frame's length, and ``dtype`` by name; ``None`` for a constant window.
        pad_end: whether zeros are added so that a frame begins at every half.
        norm: ``"ortho"`` or ``None``.
        name: ignored.

    Returns:
        Real numbers ``[..., frames, frame_length // 2]``.

    Raises:
        InvalidArgumentError: ``frame_length`` is not a positive multiple of 4, or ``norm`` is unknown.

    Example:
        >>> mdct([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 4).shape
        TensorShape([2, 2])
    """
    del name
    length = _size(frame_length, "frame_length")
    if length % 4:
        raise InvalidArgumentError(f"frame_length: must be divisible by 4; received {length}.")
    frames = frame(signals, length, length // 2, pad_end=pad_end)
    return as_tensor(run(kernel(_folded, norm=_norm(norm)), [_faded(frames, window_fn, length).value]))


def _norm(norm: Any) -> str | None:
    if norm not in (None, "ortho"):
        raise InvalidArgumentError(f"norm: must be None or 'ortho'; received {norm!r}.")
    return None if norm is None else "ortho"


def _faded(frames: Tensor, window_fn: Window | None, length: int) -> Tensor:
    return _windowed(frames, window_fn or _constant_window, length)


def _constant_window(length: int, dtype: Any) -> np.ndarray:
    return np.full(length, np.sqrt(0.5), dtype.as_numpy_dtype)


def _folded(frames: Any, norm: str | None) -> Any:
    first, second, third, fourth = jnp.split(frames, 4, -1)
    halves = [-third[..., ::-1] - fourth, first - second[..., ::-1]]
    return cosine_transform(jnp.concatenate(halves, -1), 4, norm)


@export("signal.inverse_mdct")
def inverse_mdct(
    mdcts: Any, window_fn: Window | None = vorbis_window, norm: str | None = None, name: str | None = None
) -> Tensor:
    """Return the signal of a modified discrete cosine transform, ``tf.signal.inverse_mdct``.

    Args:
        mdcts: float32 or float64, ``[..., frames, frame_length // 2]``.
        window_fn: the window function of ``mdct``, whose squares must add up to 1 where halves overlap; ``None`` for a
            constant window.
        norm: what was given to ``mdct``.
        name: ignored.

    Returns:
        Real signals ``[..., samples]``; the first and the last half frame are not what they were.

    Raises:
        InvalidArgumentError: ``norm`` is unknown.

    Example:
        >>> inverse_mdct(mdct([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 4)).numpy()[2:4].round(4).tolist()
        [3.0, 4.0]
    """
    del name
    values = convert_to_tensor(mdcts)
    half = int(values.value.shape[-1])
    frames = as_tensor(run(kernel(_unfolded, norm=_norm(norm)), [values.value]))
    signals: Tensor = overlap_and_add(_faded(frames, window_fn, 2 * half), half)
    return signals


def _unfolded(values: Any, norm: str | None) -> Any:
    folded = cosine_transform(values, 4, norm)
    folded = folded if norm else folded / np.asarray(2 * values.shape[-1], values.dtype)
    first, second = jnp.split(folded, 2, -1)
    return jnp.concatenate([second, -second[..., ::-1], -first[..., ::-1], -first], -1)
