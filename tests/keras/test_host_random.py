"""Numbers drawn by NumPy are those that JAX draws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.keras import _host_random

SEEDS = st.integers(0, 2**32 - 1)


def key(seed):
    return jnp.array([seed, 0], "uint32")


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.floats(-4, 0, width=32), st.floats(0.125, 4, width=32))
def test_uniform_numbers_are_the_same_bit_for_bit(seed, low, high):
    expected = jax.random.uniform(key(seed), (257,), minval=low, maxval=high)
    np.testing.assert_array_equal(_host_random.uniform(seed, 257, low, high), expected)


@pytest.mark.parametrize("size", [0, 1, 2, _host_random._BLOCK, _host_random._BLOCK + 1])
def test_blocks_join_without_a_seam(size):
    expected = jax.random.uniform(key(5), (size,))
    np.testing.assert_array_equal(_host_random.uniform(5, size, 0.0, 1.0), expected)


@pytest.mark.parametrize(
    ("own", "of_jax"),
    [
        (_host_random.normal, jax.random.normal),
        (_host_random.truncated_normal, lambda key, shape: jax.random.truncated_normal(key, -2.0, 2.0, shape)),
    ],
)
def test_normal_numbers_are_the_same_up_to_rounding(own, of_jax):
    # 50,000 numbers have some in the tails, where the other polynomial is taken
    np.testing.assert_allclose(own(11, 50_000), of_jax(key(11), (50_000,)), rtol=3e-6, atol=1e-7)


def test_truncated_numbers_stay_between_their_bounds():
    assert np.abs(_host_random.truncated_normal(3, 100_000)).max() < 2.0


def test_seeds_beyond_32_bits_are_cut_as_keys_are():
    np.testing.assert_array_equal(_host_random.uniform(2**32 + 9, 4, 0, 1), _host_random.uniform(9, 4, 0, 1))


def test_everything_is_of_32_bits():
    assert {draw(1, 3).dtype.name for draw in (_host_random.normal, _host_random.truncated_normal)} == {"float32"}
    assert _host_random.uniform(1, 3, 0, 1).dtype == np.float32
