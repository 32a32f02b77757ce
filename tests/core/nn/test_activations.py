from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenon as tf

VALUES = hnp.arrays(np.float64, (2, 3), elements=st.floats(-50, 50))
FORMULAS = {
    "relu": lambda x: max(x, 0.0),
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "leaky_relu": lambda x: x if x > 0 else 0.2 * x,
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x)),
    "gelu": lambda x: 0.5 * x * math.erfc(-x / math.sqrt(2)),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "softplus": lambda x: math.log1p(math.exp(-abs(x))) + max(x, 0.0),
    "softsign": lambda x: x / (1 + abs(x)),
}


@pytest.mark.parametrize("name", FORMULAS)
@given(VALUES)
def test_an_activation_is_its_formula(name, values):
    expected = np.vectorize(FORMULAS[name], otypes=[float])(values)
    np.testing.assert_allclose(getattr(tf.nn, name)(values).numpy(), expected, rtol=1e-7, atol=1e-12)


@given(VALUES, st.sampled_from([None, 0, 1, -1]))
def test_softmax_adds_up_to_one_and_log_softmax_is_its_logarithm(values, axis):
    found = tf.nn.softmax(values, axis).numpy()
    np.testing.assert_allclose(found.sum(-1 if axis is None else axis), 1, rtol=1e-12)
    np.testing.assert_allclose(tf.nn.log_softmax(values, axis).numpy(), np.log(found), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(tf.nn.softmax(values + 1e3, axis).numpy(), found, rtol=1e-9)


def gradient(function, value):
    value = tf.constant(value)
    with tf.GradientTape() as tape:
        tape.watch(value)
        result = function(value)
    return float(tape.gradient(result, value))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("relu", 0.0, 0.0),
        ("relu6", 0.0, 0.0),
        ("relu6", 6.0, 0.0),
        ("leaky_relu", 0.0, 0.2),
        ("elu", 0.0, 1.0),
        ("selu", 0.0, 1.0507009873554805),
        ("softsign", 0.0, 1.0),
        ("softplus", 800.0, 1.0),
        ("elu", 800.0, 1.0),
        ("gelu", -800.0, 0.0),
    ],
)
def test_gradients_at_bends_and_far_away_are_tensorflows(name, value, expected):
    assert gradient(getattr(tf.nn, name), value) == pytest.approx(expected)


def test_crelu_sets_both_signs_side_by_side():
    assert tf.nn.crelu([[-1, 2]]).numpy().tolist() == [[0, 2, 1, 0]]
    assert tf.nn.crelu([[-1, 2]], axis=0).numpy().tolist() == [[0, 2], [1, 0]]


def test_leaky_relu_takes_another_slope_and_integers():
    assert tf.nn.leaky_relu([-1.0, 2.0], alpha=2.0).numpy().tolist() == [-2.0, 2.0]
    assert tf.nn.leaky_relu([-5, 2]).dtype == tf.float32


def test_silu_takes_a_beta_that_has_a_gradient():
    assert tf.nn.silu is tf.nn.swish
    assert float(tf.nn.silu(2.0, 0.5)) == pytest.approx(2 / (1 + math.exp(-1)))
    assert gradient(lambda beta: tf.nn.silu(2.0, beta), 0.0) == pytest.approx(1.0)


def test_gelu_may_be_approximate():
    exact, near = (float(tf.nn.gelu(1.0, approximate)) for approximate in (False, True))
    assert exact != near
    assert near == pytest.approx(exact, abs=1e-3)


def test_nan_stays_nan():
    for name in ("relu", "relu6", "elu", "selu", "leaky_relu"):
        assert math.isnan(float(getattr(tf.nn, name)(math.nan)))


@pytest.mark.parametrize("name", ["elu", "selu", "gelu", "softplus", "softsign", "softmax", "log_softmax"])
def test_integers_are_refused_where_the_result_is_none(name):
    with pytest.raises(tf.errors.InvalidArgumentError, match="not in the list of allowed values"):
        getattr(tf.nn, name)([1, 2])


def test_softmax_needs_a_dimension():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"tf.nn.softmax.*axis"):
        tf.nn.softmax(1.0)
