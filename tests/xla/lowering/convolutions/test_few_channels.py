"""Convolutions with few channels and filters give what the plain ones give."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.xla import without_lowering_rules
from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.gradients import convolved, numbers

RULE = "/few_channels/"


@given(
    st.integers(24, 29),
    st.tuples(st.integers(3, 5), st.integers(3, 7)),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    st.sampled_from(["SAME", "VALID", ((0, 2), (1, 0)), ((3, 1), (5, 4))]),
    st.sampled_from([(1, 16), (3, 6), (16, 8), (5, 9)]),
)
@settings(max_examples=3, deadline=None)
def test_results_and_gradients_agree(columns, sizes, strides, padding, widths):
    operands = numbers(2, 8, columns, widths[0]), numbers(*sizes, *widths)
    assert_agree(lambda x, k: convolved(x, k, strides, padding), *operands, gradients=(0, 1))


def test_gradients_by_the_input_are_such_convolutions():
    images, kernel = numbers(2, 6, 20, 16), numbers(3, 3, 16, 5)  # forward has too few filters
    assert not lowered_by(RULE, convolved, images, kernel)
    assert lowered_by(RULE, jax.grad(lambda x, k: convolved(x, k).sum()), images, kernel)
    assert_agree(convolved, images, kernel, gradients=(0, 1))


def test_many_images_at_once_agree():
    images, kernels = numbers(3, 2, 6, 20, 5), numbers(3, 3, 5, 7)
    assert_agree(jax.vmap(convolved, in_axes=(0, None)), images, kernels, gradients=(0, 1))


@pytest.mark.parametrize(
    ("images", "kernel", "options", "chosen"),
    [
        ((1, 14, 14, 16), (3, 3, 16, 16), {}, True),
        ((1, 14, 14, 2), (5, 5, 2, 6), {}, True),
        ((1, 14, 14, 17), (3, 3, 17, 16), {}, False),  # YNNPACK takes it as it is
        ((1, 14, 14, 16), (3, 3, 16, 17), {}, False),
        ((1, 14, 14, 16), (3, 3, 16, 5), {}, False),
        ((1, 14, 14, 16), (1, 1, 16, 16), {}, False),  # two places would be twice the work
        ((1, 11, 11, 16), (3, 3, 16, 16), {}, False),
        ((1, 40, 40, 16), (3, 3, 16, 16), {"strides": (3, 3)}, False),
        ((1, 40, 40, 9), (3, 3, 9, 16), {"strides": (2, 2)}, False),
        ((1, 40, 40, 8), (3, 3, 8, 16), {"strides": (2, 2)}, True),
        ((1, 14, 14, 16), (3, 3, 16, 16), {"rhs_dilation": (2, 2)}, False),
        ((1, 14, 14, 16), (3, 3, 8, 16), {"feature_group_count": 2}, False),
        ((1, 16, 14, 14), (16, 16, 3, 3), {"order": ("NCHW", "OIHW", "NCHW")}, False),
        ((1, 14, 14, 16), (3, 3, 16, 16), {"padding": ((2, 1), (1, 1))}, False),  # more rows than the image has
        ((1, 14, 8, 16), (3, 7, 16, 6), {"padding": ((1, 1), (6, 6))}, False),  # a wider kernel than the image
    ],
)
def test_the_guard(images, kernel, options, chosen):
    assert lowered_by(RULE, lambda x, k: convolved(x, k, **options), numbers(*images), numbers(*kernel)) == chosen


def test_an_open_number_of_images_stays_open():
    kernel, images = numbers(3, 3, 4, 8), numbers(3, 13, 15, 4)
    rows = jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 13, 15, 4"), "float32")
    exported = jax.export.export(jax.jit(lambda x: convolved(x, kernel)), platforms=["cpu"])(rows)
    with without_lowering_rules():
        plain = jax.jit(lambda x: convolved(x, kernel))(images)
    np.testing.assert_allclose(exported.call(images), plain, rtol=1e-4, atol=1e-4)
