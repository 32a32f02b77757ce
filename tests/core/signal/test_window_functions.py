from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf

LENGTHS = st.integers(2, 64)
FEW = settings(max_examples=15)
HALVES = ["kaiser_bessel_derived_window", "vorbis_window"]


@given(LENGTHS)
@FEW
def test_symmetric_windows_are_numpys(length):
    np.testing.assert_allclose(tf.signal.hann_window(length, periodic=False), np.hanning(length), atol=1e-6)
    np.testing.assert_allclose(tf.signal.hamming_window(length, periodic=False), np.hamming(length), atol=1e-6)
    np.testing.assert_allclose(tf.signal.kaiser_window(length, 5.0), np.kaiser(length, 5.0), atol=1e-6)


@given(st.integers(1, 32))
@FEW
def test_a_periodic_window_is_a_longer_one_without_its_end_and_odd_ones_are_symmetric(half):
    longer = np.hanning(2 * half + 1)
    np.testing.assert_allclose(tf.signal.hann_window(2 * half), longer[:-1], atol=1e-6)
    np.testing.assert_allclose(tf.signal.hann_window(2 * half + 1), longer, atol=1e-6)


@pytest.mark.parametrize("name", HALVES)
@given(st.integers(1, 32))
@FEW
def test_squares_of_halves_add_up_to_one(name, half):
    window = getattr(tf.signal, name)(2 * half, dtype=tf.float64).numpy()
    np.testing.assert_allclose(window[:half] ** 2 + window[half:] ** 2, 1)
    np.testing.assert_allclose(window, window[::-1])


@pytest.mark.parametrize("name", ["hann_window", "hamming_window", "kaiser_window", *HALVES])
def test_windows_have_lengths_and_dtypes(name):
    window = getattr(tf.signal, name)
    assert window(0).shape == [0]
    assert window(tf.constant(8)).shape == [8]
    assert window(8).dtype == tf.float32
    assert window(8, dtype=tf.float64).dtype == tf.float64
    with pytest.raises(tf.errors.InvalidArgumentError, match="a window is of floating point numbers; received int32"):
        window(8, dtype=tf.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="window_length: must be one number, not negative"):
        window(-1)


def test_a_window_of_one_is_one():
    assert [float(getattr(tf.signal, name)(1)[0]) for name in ("hann_window", "hamming_window", "kaiser_window")] == [
        1
    ] * 3
