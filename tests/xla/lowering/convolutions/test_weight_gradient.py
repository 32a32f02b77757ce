"""Gradients of kernels give what the plain ones give."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from jax import lax

from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.gradients import convolved, numbers, windows

RULE = "/weight_gradient/"


@given(windows())
@settings(max_examples=4, deadline=None)
def test_gradients_agree(window):
    assert_agree(lambda x, k: convolved(x, k, **window), numbers(2, 6, 7, 3), numbers(3, 2, 3, 4), gradients=(0, 1))


@pytest.mark.parametrize("strides", [(1, 1), (2, 2), (3, 2)])
def test_kernels_of_one_element_become_a_matrix_product(strides):
    def gradient(images, kernel):
        return jax.grad(lambda k: (convolved(images, k, strides) ** 2).sum())(kernel)

    operands = numbers(2, 6, 7, 3), numbers(1, 1, 3, 4)
    assert_agree(gradient, *operands)
    assert "dot_general" in jax.jit(lambda *values: gradient(*values)).lower(*operands).as_text()


@pytest.mark.parametrize("order", [("NCHW", "OIHW", "NCHW"), ("NHWC", "OIHW", "NCHW"), ("CWHN", "IWHO", "HNCW")])
def test_dimensions_may_stand_in_any_order(order):
    sizes = [dict(zip("NHWC", (2, 5, 4, 3), strict=True)), dict(zip("HWIO", (2, 2, 3, 4), strict=True))]
    operands = [numbers(*(size[name] for name in names)) for size, names in zip(sizes, order[:2], strict=True)]
    assert_agree(lambda x, k: convolved(x, k, order=order), *operands, gradients=(1,))


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_every_dtype_of_floating_point_agrees(dtype):
    with jax.enable_x64(dtype == "float64"):
        assert_agree(convolved, numbers(2, 5, 5, 3, dtype=dtype), numbers(3, 3, 3, 2, dtype=dtype), gradients=(1,))


def test_text_and_volumes_agree():
    for images, kernel, order in (
        (numbers(2, 9, 3), numbers(3, 3, 4), ("NWC", "WIO", "NWC")),
        (numbers(2, 4, 4, 4, 2), numbers(2, 2, 2, 2, 3), ("NDHWC", "DHWIO", "NDHWC")),
    ):
        strides = (1,) * (images.ndim - 2)
        assert_agree(lambda x, k: convolved(x, k, strides, order=order), images, kernel, gradients=(0, 1))  # noqa: B023


def test_gradients_of_gradients_agree():
    def curved(images, kernel):
        return jax.grad(lambda k: (convolved(images, k, (2, 1)) ** 3).sum())(kernel)

    assert_agree(curved, numbers(2, 5, 5, 2), numbers(3, 3, 2, 3), gradients=(0, 1))


def test_the_rule_lowers_gradients_and_only_them():
    images, kernel = numbers(2, 6, 6, 3), numbers(3, 3, 3, 4)
    assert lowered_by(RULE, jax.grad(lambda k, x: convolved(x, k).sum()), kernel, images)
    assert not lowered_by(RULE, convolved, images, kernel)
    assert not lowered_by(RULE, lambda x, k: convolved(x, k, padding="VALID"), images, numbers(6, 6, 3, 4))


def test_loops_and_batches_of_kernels_agree():
    images, kernels = numbers(2, 5, 5, 2), numbers(2, 3, 3, 2, 3)
    gradient = jax.grad(lambda k, x: (convolved(x, k) ** 2).sum())
    assert_agree(lambda k, x: jax.vmap(gradient, (0, None))(k, x), kernels, images)
    assert_agree(lambda k, x: lax.scan(lambda carry, each: (carry, gradient(each, x)), 0, k)[1], kernels, images)


def test_a_gradient_is_exported_with_an_open_batch():
    kernel = numbers(3, 3, 3, 4)
    gradient = jax.jit(jax.grad(lambda k, x: (convolved(x, k) ** 2).sum()))
    batch = jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 6, 6, 3"), "float32")
    exported = jax.export.export(gradient, platforms=["cpu", "cuda"])(kernel, batch)
    images = numbers(3, 6, 6, 3)
    np.testing.assert_allclose(exported.call(kernel, images), gradient(kernel, images), rtol=1e-4, atol=1e-3)
