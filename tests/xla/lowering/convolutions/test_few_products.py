"""Convolutions written out as multiply-adds give what the plain ones give."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.xla import without_lowering_rules
from tests.xla.lowering.comparison import assert_agree, lowered_by, times_computed
from tests.xla.lowering.convolutions.convolving import convolved, exported_for, numbers, windows

RULE = "/convolution_of_few_products/"


@given(windows(ranks=[2]), st.integers(1, 3), st.sampled_from([1, 5, 17]), st.sampled_from(["float32", "float64"]))
@settings(max_examples=8, deadline=None)
def test_results_and_gradients_agree(window, channels, filters, dtype):
    sizes, kernel, options = window
    with jax.enable_x64(True):
        images, weights = numbers(2, *sizes, channels, dtype=dtype), numbers(*kernel, channels, filters, dtype=dtype)
        assert_agree(lambda x, k: convolved(x, k, **options), images, weights, gradients=(0, 1))


def test_many_images_at_once_agree():
    images, kernels = numbers(3, 2, 6, 7, 1), numbers(3, 3, 1, 7)
    assert_agree(jax.vmap(convolved, in_axes=(0, None)), images, kernels, gradients=(0, 1))


def test_gradients_by_the_input_are_such_convolutions():
    images, kernel = numbers(2, 6, 8, 16), numbers(3, 3, 16, 2)
    assert not lowered_by(RULE, convolved, images, kernel)
    assert lowered_by(RULE, jax.grad(lambda x, k: convolved(x, k).sum()), images, kernel)


def test_images_are_computed_once_though_every_element_of_the_kernel_reads_them():
    images, kernel = numbers(2, 8, 8, 1), numbers(3, 3, 1, 8)
    assert times_computed("tanh", lambda x, k: convolved(jax.numpy.tanh(x), k, padding="VALID"), images, kernel) == 1


@pytest.mark.parametrize(
    ("images", "kernel", "options", "chosen"),
    [
        ((1, 8, 8, 1), (5, 5, 1, 6), {}, True),
        ((1, 8, 8, 3), (3, 3, 3, 32), {"strides": 2}, True),
        ((1, 8, 8, 3), (1, 1, 3, 8), {}, True),
        ((1, 8, 8, 4), (3, 3, 4, 8), {}, False),  # more products than a loop should have
        ((1, 8, 8, 5), (1, 1, 5, 8), {}, False),
        ((1, 8, 8, 1), (7, 7, 1, 8), {}, False),
        ((1, 8, 8, 2), (3, 3, 1, 8), {"groups": 2}, False),
        ((1, 1, 8, 8), (8, 1, 3, 3), {"order": ("NCHW", "OIHW", "NCHW")}, False),
    ],
)
def test_the_guard(images, kernel, options, chosen):
    assert lowered_by(RULE, lambda x, k: convolved(x, k, **options), numbers(*images), numbers(*kernel)) == chosen


def test_halves_and_integers_stay_plain():
    for dtype in ("bfloat16", "int32"):
        images, kernel = numbers(1, 8, 8, 1, dtype=dtype), numbers(3, 3, 1, 8, dtype=dtype)
        assert not lowered_by(RULE, convolved, images, kernel)


def test_an_open_number_of_images_stays_open():
    kernel, images = numbers(3, 3, 1, 8), numbers(3, 7, 9, 1)
    exported = exported_for(["cpu"], lambda x: convolved(x, kernel), "b, 7, 9, 1")
    assert "stablehlo.convolution" not in exported.mlir_module()
    with without_lowering_rules():
        plain = jax.jit(lambda x: convolved(x, kernel))(images)
    np.testing.assert_allclose(exported.call(images), plain, rtol=1e-4, atol=1e-4)
