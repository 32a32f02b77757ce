"""Gradients of kernels with few filters give what the plain ones give."""

from __future__ import annotations

import jax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.gradients import convolved, numbers

RULE = "/weight_gradient_of_few_filters/"


def gradient(images, kernel, **window):
    return jax.grad(lambda k: (convolved(images, k, **window) ** 2).sum())(kernel)


@given(
    st.tuples(st.integers(1, 4), st.integers(2, 5)),
    st.sampled_from(["SAME", ((2, 2), (2, 3)), ((4, 0), (0, 5)), ((0, 3), (6, 1))]),
    st.sampled_from([(17, 16, 1), (33, 20, 15)]),
)
@settings(max_examples=5, deadline=None)
def test_gradients_agree(sizes, padding, widths):
    images, channels, filters = widths
    operands = numbers(images, 6, 7, channels), numbers(*sizes, channels, filters)
    assert_agree(lambda x, k: gradient(x, k, padding=padding), *operands)


def test_dimensions_may_stand_in_any_order():
    operands = numbers(17, 16, 6, 7), numbers(3, 16, 3, 3)
    function = lambda x, k: gradient(x, k, order=("NCHW", "OIHW", "NCHW"))  # noqa: E731
    assert_agree(function, *operands)
    assert lowered_by(RULE, function, *operands)


def test_many_images_are_taken_in_turns():
    operands = numbers(64, 32, 32, 32), numbers(3, 3, 32, 3)
    assert lowered_by("/weight_gradient_in_turns/", gradient, *operands)


@pytest.mark.parametrize(
    ("images", "kernel", "options", "chosen"),
    [
        ((17, 6, 6, 16), (3, 3, 16, 1), {}, True),
        ((17, 6, 6, 16), (3, 3, 16, 15), {}, True),
        ((17, 6, 6, 16), (3, 3, 16, 16), {}, False),
        ((17, 6, 6, 15), (3, 3, 15, 1), {}, False),
        ((16, 6, 6, 16), (3, 3, 16, 1), {}, False),
        ((17, 6, 6, 16), (1, 1, 16, 1), {}, False),  # a product
        ((17, 6, 6, 16), (3, 3, 16, 1), {"padding": "VALID"}, False),  # not YNNPACK's: more columns than the image has
        ((17, 6, 6, 16), (3, 3, 16, 1), {"strides": (2, 2)}, False),
        ((17, 6, 6, 16), (3, 3, 16, 1), {"rhs_dilation": (2, 2)}, False),
        ((17, 6, 6, 32), (3, 3, 16, 2), {"feature_group_count": 2}, True),  # group by group
    ],
)
def test_the_guard(images, kernel, options, chosen):
    function = lambda x, k: gradient(x, k, **options)  # noqa: E731
    assert lowered_by(RULE, function, numbers(*images), numbers(*kernel)) == chosen
