from __future__ import annotations

import numpy as np
import pytest

import tenon as tf

SIGNAL = np.random.default_rng(1).normal(size=(2, 40))


@pytest.mark.parametrize(("length", "step", "size"), [(8, 4, None), (6, 2, None), (7, 3, 16), (8, 8, 6)])
def test_a_short_time_transform_is_one_of_every_windowed_frame(length, step, size):
    found = tf.signal.stft(SIGNAL, length, step, size).numpy()
    window = tf.signal.hann_window(length, dtype=tf.float64).numpy()
    for place, begin in enumerate(range(0, 40 - length + 1, step)):
        frame = SIGNAL[:, begin : begin + length] * window
        np.testing.assert_allclose(found[:, place], np.fft.rfft(frame, size or 8), atol=1e-12)


@pytest.mark.parametrize(("length", "step"), [(8, 4), (8, 2), (6, 3), (7, 3)])
@pytest.mark.parametrize("window", [tf.signal.hann_window, tf.signal.hamming_window])
def test_the_signal_comes_back_but_for_its_ends(length, step, window):
    spectrum = tf.signal.stft(SIGNAL, length, step, window_fn=window)
    inverse = tf.signal.inverse_stft_window_fn(step, window)
    found = tf.signal.inverse_stft(spectrum, length, step, window_fn=inverse).numpy()
    inside = slice(length, found.shape[1] - length)
    np.testing.assert_allclose(found[:, inside], SIGNAL[:, : found.shape[1]][:, inside], atol=1e-6)


def test_frames_may_be_longer_than_their_transform_and_have_no_window():
    spectrum = tf.signal.stft(SIGNAL, 4, 4, 4, window_fn=None)
    np.testing.assert_allclose(tf.signal.inverse_stft(spectrum, 4, 4, window_fn=None), SIGNAL, atol=1e-12)
    longer = tf.signal.inverse_stft(spectrum, 6, 6, 4, window_fn=None).numpy().reshape(2, 10, 6)
    np.testing.assert_allclose(longer[..., :4].reshape(2, 40), SIGNAL, atol=1e-12)
    assert not longer[..., 4:].any()


def test_a_frame_may_begin_at_every_step():
    assert tf.signal.stft(SIGNAL, 8, 4).shape == [2, 9, 5]
    assert tf.signal.stft(SIGNAL, 8, 4, pad_end=True).shape == [2, 10, 5]


def test_gradients_flow_there_and_back():
    signal = tf.constant(SIGNAL)
    with tf.GradientTape() as tape:
        tape.watch(signal)
        spectrum = tf.signal.stft(signal, 8, 4, window_fn=None)
        back = tf.signal.inverse_stft(spectrum, 8, 4, window_fn=None)
    expected = np.array([1.0] * 4 + [2.0] * 32 + [1.0] * 4)
    np.testing.assert_allclose(tape.gradient(back, signal), [expected] * 2, atol=1e-12)


@pytest.mark.parametrize("norm", [None, "ortho"])
@pytest.mark.parametrize("window", [tf.signal.vorbis_window, tf.signal.kaiser_bessel_derived_window, None])
def test_a_modified_cosine_transform_comes_back_but_for_its_ends(norm, window):
    found = tf.signal.inverse_mdct(tf.signal.mdct(SIGNAL, 8, window, norm=norm), window, norm).numpy()
    np.testing.assert_allclose(found[:, 4:-4], SIGNAL[:, 4:-4], atol=1e-6)


def test_a_modified_cosine_transform_is_its_definition():
    found = tf.signal.mdct(SIGNAL[0], 8).numpy()
    n, k = np.arange(8)[:, None], np.arange(4)[None, :]
    basis = 2 * np.cos(np.pi / 4 * (n + 0.5 + 2) * (k + 0.5))
    window = tf.signal.vorbis_window(8, dtype=tf.float64).numpy()
    np.testing.assert_allclose(found[1], (SIGNAL[0, 4:12] * window) @ basis, atol=1e-10)


def test_precision_stays():
    assert tf.signal.stft(SIGNAL.astype("float32"), 8, 4).dtype == tf.complex64
    assert tf.signal.inverse_stft(tf.signal.stft(SIGNAL, 8, 4), 8, 4).dtype == tf.float64
    assert tf.signal.mdct(SIGNAL.astype("float32"), 8).dtype == tf.float32


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf.signal.stft(SIGNAL, 0, 4), "frame_length: must be one positive integer; received 0"),
        (lambda: tf.signal.stft(SIGNAL, 8, -1), "frame_step: must be one positive integer; received -1"),
        (lambda: tf.signal.stft(SIGNAL, 8, 4, [8, 8]), "fft_length: must be one positive integer"),
        (lambda: tf.signal.inverse_stft_window_fn(0), "frame_step: must be one positive integer"),
        (lambda: tf.signal.mdct(SIGNAL, 6), "frame_length: must be divisible by 4; received 6"),
        (lambda: tf.signal.mdct(SIGNAL, 8, norm="x"), "norm: must be None or 'ortho'; received 'x'"),
        (lambda: tf.signal.stft(SIGNAL > 0, 8, 4), "a window is of floating point numbers; received bool"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call()
