from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf


def mel(hertz):
    return 1127 * np.log1p(hertz / 700)


@given(st.integers(1, 12), st.integers(3, 60))
@settings(max_examples=15)
def test_bins_are_triangles_on_the_mel_scale(mel_bins, bins):
    found = tf.signal.linear_to_mel_weight_matrix(mel_bins, bins, 8000, 125.0, 3800.0, tf.float64).numpy()
    edges = np.linspace(mel(125.0), mel(3800.0), mel_bins + 2)
    frequencies = mel(np.linspace(0, 4000, bins))
    expected = np.stack([np.interp(frequencies, edges[i : i + 3], [0, 1, 0], 0, 0) for i in range(mel_bins)], 1)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_matrix_makes_a_mel_spectrogram():
    matrix = tf.signal.linear_to_mel_weight_matrix()
    assert (matrix.shape, matrix.dtype) == ([129, 20], tf.float32)
    assert tf.tensordot(tf.ones([3, 129]), matrix, 1).shape == [3, 20]


def test_cepstral_coefficients_are_a_cosine_transform():
    spectrogram = np.random.default_rng(1).normal(size=(2, 5, 20)).astype("float32")
    found = tf.signal.mfccs_from_log_mel_spectrograms(spectrogram)
    expected = tf.signal.dct(spectrogram, norm="ortho").numpy()
    np.testing.assert_allclose(found[..., 1:], expected[..., 1:], atol=1e-5)
    np.testing.assert_allclose(found[..., 0], expected[..., 0] * np.sqrt(2), atol=1e-5)


@pytest.mark.parametrize(
    "arguments", [(0, 4), (4, 9, 8000, -1.0), (4, 9, 8000, 300.0, 200.0), (4, 9, 8000, 0.0, 5000.0), (4, 9, 0)]
)
def test_edges_that_are_none_are_refused(arguments):
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="must be positive, and from 0 up to half of the sample_rate"
    ):
        tf.signal.linear_to_mel_weight_matrix(*arguments)


def test_other_refusals():
    with pytest.raises(tf.errors.InvalidArgumentError, match="dtype: must be a floating point type; received int32"):
        tf.signal.linear_to_mel_weight_matrix(dtype=tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must have mel bins"):
        tf.signal.mfccs_from_log_mel_spectrograms(np.zeros((2, 0), "float32"))
