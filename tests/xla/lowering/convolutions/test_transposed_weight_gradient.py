"""Transposed convolutions and their gradients give what the plain ones give."""

from __future__ import annotations

import jax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.gradients import ORDER, convolved, numbers

RULE = "/transposed_weight_gradient/"


def enlarged(images, kernel, strides=(2, 2), padding="SAME"):
    return lax.conv_transpose(images, kernel, strides, padding, dimension_numbers=ORDER)


@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from(["SAME", "VALID", ((1, 2), (2, 0)), ((2, 2), (0, 3))]),
)
@settings(max_examples=4, deadline=None)
def test_gradients_agree(kernel, strides, padding):
    operands = numbers(2, 5, 4, 3), numbers(*kernel, 3, 2)
    assert_agree(lambda x, k: enlarged(x, k, strides, padding), *operands, gradients=(0, 1))


def test_dilations_on_one_side_only_agree():
    def spread(images, kernel):
        return convolved(images, kernel, padding=((2, 1), (0, -1)), lhs_dilation=(3, 1))

    assert_agree(spread, numbers(2, 4, 5, 3), numbers(3, 2, 3, 2), gradients=(0, 1))


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_every_dtype_of_floating_point_agrees(dtype):
    with jax.enable_x64(dtype == "float64"):
        assert_agree(enlarged, numbers(2, 5, 5, 3, dtype=dtype), numbers(3, 3, 3, 2, dtype=dtype), gradients=(1,))


def test_the_rule_lowers_what_decoders_do():
    gradient = jax.grad(lambda k, x: enlarged(x, k).sum())
    operands = numbers(2, 2, 3, 4), numbers(2, 7, 7, 3)
    assert lowered_by(RULE, gradient, *operands)
    assert lowered_by("/weight_gradient/", gradient, *operands)
    assert not lowered_by(RULE, jax.grad(lambda k, x: convolved(x, k).sum()), *operands)
