"""Gradients of kernels over many images, a few at a time, give what they give at once."""

from __future__ import annotations

import jax
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jax import lax

from tenon.xla.lowering.convolutions._convolution import described
from tenon.xla.lowering.convolutions._weight_gradient_in_turns import CACHE_BYTES, MIN_IMAGES, images_in_turn
from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.gradients import convolved, numbers, windows

RULE = "/weight_gradient_in_turns/"
WIDE = 400
"""Channels of images that are so large that a turn takes eight."""


def gradient(images, kernel, **window):
    return jax.grad(lambda k: (convolved(images, k, **window) ** 2).sum())(kernel)


@given(windows(), st.sampled_from([16, 17, 23]))
@example({"strides": (1, 1), "padding": "SAME", "rhs_dilation": (1, 1)}, 19)
@settings(max_examples=2, deadline=None)
def test_gradients_agree(window, images):
    operands = numbers(images, 6, 7, WIDE), numbers(3, 2, WIDE, 17)
    assert_agree(lambda x, k: gradient(x, k, **window), *operands)


@pytest.mark.parametrize("order", [("NCHW", "OIHW", "NCHW"), ("NHWC", "OIHW", "NCHW")])
def test_dimensions_may_stand_in_any_order(order):
    sizes = [dict(zip("NHWC", (19, 6, 7, WIDE), strict=True)), dict(zip("HWIO", (2, 2, WIDE, 17), strict=True))]
    operands = [numbers(*(size[name] for name in names)) for size, names in zip(sizes, order[:2], strict=True)]
    assert_agree(lambda x, k: gradient(x, k, order=order), *operands)
    assert lowered_by(RULE, lambda x, k: gradient(x, k, order=order), *operands)


def test_numbers_of_twice_the_precision_agree():
    with jax.enable_x64(True):
        operands = numbers(20, 5, 5, WIDE, dtype="float64"), numbers(3, 3, WIDE, 17, dtype="float64")
        assert_agree(gradient, *operands)
        assert lowered_by(RULE, gradient, *operands)


def test_groups_and_transposed_convolutions_take_turns_too():
    def grouped(images, kernel):
        return gradient(images, kernel, feature_group_count=2)

    assert_agree(grouped, numbers(17, 6, 7, 2 * WIDE), numbers(2, 2, WIDE, 36))
    assert lowered_by(RULE, grouped, numbers(17, 6, 7, 2 * WIDE), numbers(2, 2, WIDE, 36))

    def enlarged(images, kernel):
        return jax.grad(lambda k: (lax.conv_transpose(images, k, (2, 2), "SAME") ** 2).sum())(kernel)

    assert_agree(enlarged, numbers(19, 5, 4, WIDE), numbers(3, 3, WIDE, 17))
    assert lowered_by(RULE, enlarged, numbers(19, 5, 4, WIDE), numbers(3, 3, WIDE, 17))


@pytest.mark.parametrize(
    ("images", "kernel", "dtype", "chosen"),
    [
        ((16, 6, 7, WIDE), (2, 2, WIDE, 17), "float32", True),
        ((15, 6, 7, WIDE), (2, 2, WIDE, 17), "float32", False),  # not two turns
        ((40, 6, 7, 8), (2, 2, 8, 17), "float32", False),  # they stay in the cache at once
        ((16, 6, 7, WIDE), (2, 2, WIDE, 16), "float32", False),
        ((16, 6, 7, WIDE), (2, 2, WIDE, 17), "bfloat16", False),  # sums of sums would be rounded once more
        ((16, 6, 7, WIDE), (1, 1, WIDE, 17), "float32", False),  # a matrix product
    ],
)
def test_the_guard(images, kernel, dtype, chosen):
    assert lowered_by(RULE, gradient, numbers(*images, dtype=dtype), numbers(*kernel, dtype=dtype)) == chosen


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 64))
@settings(max_examples=30, deadline=None)
def test_turns_fill_the_cache_or_have_eight_images(channels, filters, size):
    images, window = jax.ShapeDtypeStruct((channels, size, size, 99), "float32"), (size, size, 99, filters)
    parameters = {
        "dimension_numbers": lax.ConvDimensionNumbers((0, 3, 1, 2), (3, 2, 0, 1), (0, 3, 1, 2)),
        "window_strides": (1, 1),
        "padding": ((1, 1), (1, 1)),
        "lhs_dilation": (1, 1),
        "rhs_dilation": (1, 1),
        "feature_group_count": 1,
        "batch_group_count": 1,
        "precision": None,
        "preferred_element_type": None,
    }
    number = images_in_turn(described((images, jax.ShapeDtypeStruct(window, "float32")), parameters))
    taken = number * 4 * size * size * (channels + filters)
    assert number % MIN_IMAGES == 0
    assert number == MIN_IMAGES or CACHE_BYTES / 2 < taken <= CACHE_BYTES
