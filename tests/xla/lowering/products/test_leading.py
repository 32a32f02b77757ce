"""Products over the first dimensions give what the plain ones give."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from tests.xla.lowering.comparison import assert_agree, lowered_by

RULE = "product_over_leading_dimensions"


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def over_leading(count, **options):
    leading = tuple(range(count))
    return lambda one, other: lax.dot_general(one, other, ((leading, leading), ((), ())), **options)


@given(
    st.sampled_from([(128, 1), (16, 9), (4, 8, 4), (2, 2, 4, 8)]),
    st.integers(1, 4),
    st.integers(1, 4),
)
@settings(max_examples=6, deadline=None)
def test_results_and_gradients_agree(rows, free, also_free):
    operands = numbers(*rows, free), numbers(*rows, also_free, seed=1)
    assert_agree(over_leading(len(rows)), *operands, gradients=(0, 1))
    assert lowered_by(RULE, over_leading(len(rows)), *operands)


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_dtypes_agree_and_the_asked_type_is_given(dtype):
    with jax.enable_x64(dtype == "float64"):
        operands = jnp.asarray(numbers(32, 8, 3), dtype), jnp.asarray(numbers(32, 8, 2, seed=1), dtype)
        assert_agree(over_leading(2), *operands)
        assert_agree(over_leading(2, preferred_element_type="float32"), *operands)


def test_the_weights_of_a_dense_layer_over_time_are_lowered_by_the_rule():
    def loss(weights, given):
        return ((given @ weights) ** 2).sum()

    assert lowered_by(RULE, jax.grad(loss), numbers(4, 3), numbers(8, 32, 4))
    assert not lowered_by(RULE, jax.grad(loss), numbers(4, 3), numbers(256, 4)), "one dimension: the plain one is good"


def test_other_products_are_left_as_they_are():
    batched = lambda one, other: jnp.einsum("bti,btj->bij", one, other)  # noqa: E731
    assert not lowered_by(RULE, batched, numbers(4, 64, 3), numbers(4, 64, 2))
    assert not lowered_by(RULE, over_leading(2), numbers(4, 4, 3), numbers(4, 4, 2)), "few rows"
    assert not lowered_by(RULE, over_leading(2), numbers(16, 8, 3, 2), numbers(16, 8, 2)), "good as it is"
    assert not lowered_by(RULE, over_leading(2), np.ones((32, 8, 3), "int32"), np.ones((32, 8, 2), "int32"))
