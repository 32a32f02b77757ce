"""Convolutions whose padding cuts see what is left, and nothing behind it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from tenon.xla import without_lowering_rules
from tests.xla.lowering.comparison import lowered_by
from tests.xla.lowering.convolutions.convolving import ORDERS, exported_for, numbers

RULE = "/cropped_convolution/"


def convolved(images, kernel, *, padding, strides=None, spread=None, groups=1, batch_groups=1):
    rank = images.ndim - 2
    return lax.conv_general_dilated(
        images,
        kernel,
        strides or (1,) * rank,
        padding,
        lhs_dilation=spread or (1,) * rank,
        dimension_numbers=ORDERS[rank],
        feature_group_count=groups,
        batch_group_count=batch_groups,
    )


def written_down(images, kernel, *, padding, spread=None, **options):
    """Return the same, spread, padded and cut in memory first."""
    edges = [(*pads, step - 1) for pads, step in zip(padding, spread or (1,) * len(padding), strict=True)]
    whole = lax.optimization_barrier(lax.pad(images, np.float32(0), [(0, 0, 0), *edges, (0, 0, 0)]))
    return convolved(whole, kernel, padding=[(0, 0)] * len(padding), **options)


def assert_right(images, kernel, **options):
    found = jax.jit(lambda x, k: convolved(x, k, **options))(images, kernel)
    np.testing.assert_allclose(found, written_down(images, kernel, **options), rtol=1e-4, atol=1e-4)


@st.composite
def windows(draw):
    """Draw the sizes of an image and of a kernel, and parameters by which at least one window is seen."""
    rank = draw(st.integers(1, 3))
    each = lambda low, high: draw(st.tuples(*[st.integers(low, high)] * rank))  # noqa: E731
    sizes, kernel, spread, lows = each(3, 7), each(1, 3), each(1, 3), each(-8, 1)
    wide = [(size - 1) * step + 1 + low for size, step, low in zip(sizes, spread, lows, strict=True)]
    highs = [max(size - have, more) for size, have, more in zip(kernel, wide, each(-2, 2), strict=True)]
    padding = list(zip(lows, highs, strict=True))
    return sizes, kernel, {"strides": each(1, 2), "spread": spread, "padding": padding}


@given(windows(), st.sampled_from([(16, 16), (1, 2), (3, 17)]))
@settings(max_examples=6, deadline=None)
def test_results_are_those_of_an_image_cut_in_memory(window, widths):
    sizes, kernel, options = window
    assert_right(numbers(2, *sizes, widths[0]), numbers(*kernel, *widths), **options)


@pytest.mark.parametrize("options", [{"groups": 2}, {"batch_groups": 2}])
def test_groups_are_cut_alike(options):
    images = numbers(4, 5, 6, 4 if "groups" in options else 2)
    assert_right(images, numbers(2, 2, 2, 8), padding=[(-1, 1), (-2, 0)], **options)
    assert_right(images, numbers(2, 2, 2, 8), padding=[(-9, 9), (-2, 0)], **options)


def test_the_gradient_of_much_padding_is_right():
    images, kernel = numbers(2, 10, 16, 16), numbers(1, 2, 16, 16)

    def gradient(function):
        return jax.jit(jax.grad(lambda x: jnp.sin(function(x, kernel, padding=[(2, 1), (3, 3)])).sum()))(images)

    np.testing.assert_allclose(gradient(convolved), gradient(written_down), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("padding", "chosen"), [([(-1, 0)], True), ([(0, -1)], False), ([(1, 2)], False)])
def test_only_a_cut_beginning_is_corrected_whatever_the_switch_says(padding, chosen):
    operands = numbers(1, 5, 3), numbers(2, 3, 4)
    with without_lowering_rules():
        assert lowered_by(RULE, lambda x, k: convolved(x, k, padding=padding), *operands) == chosen


def test_an_open_number_of_images_stays_open():
    kernel, images = numbers(2, 2, 3, 4), numbers(2, 5, 6, 3)
    function = lambda x: convolved(x, kernel, padding=[(-1, 1), (-2, 0)])  # noqa: E731
    exported = exported_for(["cpu"], function, "b, 5, 6, 3")
    np.testing.assert_allclose(exported.call(images), function(images), rtol=1e-5, atol=1e-5)
