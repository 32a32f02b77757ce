"""Convolutions of volumes as those of images give what the plain ones give."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.convolving import convolved, exported_for, numbers, windows

RULE = "convolution_of_volumes"


@given(windows((3,)), st.integers(1, 2), st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=5, deadline=None)
def test_results_and_gradients_agree(window, rows, channels, filters):
    sizes, kernel, parameters = window
    images, weights = numbers(rows, *sizes, channels), numbers(*kernel, channels, filters)
    assert_agree(lambda x, k: convolved(x, k, **parameters), images, weights, gradients=(0, 1))


def test_channels_may_stand_first():
    order = ("NCDHW", "OIDHW", "NCDHW")
    volumes, kernel = numbers(1, 2, 4, 5, 6), numbers(3, 2, 2, 3, 3)
    function = lambda x, k: convolved(x, k, order=order)  # noqa: E731
    assert lowered_by(RULE, function, volumes, kernel)
    assert_agree(function, volumes, kernel)


def test_open_sizes_are_lowered_by_the_rule():
    kernel = numbers(3, 3, 3, 2, 3)
    exported = exported_for(["cpu"], lambda x: convolved(x, kernel), "b, d, 5, 6, 2")
    volumes = numbers(2, 4, 5, 6, 2)
    np.testing.assert_allclose(exported.call(volumes), convolved(volumes, kernel), atol=1e-5)
    assert RULE in str(exported.mlir_module())


@pytest.mark.parametrize(
    ("sizes", "kernel", "dtype"),
    [((12, 3, 3), (9, 1, 1), "float32"), ((3, 3, 3), (2, 2, 2), "bfloat16"), ((3, 3), (2, 2), "float32")],
)
def test_others_are_left_as_they_are(sizes, kernel, dtype):
    operands = numbers(1, *sizes, 2, dtype=dtype), numbers(*kernel, 2, 2, dtype=dtype)
    assert not lowered_by(RULE, convolved, *operands)


def test_a_volume_in_groups_is_one_of_each_group():
    volumes, kernel = numbers(1, 4, 8, 8, 32), numbers(2, 2, 2, 16, 32)
    function = lambda x, k: convolved(x, k, groups=2)  # noqa: E731
    assert RULE in jax.jit(function).lower(volumes, kernel).as_text(debug_info=True)
