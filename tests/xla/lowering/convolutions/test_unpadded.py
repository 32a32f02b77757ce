"""Convolutions without padding give what the plain ones give."""

from __future__ import annotations

import jax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.gradients import convolved, numbers

RULE = "/unpadded/"


def unpadded(images, kernel, strides=(1, 1), **options):
    return convolved(images, kernel, strides, "VALID", **options)


@given(
    st.integers(28, 33),
    st.tuples(st.integers(1, 5), st.integers(2, 6)),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    st.sampled_from([(8, 17), (17, 3)]),
)
@settings(max_examples=6, deadline=None)
def test_results_and_gradients_agree(columns, sizes, strides, widths):
    operands = numbers(2, 6, columns, widths[0]), numbers(*sizes, *widths)
    assert_agree(lambda x, k: unpadded(x, k, strides), *operands, gradients=(0, 1))


def test_numbers_of_twice_the_precision_agree():
    with jax.enable_x64(True):
        operands = numbers(2, 6, 14, 9, dtype="float64"), numbers(3, 3, 9, 18, dtype="float64")
        assert_agree(unpadded, *operands, gradients=(0, 1))
        assert lowered_by(RULE, unpadded, *operands)


@pytest.mark.parametrize(
    ("images", "kernel", "options", "chosen"),
    [
        ((1, 4, 13, 32), (3, 3, 32, 32), {}, True),
        ((1, 4, 12, 32), (3, 3, 32, 32), {}, False),
        ((1, 4, 13, 7), (3, 3, 7, 32), {}, False),
        ((1, 4, 13, 16), (3, 3, 16, 5), {}, False),  # not YNNPACK's
        ((1, 4, 13, 32), (1, 1, 32, 32), {}, False),
        ((1, 8, 18, 32), (3, 3, 32, 32), {"rhs_dilation": (2, 2)}, False),
        ((1, 4, 13, 32), (3, 3, 16, 32), {"feature_group_count": 2}, False),
        ((1, 32, 4, 13), (32, 32, 3, 3), {"order": ("NCHW", "OIHW", "NCHW")}, False),
    ],
)
def test_the_guard(images, kernel, options, chosen):
    assert lowered_by(RULE, lambda x, k: unpadded(x, k, **options), numbers(*images), numbers(*kernel)) == chosen


def test_padded_ones_are_left_alone():
    assert not lowered_by(RULE, convolved, numbers(1, 13, 13, 32), numbers(3, 3, 32, 32))
