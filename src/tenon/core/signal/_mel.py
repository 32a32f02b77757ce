"""The mel scale, on which equal steps sound equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core.operations import FLOATS, operation
from tenon.core.signal._cosine import cosine_transform


def _mel(hertz: Any) -> Any:
    """Return mels, computed in the type of the frequencies, as TensorFlow: its rounding is in every triangle."""
    one, break_frequency, factor = np.array([1, 700, 1127], hertz.dtype)
    return factor * np.log(one + hertz / break_frequency)


def _equal_steps(start: Any, stop: Any, count: int) -> np.ndarray:
    step = (stop - start) / start.dtype.type(max(count - 1, 1))
    return np.concatenate([start + step * np.arange(count - 1, dtype=start.dtype), [stop]])


def _weights(
    num_mel_bins: int,
    num_spectrogram_bins: int,
    sample_rate: float,
    lower_edge_hertz: float,
    upper_edge_hertz: float,
    dtype: np.dtype,
) -> np.ndarray:
    _check(num_mel_bins, sample_rate, lower_edge_hertz, upper_edge_hertz, dtype)
    wide = np.result_type(dtype, np.float32)
    zero, nyquist, lowest, highest = np.array([0, sample_rate / 2, lower_edge_hertz, upper_edge_hertz], wide)
    bins = _mel(_equal_steps(zero, nyquist, num_spectrogram_bins)[1:, None])
    edges = _equal_steps(_mel(lowest), _mel(highest), num_mel_bins + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    triangles = np.maximum(zero, np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre)))
    # the first bin, of frequency 0, has no mel
    return np.pad(triangles, [(1, 0), (0, 0)]).astype(dtype)


def _check(bins: int, sample_rate: float, lower: float, upper: float, dtype: np.dtype) -> None:
    if bins <= 0 or lower < 0 or lower >= upper or sample_rate <= 0 or upper > sample_rate / 2:
        raise InvalidArgumentError(
            "num_mel_bins, lower_edge_hertz, upper_edge_hertz: must be positive, and from 0 up to half of the "
            f"sample_rate {sample_rate}; received {bins}, {lower} and {upper}."
        )
    if dtype.name not in FLOATS:
        raise InvalidArgumentError(f"dtype: must be a floating point type; received {dtype.name}.")


def _mfccs(log_mel_spectrograms: Any) -> Any:
    bins = log_mel_spectrograms.shape[-1]
    if not bins:
        raise InvalidArgumentError(
            f"log_mel_spectrograms: must have mel bins; received {list(log_mel_spectrograms.shape)}."
        )
    return cosine_transform(log_mel_spectrograms, 2, None) * np.asarray((2 * bins) ** -0.5, log_mel_spectrograms.dtype)


linear_to_mel_weight_matrix = operation(
    "signal.linear_to_mel_weight_matrix",
    "num_mel_bins=20, num_spectrogram_bins=129, sample_rate=8000, lower_edge_hertz=125.0, upper_edge_hertz=3800.0, "
    "dtype: dtype = 'float32'",
    _weights,
    "Returns the matrix [spectrogram bins, mel bins] that makes a mel spectrogram of a linear one.",
    "4, 9",
    differentiable=False,
    composed=True,
)
mfccs_from_log_mel_spectrograms = operation(
    "signal.mfccs_from_log_mel_spectrograms",
    "log_mel_spectrograms: T",
    _mfccs,
    "Returns the mel-frequency cepstral coefficients of logarithms of mel spectrograms.",
    "[[1.0, 2.0, 3.0, 5.0]]",
    types=frozenset({"float32", "float64"}),
)
