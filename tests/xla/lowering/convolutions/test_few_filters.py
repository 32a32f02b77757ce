"""Convolutions to a few filters give what the plain ones give."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.xla import without_lowering_rules
from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.convolving import convolved, exported_for, numbers, windows

RULE = "/convolution_to_few_filters/"


@given(windows(ranks=[2]), st.sampled_from([11, 36]), st.integers(1, 6), st.sampled_from(["float32", "float64"]))
@settings(max_examples=8, deadline=None)
def test_results_and_gradients_agree(window, channels, filters, dtype):
    sizes, kernel, options = window
    options = {**options, "strides": 1}
    with jax.enable_x64(True):
        images, weights = numbers(2, *sizes, channels, dtype=dtype), numbers(*kernel, channels, filters, dtype=dtype)
        assert_agree(lambda x, k: convolved(x, k, **options), images, weights, gradients=(0, 1))


def test_gradients_by_the_input_are_such_convolutions():
    images, kernel = numbers(2, 6, 8, 3), numbers(3, 3, 3, 20)
    assert not lowered_by(RULE, convolved, images, kernel)
    assert lowered_by(RULE, jax.grad(lambda x, k: convolved(x, k).sum()), images, kernel)


def test_many_images_at_once_agree():
    images, kernels = numbers(3, 2, 6, 7, 8), numbers(3, 3, 8, 2)
    assert_agree(jax.vmap(convolved, in_axes=(0, None)), images, kernels, gradients=(0, 1))


@pytest.mark.parametrize(
    ("images", "kernel", "options", "chosen"),
    [
        ((1, 8, 8, 16), (3, 3, 16, 1), {}, True),
        ((1, 8, 8, 16), (3, 3, 16, 6), {}, True),
        ((1, 8, 8, 4), (3, 3, 4, 3), {"dilation": 2}, True),
        ((1, 8, 8, 16), (3, 3, 16, 7), {}, False),
        ((1, 8, 8, 16), (5, 5, 16, 3), {}, True),
        ((1, 8, 8, 16), (7, 7, 16, 2), {}, False),  # 98 rows
        ((1, 8, 8, 16), (3, 3, 16, 1), {"strides": 2}, False),
        ((1, 8, 8, 3), (3, 3, 3, 1), {}, False),  # written out
        ((1, 8, 8, 17), (1, 1, 17, 1), {}, False),  # a product as it is
        ((1, 8, 8, 16), (3, 3, 8, 2), {"groups": 2}, False),
    ],
)
def test_the_guard(images, kernel, options, chosen):
    assert lowered_by(RULE, lambda x, k: convolved(x, k, **options), numbers(*images), numbers(*kernel)) == chosen


def test_an_open_number_of_images_stays_open():
    kernel, images = numbers(3, 3, 8, 2), numbers(3, 7, 9, 8)
    exported = exported_for(["cpu"], lambda x: convolved(x, kernel), "b, 7, 9, 8")
    with without_lowering_rules():
        plain = jax.jit(lambda x: convolved(x, kernel))(images)
    np.testing.assert_allclose(exported.call(images), plain, rtol=1e-4, atol=1e-4)
