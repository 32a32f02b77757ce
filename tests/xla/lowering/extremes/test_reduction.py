"""``lax.reduce`` by the larger or the smaller keeps NaN whatever it starts with."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from jax import lax

from tests.xla.lowering.comparison import lowered_by


def values(*specials):
    given = np.random.default_rng(0).normal(size=(64, 100)).astype("float32")
    for row, special in enumerate(specials):
        given[row, 50] = special
    return given


@pytest.mark.parametrize(("function", "of_numpy"), [(lax.max, np.maximum), (lax.min, np.minimum)])
def test_another_start_is_taken_into_account(function, of_numpy):
    given = values(np.nan, np.inf, -np.inf)
    found = jax.jit(lambda each: lax.reduce(each, np.float32(0.5), function, (1,)))(given)
    np.testing.assert_array_equal(found, of_numpy.reduce(given, axis=1, initial=0.5))


def test_the_start_may_be_nan():
    found = jax.jit(lambda each, start: lax.reduce(each, start, lax.max, (1,)))(values(), np.float32(np.nan))
    assert np.isnan(found).all()


@pytest.mark.parametrize(
    "function",
    [
        lambda one, other: one * other,
        lambda one, _: lax.max(one, one),
        lambda one, other: lax.max(one, other) + 0 * one,
    ],
    ids=["product", "one of them", "more than that"],
)
def test_other_functions_are_left_as_they_are(function):
    assert not lowered_by("cond", lambda each: lax.reduce(each, np.float32(0.5), function, (1,)), values())


def test_reductions_of_several_arrays_are_left_as_they_are():
    def larger(one, other):
        return lax.max(one[0], other[0]), lax.min(one[1], other[1])

    start = (np.float32(-np.inf), np.float32(np.inf))
    found = jax.jit(lambda each: lax.reduce((each, each), start, larger, (1,)))(values())
    np.testing.assert_array_equal(found, (values().max(1), values().min(1)))
