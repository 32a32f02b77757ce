from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError


@given(
    st.floats(-1e6, 1e6, allow_subnormal=False), st.sampled_from(["int32", "int64", "float64", "float16", "complex64"])
)
@settings(max_examples=25)
def test_numbers_are_cast_as_numpy_casts_them(x, dtype):
    with np.errstate(all="ignore"):
        expected = np.float64(x).astype(dtype)
    found = tf.cast(np.float64(x), dtype)
    assert found.dtype == dtype
    assert found.numpy() == expected


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (1.9, "int32", 1),
        (-1.9, "int32", -1),
        (300.0, "uint8", 44),
        (-1.0, "uint8", 255),
        (300, "uint8", 44),
        (2.0, "bool", True),
        (float("nan"), "bool", True),
        (0, "bool", False),
        (True, "float32", 1.0),
        (3 + 4j, "float32", 3.0),
    ],
)
def test_fractions_are_cut_off_and_integers_wrap(value, dtype, expected):
    assert tf.cast(value, dtype).numpy() == expected


def test_strings_are_no_numbers():
    with pytest.raises(InvalidArgumentError, match="of string is not in the list"):
        tf.cast("1", tf.int32)


def test_gradients_flow_through_floats_and_stop_at_integers():
    x = tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        wide = tf.cast(x, tf.float64) * 3
        cut = tf.cast(tf.cast(x, tf.int32), tf.float32) * 3
    assert tape.gradient(wide, x).numpy() == 3.0
    assert tape.gradient(wide, x).dtype == tf.float32
    assert tape.gradient(cut, x) is None


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (300, "uint8", 255),
        (-5.7, "uint8", 0),
        (1e20, "int32", 2147483520),
        (np.float64(1e300), "float32", np.finfo(np.float32).max),
        (np.float64(np.inf), "float32", np.finfo(np.float32).max),
        (70000.0, "float16", 65504.0),
        (np.int64(-(2**40)), "int32", -(2**31)),
        (np.uint8(200), "int8", 127),
        (17.5, "int16", 17),
        (2 + 1j, "float32", 2.0),
    ],
)
def test_saturating_casts_give_the_nearest_number_that_fits(value, dtype, expected):
    found = tf.saturate_cast(value, dtype)
    assert found.dtype == dtype
    assert found.numpy() == expected


def test_bits_are_read_as_another_dtype():
    assert tf.bitcast(1.0, tf.int32).numpy() == 0x3F800000
    assert tf.bitcast([1.0], tf.uint8).numpy().tolist() == [[0, 0, 128, 63]]
    assert tf.bitcast(np.array([0, 0, 128, 63], np.uint8), tf.float32).numpy() == 1.0
