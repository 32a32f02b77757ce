"""The gradients and tangents of max pooling go to the elements that XLA's loop selects, bit for bit."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from tenon.xla import without_lowering_rules
from tests.xla.lowering.comparison import lowered_by

SPECIAL = [0.0, 1.0, 1.0, 2.0, -3.0, np.nan, np.inf, -np.inf]


def pooled(window, strides, padding, largest=True):
    start, reducer = (-np.inf, lax.max) if largest else (np.inf, lax.min)
    return lambda given: lax.reduce_window(given, start, reducer, window, strides, padding)


def derivatives(function):
    """Return a function of an array that gives a gradient, a tangent and a tangent of the gradient."""

    def gradient(given):
        result, transposed = jax.vjp(function, given)
        return transposed(jnp.arange(1, result.size + 1, dtype=result.dtype).reshape(result.shape) * given.sum())[0]

    def found(given):
        directions = jnp.arange(given.size, dtype=given.dtype).reshape(given.shape)
        return jax.jvp(gradient, (given,), (directions,)), jax.jvp(function, (given,), (directions,))[1]

    return found


def assert_same(function, given):
    found = jax.jit(derivatives(function))(given)
    with without_lowering_rules():
        plain = jax.jit(derivatives(function))(given)
    jax.tree.map(np.testing.assert_array_equal, found, plain)


def numbers(*shape, special=False, seed=0, dtype="float32"):
    random = np.random.default_rng(seed)
    return (random.choice(SPECIAL, shape) if special else random.integers(-3, 4, shape)).astype(dtype)


def per_dimension(numbers):
    return st.tuples(numbers, numbers)


@given(
    per_dimension(st.integers(3, 6)),
    per_dimension(st.integers(1, 3)),
    per_dimension(st.integers(1, 3)),
    per_dimension(st.tuples(st.integers(0, 2), st.integers(0, 2))),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=8, deadline=None)
def test_ties_infinities_and_nan_go_where_the_plain_form_sends_them(shape, window, strides, padding, largest, special):
    function = pooled((1, *window, 1), (1, *strides, 1), ((0, 0), *padding, (0, 0)), largest)
    assert_same(function, numbers(9, *shape, 4, special=special))


@pytest.mark.parametrize("places", [(1,), (2, 3), (1, 2, 3)])
def test_any_dimensions_may_be_pooled(places):
    sizes = lambda size: tuple(size if place in places else 1 for place in range(4))  # noqa: E731
    function = pooled(sizes(3), sizes(2), tuple((1, 0) if place in places else (0, 0) for place in range(4)))
    assert lowered_by("max_pool_gradient", derivatives(function), numbers(2, 5, 6, 5))
    assert_same(function, numbers(2, 5, 6, 5))


def test_tangents_through_padded_windows_are_left_as_they_are():
    """Which of equal elements XLA takes depends there on where the padding is."""
    rule, images = "max_pool_tangent", numbers(2, 5, 6, 2)
    for padding, expected in ((0, True), (1, False)):
        function = pooled((1, 3, 2, 1), (1, 2, 2, 1), ((0, 0), (0, 0), (0, padding), (0, 0)))
        assert lowered_by(rule, derivatives(function), images) == expected


def test_the_window_may_leave_elements_between_its_places():
    assert_same(pooled((1, 2, 1), (1, 4, 1), ((0, 0),) * 3), numbers(2, 11, 3))
