"""Depthwise convolutions as multiply-adds give what the plain ones give."""

from __future__ import annotations

from functools import partial

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from tests.xla.lowering.comparison import assert_agree, lowered_by, times_computed
from tests.xla.lowering.convolutions import convolving
from tests.xla.lowering.convolutions.convolving import numbers, windows

RULE = "depthwise_convolution"


def convolved(images, kernel, order=None, **parameters):
    groups = images.shape[order[0].index("C") if order else -1]
    return convolving.convolved(images, kernel, groups=groups, order=order, **parameters)


@given(windows((1, 2, 3)), st.integers(1, 3), st.integers(2, 4))
@settings(max_examples=5, deadline=None)
def test_results_and_gradients_agree(window, rows, channels):
    sizes, kernel, parameters = window
    images, weights = numbers(rows, *sizes, channels), numbers(*kernel, 1, channels)
    assert_agree(lambda x, k: convolved(x, k, **parameters), images, weights, gradients=(0, 1))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_every_dtype_of_floating_point_agrees(dtype):
    with jax.enable_x64(dtype == "float64"):
        images, kernel = (jax.numpy.asarray(numbers(*shape), dtype) for shape in ((2, 5, 5, 3), (3, 3, 1, 3)))
        assert_agree(convolved, images, kernel)


def test_the_result_may_have_another_dtype():
    images, kernel = numbers(1, 4, 4, 3, dtype="bfloat16"), numbers(3, 3, 1, 3, dtype="bfloat16")
    assert_agree(lambda x, k: convolved(x, k, dtype="float32"), images, kernel)


@pytest.mark.parametrize("order", [("NCHW", "OIHW", "NCHW"), ("NHWC", "OIHW", "NCHW"), ("CWHN", "IWHO", "HNCW")])
def test_dimensions_may_stand_in_any_order(order):
    sizes = [dict(zip("NHWCIO", (2, 5, 4, 3, 1, 3), strict=True)), {"H": 3, "W": 2, "I": 1, "O": 3}]
    images, kernel = (numbers(*(size[name] for name in names)) for size, names in zip(sizes, order[:2], strict=True))
    assert_agree(lambda x, k: convolved(x, k, order=order), images, kernel)
    assert lowered_by(RULE, lambda x, k: convolved(x, k, order=order), images, kernel)


def test_batches_of_images_and_loops_are_lowered_by_the_rule():
    many, kernel = numbers(2, 1, 4, 4, 3), numbers(3, 3, 1, 3)
    assert_agree(lambda x, k: jax.vmap(lambda each: convolved(each, k))(x), many, kernel)
    looped = lambda x, k: lax.scan(lambda carry, each: (carry, convolved(each, k)), 0, x)[1]  # noqa: E731
    assert_agree(looped, many, kernel)
    assert lowered_by(RULE, looped, many, kernel)


def test_an_open_batch_is_lowered_by_the_rule():
    batch = jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 5, 5, 3"), "float32")
    kernel = numbers(3, 3, 1, 3)
    exported = jax.export.export(jax.jit(lambda x: convolved(x, kernel)), platforms=["cpu"])(batch)
    assert "stablehlo.convolution" not in exported.mlir_module()
    images = numbers(4, 5, 5, 3)
    np.testing.assert_allclose(exported.call(images), convolved(images, kernel), atol=1e-5)


def test_other_platforms_keep_the_plain_form():
    function = jax.jit(lambda x, k: convolved(x, k))
    shapes = [jax.ShapeDtypeStruct(shape, "float32") for shape in ((1, 5, 5, 3), (3, 3, 1, 3))]
    alone = jax.export.export(function, platforms=["cuda"])(*shapes).mlir_module()
    together = jax.export.export(function, platforms=["cpu", "cuda", "tpu"])(*shapes).mlir_module()
    assert "depthwise_convolution" not in alone
    assert "stablehlo.convolution" in together
    assert "depthwise_convolution" in together


@pytest.mark.parametrize(("kernel", "groups"), [((3, 3, 1, 8), 4), ((3, 3, 2, 4), 2), ((8, 8, 1, 4), 4)])
def test_other_convolutions_are_left_as_they_are(kernel, groups):
    grouped = partial(convolving.convolved, groups=groups)
    assert not lowered_by(RULE, grouped, numbers(1, 9, 9, 4), numbers(*kernel))


def test_open_images_are_lowered_by_the_rule_or_in_the_plain_form():
    images = jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, h, w, 3"), "float32")
    kernel = numbers(3, 3, 1, 3)
    exported = jax.export.export(jax.jit(lambda x: convolved(x, kernel, padding="SAME")), platforms=["cpu"])(images)
    given = numbers(2, 6, 7, 3)
    np.testing.assert_allclose(exported.call(given), convolved(given, kernel), atol=1e-5)


def test_what_several_windows_see_is_computed_once():
    images, kernel = numbers(1, 6, 6, 4), numbers(3, 3, 1, 4)
    activated = lambda x, k: convolved(jax.numpy.tanh(x), k, padding="VALID")  # noqa: E731
    assert times_computed("tanh", activated, images, kernel) == 1


def test_results_that_several_loops_read_are_computed_once():
    images, kernel = numbers(2, 8, 8, 32), numbers(3, 3, 1, 32)

    def normalized(images, kernel):
        result = convolved(images, kernel)
        return result - result.mean(-1, keepdims=True)

    assert 9 <= times_computed("multiply", normalized, images, kernel) < 2 * 9
