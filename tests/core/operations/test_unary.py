from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf

NUMPY = {
    "exp": np.exp,
    "expm1": np.expm1,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "abs": np.abs,
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "rint": np.rint,
    "round": np.round,
}


@pytest.mark.parametrize("name", sorted(NUMPY))
@given(st.floats(-8, 8, allow_subnormal=False))
@settings(max_examples=10)
def test_sixty_four_bits_are_as_exact_as_numpys(name, x):
    np.testing.assert_allclose(getattr(tf.math, name)(np.float64(x)).numpy(), NUMPY[name](x), rtol=1e-12, atol=1e-14)


def test_halves_are_rounded_to_the_even_neighbour():
    assert tf.round([0.5, 1.5, 2.5, -0.5, -1.5]).numpy().tolist() == [0.0, 2.0, 2.0, -0.0, -2.0]
    assert tf.round(tf.constant([3, -4])).numpy().tolist() == [3, -4]


def test_ends_of_functions_are_infinite_or_no_number():
    assert tf.math.log(0.0).numpy() == -np.inf
    assert np.isnan(tf.math.log(-1.0).numpy())
    assert np.isnan(tf.sqrt(-1.0).numpy())
    assert tf.math.rsqrt(0.0).numpy() == np.inf
    assert tf.exp(1000.0).numpy() == np.inf
    assert tf.sigmoid([-1000.0, 1000.0]).numpy().tolist() == [0.0, 1.0]
    assert tf.math.log_sigmoid(-1000.0).numpy() == -1000.0


def test_small_numbers_keep_their_digits():
    assert tf.math.log1p(1e-20).numpy() == np.float32(1e-20)
    assert tf.math.expm1(1e-20).numpy() == np.float32(1e-20)


def test_complex_numbers_have_roots_and_a_direction():
    np.testing.assert_allclose(tf.sqrt(tf.constant(-4 + 0j)).numpy(), 2j, atol=1e-12)
    np.testing.assert_allclose(tf.sign(tf.constant([3 + 4j, 0j])).numpy(), [0.6 + 0.8j, 0])
    assert tf.abs(tf.constant(3 + 4j)).dtype == tf.float64


def test_gradients_of_complex_numbers_are_tensorflows_conjugates():
    z = tf.constant(1 + 2j)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        results = [z * z, tf.math.real(z), tf.math.imag(z), tf.math.conj(z), tf.abs(z), tf.exp(z)]
    found = [tape.gradient(result, z).numpy() for result in results]
    size = np.abs(1 + 2j)
    np.testing.assert_allclose(found, [2 - 4j, 1, 1j, 1, (1 + 2j) / size, np.conj(np.exp(1 + 2j))], rtol=1e-12)


def test_angles_know_their_quadrant():
    found = tf.atan2([1.0, 1.0, -1.0, -1.0], [1.0, -1.0, -1.0, 1.0]).numpy()
    np.testing.assert_allclose(found, np.pi * np.array([0.25, 0.75, -0.75, -0.25]), rtol=1e-6)
