from __future__ import annotations

import numpy as np
import pytest
import scipy.special as reference
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf

SCIPY = {
    "erf": reference.erf,
    "erfc": reference.erfc,
    "lgamma": reference.gammaln,
    "digamma": reference.digamma,
    "bessel_i0": reference.i0,
    "bessel_i1": reference.i1,
    "bessel_i0e": reference.i0e,
    "bessel_i1e": reference.i1e,
    "special.dawsn": reference.dawsn,
    "special.expint": reference.expi,
    "special.spence": reference.spence,
    "special.fresnel_sin": lambda x: reference.fresnel(x)[0],
    "special.fresnel_cos": lambda x: reference.fresnel(x)[1],
}
OPEN = {"erfinv": reference.erfinv, "erfcinv": reference.erfcinv, "ndtri": reference.ndtri}


def function(name):
    return getattr(tf.math.special, name.removeprefix("special.")) if "special." in name else getattr(tf.math, name)


@pytest.mark.parametrize("name", sorted(SCIPY))
@given(st.floats(0.05, 6))
@settings(max_examples=10)
def test_positive_numbers_give_scipys_values(name, x):
    np.testing.assert_allclose(function(name)(np.float64(x)).numpy(), SCIPY[name](x), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", sorted(OPEN))
@given(st.floats(0.01, 0.99))
@settings(max_examples=10)
def test_inverses_give_scipys_values(name, x):
    np.testing.assert_allclose(function(name)(np.float64(x)).numpy(), OPEN[name](x), rtol=1e-8)


@given(st.floats(0.3, 5), st.floats(0.3, 5), st.floats(0.05, 0.95))
@settings(max_examples=15)
def test_functions_of_several_numbers_give_scipys_values(a, b, x):
    a, b, x = (np.float64(value) for value in (a, b, x))
    np.testing.assert_allclose(tf.math.igamma(a, b).numpy(), reference.gammainc(a, b), rtol=1e-8)
    np.testing.assert_allclose(tf.math.igammac(a, b).numpy(), reference.gammaincc(a, b), rtol=1e-8)
    np.testing.assert_allclose(tf.math.betainc(a, b, x).numpy(), reference.betainc(a, b, x), rtol=1e-8)
    np.testing.assert_allclose(tf.math.zeta(a + 1, b).numpy(), reference.zeta(a + 1, b), rtol=1e-8)
    np.testing.assert_allclose(tf.math.lbeta([a, b]).numpy(), reference.betaln(a, b), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_polygamma_is_a_derivative_of_digamma(order):
    found = tf.math.polygamma(np.float64(order), np.float64(2.5)).numpy()
    np.testing.assert_allclose(found, reference.polygamma(order, 2.5), rtol=1e-9)


def test_the_ends_of_inverses_are_infinite():
    assert tf.math.erfinv([-1.0, 1.0]).numpy().tolist() == [-np.inf, np.inf]
    assert tf.math.ndtri([0.0, 1.0]).numpy().tolist() == [-np.inf, np.inf]


def test_the_next_number_lies_in_the_direction_of_another():
    assert tf.math.nextafter(1.0, 2.0).numpy() == np.nextafter(np.float32(1), np.float32(2))
    assert tf.math.nextafter(1.0, 1.0).numpy() == 1.0


def test_no_sum_of_nothing_is_a_beta_function():
    assert tf.math.lbeta(tf.zeros([2, 0])).shape == [2]
