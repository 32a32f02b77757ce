"""Groups of many channels, one by one, give what the plain form gives."""

from __future__ import annotations

import jax
import pytest

from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.convolving import convolved, numbers

RULE = "wide_grouped_convolution"


@pytest.mark.parametrize(
    ("images", "kernel", "parameters", "gradients"),
    [
        ((2, 14, 13, 48), (2, 3, 16, 48), {"padding": ((1, 0), (2, 2)), "dilation": 2}, (0, 1)),
        ((1, 4, 8, 8, 32), (2, 1, 3, 16, 34), {}, ()),
    ],
)
def test_results_and_gradients_agree(images, kernel, parameters, gradients):
    groups = images[-1] // kernel[-2]
    function = lambda x, k: convolved(x, k, groups=groups, **parameters)  # noqa: E731
    operands = numbers(*images), numbers(*kernel)
    assert lowered_by(RULE, function, *operands)
    assert_agree(function, *operands, gradients=gradients)


def test_many_are_lowered_in_one():
    many, kernel = numbers(2, 1, 16, 16, 32), numbers(3, 3, 16, 32)
    mapped = jax.vmap(lambda x, k: convolved(x, k, groups=2), (0, None))
    assert_agree(mapped, many, kernel)
    assert lowered_by(RULE, mapped, many, kernel)


@pytest.mark.parametrize(
    ("images", "kernel", "strides"),
    [
        ((1, 8, 8, 32), (3, 3, 16, 32), 1),
        ((1, 16, 16, 32), (1, 1, 16, 32), 1),
        ((1, 16, 16, 80), (3, 3, 16, 80), 1),
        ((1, 40, 40, 32), (3, 3, 16, 32), 2),
        ((1, 300, 32), (3, 16, 32), 1),
        ((1, 16, 16, 32), (3, 3, 16, 8), 1),
    ],
)
def test_what_gains_nothing_is_left_as_it_is(images, kernel, strides):
    operands = numbers(*images), numbers(*kernel)
    assert not lowered_by(RULE, lambda x, k: convolved(x, k, strides, groups=images[-1] // 16), *operands)
