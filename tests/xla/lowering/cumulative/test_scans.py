"""Cumulative sums, products and extremes are NumPy's, in both directions, with NaN and infinities."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tests.xla.lowering.comparison import assert_agree, lowered_by

OPERATIONS = {
    "sum": (lax.cumsum, np.add),
    "product": (lax.cumprod, np.multiply),
    "maximum": (lax.cummax, np.maximum),
    "minimum": (lax.cummin, np.minimum),
}

CASES = [("sum", (70000,), 0), ("product", (2200, 31), 0), ("maximum", (66, 1001), 1), ("minimum", (2200, 31), 0)]


def numbers(shape):
    given = np.random.default_rng(0).choice([-1.0, 1.0], shape).astype("float32")
    given.flat[given.size // 3], given.flat[given.size // 2], given.flat[-1] = np.inf, np.nan, -np.inf
    return given


@pytest.mark.parametrize(("name", "shape", "axis"), CASES)
def test_what_came_before_is_joined(name, shape, axis):
    function, of_numpy = OPERATIONS[name]
    given = numbers(shape)
    reverse = shape[0] == 2200

    def joined(each):
        return function(each, axis, reverse)

    wanted = of_numpy.accumulate(np.flip(given, axis) if reverse else given, axis)
    np.testing.assert_array_equal(jax.jit(joined)(given), np.flip(wanted, axis) if reverse else wanted)
    assert lowered_by(f"cumulative_{name}", joined, given)


@pytest.mark.parametrize("name", ["sum", "product"])
def test_gradients_are_the_plain_ones(name):
    function, _ = OPERATIONS[name]
    given = jnp.asarray(np.random.default_rng(0).uniform(0.95, 1.05, (1100, 60)), "float32")
    assert_agree(lambda each: function(each, 1), given, gradients=[0])


def test_integers_wrap_around_as_in_numpy():
    given = np.full((20, 3300), 2**30, "int32")
    np.testing.assert_array_equal(jax.jit(lambda each: lax.cumsum(each, 0))(given), given.cumsum(0, dtype="int32"))


@pytest.mark.parametrize("given", [np.ones(1000, "float32"), jnp.ones((400, 200), "bfloat16")], ids=["few", "bfloat16"])
def test_others_are_left_as_they_are(given):
    assert not lowered_by("cumulative_sum", lambda each: lax.cumsum(each, 0), given)
