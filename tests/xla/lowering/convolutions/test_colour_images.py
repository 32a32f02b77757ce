"""A fourth channel of zeros changes nothing."""

from __future__ import annotations

import pytest

from tests.xla.lowering.comparison import assert_agree, lowered_by
from tests.xla.lowering.convolutions.convolving import convolved, numbers

RULE = "convolution_of_colour_images"


@pytest.mark.parametrize("filters", [17, 32])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_results_and_gradients_agree(filters, padding):
    images, kernel = numbers(2, 8, 9, 3), numbers(3, 3, 3, filters)
    function = lambda x, k: convolved(x, k, 2, padding)  # noqa: E731
    assert lowered_by(RULE, function, images, kernel)
    assert_agree(function, images, kernel, gradients=(0, 1))


@pytest.mark.parametrize(
    ("channels", "kernel", "filters", "strides"),
    [(3, (3, 3), 16, 2), (3, (3, 3), 33, 2), (4, (3, 3), 32, 2), (3, (3, 3), 32, 1), (3, (5, 5), 32, 2)],
)
def test_others_are_left_as_they_are(channels, kernel, filters, strides):
    images, weights = numbers(1, 8, 8, channels), numbers(*kernel, channels, filters)
    assert not lowered_by(RULE, lambda x, k: convolved(x, k, strides), images, weights)
