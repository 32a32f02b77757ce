from __future__ import annotations

import numpy as np
import pytest

import tenon as tf
from tests.core.open_sizes import assert_same_with_open_sizes

SIGNALS = np.random.default_rng(1).normal(size=(2, 12)).astype("float32")
OF_ANY_LENGTH = {
    "frame": lambda x: tf.signal.frame(x, 4, 2),
    "frame to the end": lambda x: tf.signal.frame(x, 4, 2, True),
    "overlap_and_add": lambda x: tf.signal.overlap_and_add(tf.signal.frame(x, 4, 2), 2),
    "stft": lambda x: tf.abs(tf.signal.stft(x, 8, 4)),
    "inverse_stft": lambda x: tf.signal.inverse_stft(tf.signal.stft(x, 8, 4), 8, 4),
    "mdct": lambda x: tf.signal.mdct(x, 8),
    "inverse_mdct": lambda x: tf.signal.inverse_mdct(tf.signal.mdct(x, 8)),
}
OF_ANY_BATCH = {
    "rfft": lambda x: tf.abs(tf.signal.rfft(x)),
    "dct": lambda x: tf.signal.dct(x, 3, norm="ortho"),
    "fftshift": tf.signal.fftshift,
    "mfccs": tf.signal.mfccs_from_log_mel_spectrograms,
}


@pytest.mark.parametrize("name", OF_ANY_LENGTH)
def test_a_program_takes_signals_of_any_length(name):
    assert_same_with_open_sizes(OF_ANY_LENGTH[name], SIGNALS, "b, t")


@pytest.mark.parametrize("name", OF_ANY_BATCH)
def test_a_program_takes_batches_of_any_size(name):
    assert_same_with_open_sizes(OF_ANY_BATCH[name], SIGNALS, "b, 12")
