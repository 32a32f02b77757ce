"""Gradients of depthwise convolutions give what the plain ones give."""

from __future__ import annotations

import jax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.gradients import ORDER, convolved, numbers, windows

INPUT, WEIGHTS = "/depthwise_input_gradient/", "/depthwise_weight_gradient/"


def depthwise(images, kernel, *window, **options):
    return convolved(images, kernel, *window, feature_group_count=kernel.shape[-1], **options)


@given(windows())
@settings(max_examples=3, deadline=None)
def test_gradients_of_large_kernels_agree(window):
    gradient = lambda x, k: jax.grad(lambda k: (depthwise(x, k, **window) ** 2).sum())(k)  # noqa: E731
    operands = numbers(2, 17, 9, 2), numbers(7, 4, 1, 2)
    assert_agree(gradient, *operands, gradients=(0,))
    assert lowered_by(WEIGHTS, gradient, *operands)


@given(windows(), st.integers(1, 3))
@settings(max_examples=4, deadline=None)
def test_gradients_agree(window, batch):
    assert_agree(lambda x, k: depthwise(x, k, **window), numbers(batch, 6, 7, 3), numbers(3, 2, 1, 3), gradients=(0, 1))


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_every_dtype_of_floating_point_agrees(dtype):
    with jax.enable_x64(dtype == "float64"):
        operands = numbers(4, 5, 5, 3, dtype=dtype), numbers(3, 3, 1, 3, dtype=dtype)
        assert_agree(lambda x, k: depthwise(x, k, (2, 2)), *operands, gradients=(0, 1))


def test_transposed_depthwise_convolutions_agree():
    def enlarged(images, kernel):
        return lax.conv_general_dilated(
            images, kernel, (1, 1), ((2, 1), (1, -1)), (2, 3), dimension_numbers=ORDER, feature_group_count=3
        )

    operands = numbers(2, 4, 3, 3), numbers(3, 2, 1, 3)
    assert_agree(enlarged, *operands, gradients=(0, 1))
    assert lowered_by(INPUT, enlarged, *operands)


def test_gradients_of_gradients_agree():
    def curved(images, kernel):
        return jax.grad(lambda k: (depthwise(images, k, (2, 1)) ** 3).sum())(kernel)

    assert_agree(curved, numbers(2, 5, 5, 2), numbers(3, 3, 1, 2), gradients=(0, 1))


@pytest.mark.parametrize(("strides", "spread"), [((1, 1), False), ((2, 2), True)])
def test_the_rules_lower_what_mobile_networks_do(strides, spread):
    gradient = jax.grad(lambda k, x: depthwise(x, k, strides).sum(), (0, 1))
    operands = numbers(3, 3, 1, 4), numbers(2, 6, 6, 4)
    assert lowered_by(WEIGHTS, gradient, *operands)
    assert lowered_by(INPUT, gradient, *operands) == spread


@pytest.mark.parametrize("size", [2, 3])
def test_images_as_small_as_kernels_are_lowered_by_the_rule(size):
    gradient = jax.grad(lambda k, x: depthwise(x, k).sum())
    operands = numbers(3, 3, 1, 4), numbers(2, size, size, 4)
    assert_agree(gradient, *operands)
    assert lowered_by(WEIGHTS, gradient, *operands)


@given(windows(), st.sampled_from([(8, 1, 2), (8, 2, 4), (9, 2, 1)]))
@settings(max_examples=4, deadline=None)
def test_gradients_of_many_narrow_groups_agree(window, sizes):
    groups, channels, filters = sizes
    operands = numbers(2, 6, 7, groups * channels), numbers(3, 2, channels, groups * filters)
    assert_agree(lambda x, k: convolved(x, k, **window, feature_group_count=groups), *operands, gradients=(0, 1))


@pytest.mark.parametrize(
    ("groups", "channels", "filters", "chosen"), [(4, 1, 1, True), (8, 1, 3, True), (8, 2, 2, True), (4, 1, 2, False)]
)
def test_the_rule_lowers_several_filters_of_many_groups(groups, channels, filters, chosen):
    gradient = jax.grad(lambda k, x: convolved(x, k, feature_group_count=groups).sum())
    operands = numbers(3, 3, channels, groups * filters), numbers(2, 6, 6, groups * channels)
    assert lowered_by(WEIGHTS, gradient, *operands) == chosen
