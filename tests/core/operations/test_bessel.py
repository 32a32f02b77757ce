from __future__ import annotations

import numpy as np
import pytest
import scipy.special as reference
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf

SCIPY = {name: getattr(reference, name) for name in ("j0", "j1", "y0", "y1", "k0", "k1", "k0e", "k1e")}


@pytest.mark.parametrize("name", sorted(SCIPY))
@given(st.floats(1e-8, 200) | st.floats(24, 26))
@settings(max_examples=15)
def test_positive_numbers_give_scipys_values(name, x):
    found = getattr(tf.math.special, f"bessel_{name}")(np.float64(x)).numpy()
    np.testing.assert_allclose(found, SCIPY[name](x), rtol=1e-11, atol=1e-13)


def test_even_and_odd_functions_of_negative_numbers():
    assert tf.math.special.bessel_j0(-2.0).numpy() == tf.math.special.bessel_j0(2.0).numpy()
    assert tf.math.special.bessel_j1(-2.0).numpy() == -tf.math.special.bessel_j1(2.0).numpy()


@pytest.mark.parametrize(("name", "at_zero"), [("y0", -np.inf), ("y1", -np.inf), ("k0", np.inf), ("k1e", np.inf)])
def test_functions_of_the_second_kind_end_at_zero(name, at_zero):
    found = getattr(tf.math.special, f"bessel_{name}")([0.0, -1.0]).numpy()
    assert found[0] == at_zero
    assert np.isnan(found[1])
