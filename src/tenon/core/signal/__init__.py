"""Signals: Fourier and cosine transforms, frames and windows, as ``tf.signal``.

>>> overlap_and_add([[1.0, 2.0], [3.0, 4.0]], 1).numpy().tolist()
[1.0, 5.0, 4.0]
"""

from tenon.core.signal._cosine import dct, idct
from tenon.core.signal._fourier import (
    fft,
    fft2d,
    fft3d,
    fftshift,
    ifft,
    ifft2d,
    ifft3d,
    ifftshift,
    irfft,
    irfft2d,
    irfft3d,
    rfft,
    rfft2d,
    rfft3d,
)
from tenon.core.signal._frames import frame, overlap_and_add
from tenon.core.signal._mel import linear_to_mel_weight_matrix, mfccs_from_log_mel_spectrograms
from tenon.core.signal._short_time import inverse_mdct, inverse_stft, inverse_stft_window_fn, mdct, stft
from tenon.core.signal._window_functions import (
    hamming_window,
    hann_window,
    kaiser_bessel_derived_window,
    kaiser_window,
    vorbis_window,
)

__all__ = [
    "dct",
    "fft",
    "fft2d",
    "fft3d",
    "fftshift",
    "frame",
    "hamming_window",
    "hann_window",
    "idct",
    "ifft",
    "ifft2d",
    "ifft3d",
    "ifftshift",
    "inverse_mdct",
    "inverse_stft",
    "inverse_stft_window_fn",
    "irfft",
    "irfft2d",
    "irfft3d",
    "kaiser_bessel_derived_window",
    "kaiser_window",
    "linear_to_mel_weight_matrix",
    "mdct",
    "mfccs_from_log_mel_spectrograms",
    "overlap_and_add",
    "rfft",
    "rfft2d",
    "rfft3d",
    "stft",
    "vorbis_window",
]
