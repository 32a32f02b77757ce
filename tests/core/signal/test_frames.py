from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf

SIZES = st.integers(1, 6)
FEW = settings(max_examples=15)


@given(st.integers(0, 12), SIZES, SIZES)
@FEW
def test_frames_are_slices(length, size, step):
    values = np.arange(2 * length).reshape(2, length)
    found = tf.signal.frame(values, size, step).numpy()
    begins = range(0, length - size + 1, step)
    assert found.shape == (2, len(begins), size)
    for place, begin in enumerate(begins):
        np.testing.assert_array_equal(found[:, place], values[:, begin : begin + size])


@given(st.integers(1, 12), SIZES, SIZES)
@FEW
def test_a_frame_may_begin_at_every_step(length, size, step):
    values = np.arange(length)
    found = tf.signal.frame(values, size, step, pad_end=True, pad_value=-1).numpy()
    begins = range(0, length, step)
    expected = [[values[i] if i < length else -1 for i in range(begin, begin + size)] for begin in begins]
    assert found.tolist() == expected


@pytest.mark.parametrize("axis", [0, 1, -1, -3])
def test_frames_are_cut_along_any_dimension(axis):
    values = np.arange(7 * 6 * 8).reshape(7, 6, 8)
    found = tf.signal.frame(values, 3, 2, axis=axis).numpy()
    place = axis % 3
    first = np.take(values, range(2, 5), axis)
    np.testing.assert_array_equal(np.take(found, 1, place), first)
    assert found.ndim == 4


@given(st.integers(0, 5), SIZES, SIZES)
@FEW
def test_frames_are_added_where_they_overlap(count, size, step):
    frames = np.random.default_rng(count).normal(size=(2, count, size))
    expected = np.zeros((2, max(0, (count - 1) * step + size)))
    for place in range(count):
        expected[:, place * step : place * step + size] += frames[:, place]
    np.testing.assert_allclose(tf.signal.overlap_and_add(frames, step), expected, atol=1e-12)


def test_adding_up_is_the_transpose_of_cutting():
    values, frames = np.random.default_rng(1).normal(size=10), np.random.default_rng(2).normal(size=(4, 4))
    signal = tf.constant(values)
    with tf.GradientTape() as tape:
        tape.watch(signal)
        cut = tf.signal.frame(signal, 4, 2)
    gradient = tape.gradient(cut, signal, output_gradients=tf.constant(frames))
    np.testing.assert_allclose(gradient, tf.signal.overlap_and_add(frames, 2))


def test_the_dtype_stays():
    assert tf.signal.frame(np.arange(5, dtype="uint8"), 2, 2).dtype == tf.uint8
    assert tf.signal.overlap_and_add(np.ones((2, 3), "int32"), 2).numpy().tolist() == [1, 1, 2, 1, 1]


def test_what_does_not_fit_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"received 0 and 2 for the shape \[5\]"):
        tf.signal.frame(np.ones(5), 0, 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 2 dimensions, and a positive step"):
        tf.signal.overlap_and_add(np.ones(5), 2)
