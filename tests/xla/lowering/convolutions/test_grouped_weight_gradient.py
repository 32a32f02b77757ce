"""Gradients of grouped convolutions give what the plain ones give."""

from __future__ import annotations

import jax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.gradients import convolved, numbers, windows

RULE = "/grouped_weight_gradient/"


@given(windows(), st.sampled_from([(2, 4, 4), (3, 3, 6), (2, 6, 2)]))
@settings(max_examples=3, deadline=None)
def test_gradients_agree(window, sizes):
    groups, channels, filters = sizes
    operands = numbers(2, 6, 7, channels), numbers(3, 2, channels // groups, filters)
    assert_agree(lambda x, k: convolved(x, k, **window, feature_group_count=groups), *operands, gradients=(0, 1))


@pytest.mark.parametrize(("groups", "loops"), [(2, 0), (4, 0), (5, 1), (6, 1)])
def test_few_groups_are_written_out_and_many_are_a_loop(groups, loops):
    gradient = jax.grad(lambda k, x: convolved(x, k, feature_group_count=groups).sum())
    operands = numbers(3, 3, 3, 2 * groups), numbers(2, 6, 6, 3 * groups)
    assert_agree(gradient, *operands)
    assert jax.jit(lambda *given: gradient(*given)).lower(*operands).as_text().count("stablehlo.while") == loops


def test_one_group_is_left_as_it_is():
    gradient = jax.grad(lambda k, x: convolved(x, k).sum())
    assert not lowered_by(RULE, gradient, numbers(3, 3, 4, 4), numbers(2, 6, 6, 4))


def test_other_orders_agree():
    def grouped(images, kernel):
        return convolved(images, kernel, order=("NCHW", "OIHW", "NCHW"), feature_group_count=2)

    assert_agree(grouped, numbers(2, 4, 5, 6), numbers(4, 2, 3, 2), gradients=(0, 1))
