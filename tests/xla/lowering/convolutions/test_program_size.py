"""What XLA is given to compile stays small, however many groups a convolution has and however large its kernel is."""

from __future__ import annotations

from math import prod
from typing import Any

import jax
import pytest

from tenon.xla.lowering.convolutions._depthwise_weight_gradient import MAX_WRITTEN_TAPS
from tests.xla.lowering.convolutions.convolving import convolved

ROWS = 8
OF_A_TAP = 5
"""Two slices, a broadcast, a product and a sum."""

OF_ALL = 30
"""What the rules for elements of a kernel write beside these."""

OF_A_TAP_IN_PARTS = 40
"""The same for eight parts of the batch, which kernels' gradients add to each other first."""

MAX_OPERATIONS = 280
"""Of any of the programs here, but for gradients of elements in parts."""


def operations(groups: int, channels: int, filters: int, kernel: tuple[int, ...], program: str) -> int:
    """Return how many operations a convolution of 16 places in each dimension has, or a derivative of it.

    Args:
        groups: of the convolution.
        channels: of a group.
        filters: of a group.
        kernel: its sizes.
        program: ``forward``, or by what it is derived: ``image`` or ``kernel``.
    """
    image = jax.ShapeDtypeStruct((ROWS, *(16 for _ in kernel), groups * channels), "float32")
    weights = jax.ShapeDtypeStruct((*kernel, channels, groups * filters), "float32")
    result = jax.eval_shape(lambda x, k: convolved(x, k, groups=groups), image, weights)

    def derived(x: Any, k: Any, cotangent: Any) -> Any:
        _, derivative = jax.vjp(lambda x, k: convolved(x, k, groups=groups), x, k)
        return derivative(cotangent)[program == "kernel"]

    forward = lambda x, k, _: convolved(x, k, groups=groups)  # noqa: E731
    lowered = jax.jit(forward if program == "forward" else derived).lower(image, weights, result)
    return lowered.as_text().count(" stablehlo.")


def bound(channels: int, taps: int, program: str) -> int:
    """Return the operations that a program with groups of ``channels`` may have."""
    in_parts = program == "kernel" and channels <= 2
    return OF_ALL + OF_A_TAP_IN_PARTS * channels * min(taps, MAX_WRITTEN_TAPS) if in_parts else MAX_OPERATIONS


@pytest.mark.parametrize("program", ["forward", "image", "kernel"])
@pytest.mark.parametrize(("channels", "filters"), [(1, 1), (1, 2), (2, 2), (4, 4), (8, 8), (16, 16)])
def test_programs_do_not_grow_with_the_number_of_groups(channels, filters, program):
    few, many = (operations(groups, channels, filters, (3, 3), program) for groups in (32, 128))
    assert few == many <= bound(channels, 9, program)


@pytest.mark.parametrize("kernel", [(7, 7), (31,), (3, 3, 3)])
@pytest.mark.parametrize("program", ["forward", "image", "kernel"])
def test_programs_of_large_depthwise_kernels_are_bounded(kernel, program):
    assert operations(64, 1, 1, kernel, program) <= bound(1, prod(kernel), program)


@pytest.mark.parametrize(("groups", "channels", "kernel"), [(8, 1, (5, 5)), (8, 1, (7, 7)), (8, 4, (3, 3))])
def test_elements_of_a_kernel_are_few_operations_each(groups, channels, kernel):
    taps = channels * prod(kernel)
    assert operations(groups, channels, channels, kernel, "forward") <= OF_A_TAP * taps + OF_ALL


@pytest.mark.parametrize("program", ["forward", "image", "kernel"])
def test_programs_of_kernels_beyond_the_bound_are_as_small_as_the_plain_form(program):
    assert operations(16, 1, 1, (9, 9), program) <= OF_ALL * 3
