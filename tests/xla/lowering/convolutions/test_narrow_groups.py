"""Groups of few channels as multiply-adds give what the plain form gives."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.xla.lowering.comparison import assert_agree, lowered_by, times_computed
from tests.xla.lowering.convolutions.convolving import convolved, exported_for, numbers, windows

RULE = "narrow_grouped_convolution"


@given(windows((1, 2, 3)), st.integers(1, 2), st.integers(2, 3), st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=5, deadline=None)
def test_results_and_gradients_agree(window, rows, groups, channels, filters):
    sizes, kernel, parameters = window
    images, weights = numbers(rows, *sizes, groups * channels), numbers(*kernel, channels, groups * filters)
    assert_agree(lambda x, k: convolved(x, k, groups=groups, **parameters), images, weights, gradients=(0, 1))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_sums_of_short_numbers_are_kept_in_single_precision(dtype):
    images, kernel = numbers(1, 4, 4, 6, dtype=dtype), numbers(3, 3, 3, 4, dtype=dtype)
    exact = convolved(np.float32(images), np.float32(kernel), groups=2)
    found = jax.jit(lambda x, k: convolved(x, k, groups=2))(images, kernel)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, exact.astype(dtype))


def test_the_result_may_have_another_dtype():
    images, kernel = numbers(1, 4, 4, 4, dtype="bfloat16"), numbers(3, 3, 1, 8, dtype="bfloat16")
    assert_agree(lambda x, k: convolved(x, k, groups=4, dtype="float32"), images, kernel)


def test_dimensions_may_stand_in_any_order():
    images, kernel = numbers(2, 6, 5, 4), numbers(4, 3, 3, 3)
    in_order = lambda x, k: convolved(x, k, groups=2, order=("NCHW", "OIHW", "NCHW"))  # noqa: E731
    assert_agree(in_order, images, kernel)
    assert lowered_by(RULE, in_order, images, kernel)


def test_an_open_batch_and_size_are_lowered_by_the_rule():
    kernel = numbers(3, 3, 1, 8)
    exported = exported_for(["cpu"], lambda x: convolved(x, kernel, groups=4), "b, h, 5, 4")
    assert "stablehlo.convolution" not in exported.mlir_module()
    images = numbers(2, 6, 5, 4)
    np.testing.assert_allclose(exported.call(images), convolved(images, kernel, groups=4), atol=1e-5)


@pytest.mark.parametrize(
    ("channels", "kernel", "groups"), [(4, (3, 3, 4, 4), 1), (10, (1, 1, 5, 2), 2), (8, (3, 3, 4, 64), 2)]
)
def test_groups_that_are_wide_are_left_as_they_are(channels, kernel, groups):
    assert not lowered_by(
        RULE, lambda x, k: convolved(x, k, groups=groups), numbers(1, 4, 4, channels), numbers(*kernel)
    )


@pytest.mark.parametrize(("groups", "channels"), [(4, 1), (2, 2)])
def test_integers_are_left_as_they_are(groups, channels):
    images, kernel = numbers(1, 4, 4, 4, dtype="int32"), numbers(3, 3, channels, 4, dtype="int32")
    assert not lowered_by("_convolution/", lambda x, k: convolved(x, k, groups=groups), images, kernel)


def test_what_several_windows_see_is_computed_once():
    images, kernel = numbers(1, 6, 6, 4), numbers(3, 3, 1, 8)
    activated = lambda x, k: convolved(jax.numpy.tanh(x), k, padding="VALID", groups=4)  # noqa: E731
    assert times_computed("tanh", activated, images, kernel) == 1
