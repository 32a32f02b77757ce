"""Programs have their convolutions computed by the library that is done first."""

from __future__ import annotations

import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tenon.xla import choose_convolution_library, without_lowering_rules
from tenon.xla._convolution_library import (
    OPTION,
    LibraryConvolution,
    is_eigen_faster,
    library_convolutions,
)

choose_convolution_library()

several = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="with one processor there is nothing to divide")


def convolved(images, kernel, **options):
    return lax.conv_general_dilated(
        images, kernel, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"), **options
    )


def spread(images, kernel):
    return lax.conv_transpose(images, kernel, (2, 2), "SAME")


def operands(rows, size=16, channels=32, filters=32, dtype="float32", kernel=3):
    return jnp.ones((rows, size, size, channels), dtype), jnp.ones((kernel, kernel, channels, filters), dtype)


def is_ynnpacks(function, *arguments, **options):
    return "__ynn_fusion" in jax.jit(lambda *values: function(*values)).lower(*arguments).compile(**options).as_text()


def found(function, *arguments):
    return [*library_convolutions(jax.jit(function).lower(*arguments).compiler_ir())]


@several
def test_large_convolutions_are_divided_among_processors_and_small_ones_are_not():
    assert not is_ynnpacks(convolved, *operands(64))
    assert is_ynnpacks(convolved, *operands(1))


@several
def test_integers_stay_where_they_are_computed_fast():
    assert is_ynnpacks(lambda x, k: convolved(x, k, preferred_element_type=jnp.int32), *operands(64, dtype="int8"))


@several
@pytest.mark.parametrize("said", ["switch", "options", "flags"])
def test_nothing_is_chosen_where_somebody_has_said_what_is_wanted(said, monkeypatch):
    if said == "switch":
        with without_lowering_rules():
            assert is_ynnpacks(convolved, *operands(65))
    elif said == "options":
        both = "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,LIBRARY_FUSION_TYPE_INDIVIDUAL_CONVOLUTION"
        assert is_ynnpacks(convolved, *operands(66), compiler_options={OPTION: both})
    else:
        monkeypatch.setenv("XLA_FLAGS", f"--{OPTION}=individual_convolution")
        assert is_ynnpacks(convolved, *operands(67))


@several
def test_results_are_the_same_whoever_computes_them():
    generator = np.random.default_rng(0)
    images, kernel = (generator.normal(size=each.shape).astype("f4") for each in operands(64))
    chosen = jax.jit(convolved)(images, kernel)
    with without_lowering_rules():
        plain = jax.jit(lambda x, k: convolved(x, k))(images, kernel)
    np.testing.assert_allclose(chosen, plain, rtol=1e-4, atol=1e-3)


def test_convolutions_are_found_in_loops_and_gradients_by_their_sizes():
    def steps(images, kernel):
        return lax.fori_loop(0, 3, lambda _, each: convolved(each, kernel), images)

    assert found(steps, *operands(2)) == [LibraryConvolution(2 * 16 * 16 * 32 * 9 * 32, 2 * 16 * 16, 32, 9, True)]
    with without_lowering_rules():
        gradients = jax.grad(lambda x, k: (convolved(x, k) ** 2).sum(), (0, 1))
        assert (
            len(found(gradients, *operands(2))) == 2
        )  # forward and by the image; that by the kernel is Eigen's anyway


def test_what_ynnpack_does_not_take_does_not_count():
    with without_lowering_rules():
        assert found(convolved, *operands(3, channels=16, filters=16)) == []
        assert found(spread, *operands(3)) == []


@pytest.mark.parametrize(
    ("convolutions", "processors", "eigen"),
    [
        ([], 8, False),
        ([LibraryConvolution(10**9, 4096, 32, 9, True)], 1, False),
        ([LibraryConvolution(10**9, 4096, 32, 9, True)], 2, True),
        ([LibraryConvolution(10**9, 4095, 32, 9, True)], 64, False),
        ([LibraryConvolution(10**9, 9999, 1, 9, True)], 2, False),
        ([LibraryConvolution(10**9, 9999, 1, 9, True)], 16, True),
        ([LibraryConvolution(10**9, 9999, 32, 1, False)], 16, False),
        ([LibraryConvolution(10**8, 9999, 1, 9, True), LibraryConvolution(10**10, 9999, 32, 9, True)], 2, True),
    ],
)
def test_the_sum_over_a_program_decides(convolutions, processors, eigen):
    assert is_eigen_faster(convolutions, processors) == eigen
