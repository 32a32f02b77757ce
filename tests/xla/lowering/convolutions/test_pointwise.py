"""A convolution with a kernel of one element is a product of matrices."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.xla import without_lowering_rules
from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.convolving import convolved, exported_for, numbers

RULE = "/pointwise_convolution/"


@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.sampled_from([(17, 4), (4, 17), (33, 20)]),
    st.sampled_from(["float32", "float64"]),
)
@settings(max_examples=8, deadline=None)
def test_results_and_gradients_agree(sizes, strides, widths, dtype):
    with jax.enable_x64(True):
        images, kernel = numbers(2, *sizes, widths[0], dtype=dtype), numbers(1, 1, *widths, dtype=dtype)
        assert_agree(lambda x, k: convolved(x, k, strides), images, kernel, gradients=(0, 1))


def test_gradients_by_the_input_are_products_too():
    images, kernel = numbers(2, 5, 6, 17), numbers(1, 1, 17, 20)
    alone = jax.grad(lambda x: (convolved(x, kernel) ** 2).sum())
    assert jax.jit(alone).lower(images).as_text().count("stablehlo.convolution") == 0


def test_many_images_at_once_agree():
    images, kernels = numbers(3, 2, 6, 7, 17), numbers(3, 1, 1, 17, 8)
    assert_agree(jax.vmap(convolved), images, kernels, gradients=(0, 1))
    assert_agree(jax.vmap(convolved, in_axes=(0, None)), images, kernels[0], gradients=(0, 1))


@pytest.mark.parametrize(
    ("images", "kernel", "options", "chosen"),
    [
        ((1, 8, 8, 17), (1, 1, 17, 4), {}, True),
        ((1, 8, 8, 17), (1, 1, 17, 4), {"strides": 2}, True),
        ((1, 8, 8, 16), (1, 1, 16, 16), {}, False),  # Eigen is as good
        ((1, 8, 8, 17), (1, 2, 17, 4), {}, False),
        ((1, 8, 8, 17), (1, 1, 17, 4), {"padding": ((0, 1), (0, 0))}, False),
        ((1, 8, 8, 34), (1, 1, 17, 4), {"groups": 2}, False),
        ((1, 17, 8, 8), (4, 17, 1, 1), {"order": ("NCHW", "OIHW", "NCHW")}, False),
    ],
)
def test_the_guard(images, kernel, options, chosen):
    assert lowered_by(RULE, lambda x, k: convolved(x, k, **options), numbers(*images), numbers(*kernel)) == chosen


def test_an_open_number_of_images_stays_open():
    kernel, images = numbers(1, 1, 17, 8), numbers(3, 7, 9, 17)
    exported = exported_for(["cpu"], lambda x: convolved(x, kernel), "b, 7, 9, 17")
    assert "stablehlo.convolution" not in exported.mlir_module()
    with without_lowering_rules():
        plain = jax.jit(lambda x: convolved(x, kernel))(images)
    np.testing.assert_allclose(exported.call(images), plain, rtol=1e-4, atol=1e-4)


def test_a_program_for_several_platforms_keeps_the_convolution_for_the_others():
    kernel = numbers(1, 1, 17, 8)
    exported = exported_for(["cpu", "cuda"], lambda x: convolved(x, kernel), "b, 7, 9, 17")
    assert "stablehlo.convolution" in exported.mlir_module()
