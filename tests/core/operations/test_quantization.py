from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError

ARGS = tf.quantization.fake_quant_with_min_max_args
VARS = tf.quantization.fake_quant_with_min_max_vars
CHANNELS = tf.quantization.fake_quant_with_min_max_vars_per_channel


@given(st.floats(-20, 20, allow_subnormal=False), st.integers(2, 8), st.booleans())
@settings(max_examples=30)
def test_every_number_becomes_one_of_the_steps_and_the_nearest_inside(x, num_bits, narrow_range):
    found = float(ARGS(x, -6, 6, num_bits, narrow_range))
    step = 12 / (2**num_bits - 1 - narrow_range)
    assert found / step == pytest.approx(round(found / step), abs=1e-3)
    if abs(x) < 6 - step:
        assert abs(found - x) <= step / 2 + 1e-5


def test_zero_is_always_a_step():
    assert ARGS(0.0).numpy() == 0.0
    assert VARS([0.0], 0.5, 6.0).numpy().tolist() == [0.0]


def test_gradients_go_through_inside_and_to_the_bounds_outside():
    tensors = [tf.constant([-10.0, -0.5, 0.3, 7.0]), tf.constant(-6.0), tf.constant(6.0)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        y = VARS(*tensors)
    inside, low, high = [gradient.numpy().tolist() for gradient in tape.gradient(y, tensors)]
    assert (inside, low, high) == ([0.0, 1.0, 1.0, 0.0], 1.0, 1.0)


def test_channels_have_bounds_of_their_own():
    found = CHANNELS([[-10.0, -10.0]], [-6.0, -1.0], [6.0, 1.0]).numpy()
    np.testing.assert_allclose(found, [[-6.0235295, -1.0039216]], rtol=1e-5)


def test_numbers_of_bits_are_from_2_to_16():
    with pytest.raises(InvalidArgumentError, match="num_bits: must be between 2 and 16"):
        ARGS(1.0, num_bits=17)
