from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf

RANKS = {1: "", 2: "2d", 3: "3d"}
SHAPES = st.lists(st.integers(1, 5), min_size=3, max_size=4)
FEW = settings(max_examples=8)


def complex_numbers(shape):
    source = np.random.default_rng(sum(shape))
    return source.normal(size=shape) + 1j * source.normal(size=shape)


@pytest.mark.parametrize("rank", RANKS)
@given(SHAPES)
@FEW
def test_transforms_of_complex_numbers_are_numpys(rank, shape):
    values, axes = complex_numbers(shape), tuple(range(-rank, 0))
    forward, inverse = (getattr(tf.signal, f"{name}{RANKS[rank]}") for name in ("fft", "ifft"))
    np.testing.assert_allclose(forward(values), np.fft.fftn(values, axes=axes), atol=1e-12)
    np.testing.assert_allclose(inverse(forward(values)), values, atol=1e-12)


@pytest.mark.parametrize("rank", RANKS)
@given(SHAPES, st.data())
@FEW
def test_transforms_of_real_numbers_are_half_of_numpys(rank, shape, data):
    values, axes = complex_numbers(shape).real, tuple(range(-rank, 0))
    lengths = data.draw(st.none() | st.lists(st.integers(2, 6), min_size=rank, max_size=rank))
    forward, inverse = (getattr(tf.signal, f"{name}{RANKS[rank]}") for name in ("rfft", "irfft"))
    found = forward(values, lengths)
    np.testing.assert_allclose(found, np.fft.rfftn(values, lengths, axes), atol=1e-12)
    lengths = lengths or values.shape[-rank:]
    np.testing.assert_allclose(inverse(found, lengths), np.fft.irfftn(found.numpy(), lengths, axes), atol=1e-12)


def test_lengths_may_be_a_tensor_and_the_default_is_even():
    assert tf.signal.rfft([1.0, 2.0, 3.0], tf.constant([8])).shape == [5]
    assert tf.signal.irfft(tf.constant([1j, 2, 3], tf.complex64)).shape == [4]


@pytest.mark.parametrize(("real", "wide"), [("float32", "complex64"), ("float64", "complex128")])
def test_precision_stays(real, wide):
    values = tf.constant([1.0, 2.0, 4.0, 7.0], real)
    found = tf.signal.rfft(values)
    assert found.dtype == wide
    assert tf.signal.irfft(found).dtype == real


def test_the_gradient_of_the_energy_of_a_spectrum_is_the_signal():
    values = tf.constant(complex_numbers([8]).real)
    with tf.GradientTape() as tape:
        tape.watch(values)
        spectrum = tf.signal.fft(tf.cast(values, tf.complex128))
        energy = tf.reduce_sum(tf.abs(spectrum) ** 2)
    np.testing.assert_allclose(tape.gradient(energy, values), 16 * values.numpy())


@given(st.integers(1, 6), st.sampled_from([None, 0, -1, [0, 1]]))
@FEW
def test_shifts_move_frequency_0_to_the_middle_and_back(length, axes):
    values = np.arange(length * 3).reshape(length, 3)
    np.testing.assert_array_equal(tf.signal.fftshift(values, axes), np.fft.fftshift(values, axes))
    np.testing.assert_array_equal(tf.signal.ifftshift(tf.signal.fftshift(values, axes), axes), values)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf.signal.fft(tf.constant([1.0])), "not in the list of allowed values: complex128, complex64"),
        (lambda: tf.signal.fft2d(tf.constant([1j])), r"rank at least 2; received the shape \[1\]"),
        (lambda: tf.signal.rfft([1.0, 2.0], 3), "fft_length: must have 1 sizes; received 3"),
        (lambda: tf.signal.irfft2d(tf.constant([[1j]]), [3]), "fft_length: must have 2 sizes"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call()
