"""Pooling as operations between slices gives what the plain form gives."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from tests.xla.lowering.comparison import assert_agree, lowered_by, times_computed

REDUCERS = {"max_pool": (-np.inf, lax.max), "min_pool": (np.inf, lax.min), "sum_pool": (0.0, lax.add)}


def pooled(rule, window, strides, padding, dilation=None):
    start, reducer = REDUCERS[rule]
    return lambda given: lax.reduce_window(given, start, reducer, window, strides, padding, window_dilation=dilation)


def numbers(*shape, dtype="float32"):
    return np.random.default_rng(0).normal(size=shape).astype(dtype)


def all_three(window, strides, padding, dilation=None):
    return lambda given: [pooled(rule, window, strides, padding, dilation)(given) for rule in REDUCERS]


def per_dimension(values):
    return st.tuples(values, values)


@given(
    per_dimension(st.integers(4, 7)),
    per_dimension(st.integers(1, 3)),
    per_dimension(st.integers(1, 3)),
    per_dimension(st.tuples(st.integers(0, 2), st.integers(0, 2))),
    per_dimension(st.integers(1, 2)),
    st.sampled_from([np.nan, np.inf, -np.inf, 0.0]),
)
@settings(max_examples=8, deadline=None)
def test_results_agree(shape, window, strides, padding, dilation, special):
    images = numbers(3, *shape, 4)
    images[:, 1, 2] = special
    padding = [(low, high + 2) for low, high in padding]  # that a dilated window fits
    assert_agree(all_three((1, *window, 1), (1, *strides, 1), ((0, 0), *padding, (0, 0)), (1, *dilation, 1)), images)


@pytest.mark.parametrize("rule", ["max_pool", "sum_pool"])
@pytest.mark.parametrize(("window", "strides"), [((1, 3, 3, 1), (1, 2, 2, 1)), ((1, 1, 2, 3), (1, 1, 2, 2))])
def test_gradients_agree_through_batches_of_batches(rule, window, strides):
    many = jax.vmap(pooled(rule, window, strides, "SAME"))
    images = numbers(2, 2, 6, 7, 5)
    assert_agree(many, images, gradients=(0,))
    assert lowered_by(rule, many, images)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_every_dtype_of_floating_point_agrees(dtype):
    with jax.enable_x64(dtype == "float64"):
        images = jnp.asarray(numbers(2, 6, 6, 3), dtype)
        assert_agree(all_three((1, 3, 3, 1), (1, 1, 1, 1), "SAME"), images)


def test_an_open_batch_is_lowered_by_the_rule():
    function = pooled("max_pool", (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    batch = jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 5, 6, 2"), "float32")
    gradient = jax.grad(lambda given: function(given).sum())
    images = numbers(3, 5, 6, 2)
    for each in (function, gradient):
        exported = jax.export.export(jax.jit(each), platforms=["cpu"])(batch)
        assert "stablehlo.reduce_window" not in exported.mlir_module()
        assert "stablehlo.select_and_scatter" not in exported.mlir_module()
        np.testing.assert_array_equal(exported.call(images), each(images))


def test_other_platforms_keep_the_plain_form():
    function = jax.jit(pooled("max_pool", (1, 2, 2, 1), (1, 2, 2, 1), "VALID"))
    module = jax.export.export(function, platforms=["cuda"])(
        jax.ShapeDtypeStruct((1, 4, 4, 2), "float32")
    ).mlir_module()
    assert "stablehlo.reduce_window" in module


@pytest.mark.parametrize(
    ("shape", "window", "strides", "padding", "why"),
    [
        ((1, 7, 7, 2), (1, 7, 7, 1), (1, 7, 7, 1), "VALID", "one position"),
        ((1, 7, 7, 2), (1, 2, 2, 1), (1, 1, 1, 1), "VALID", "a gradient of windows side by side"),
        ((1, 13, 13, 2), (1, 7, 7, 1), (1, 1, 1, 1), "VALID", "a gradient of one window"),
        ((200,), (65,), (2,), "VALID", "many elements"),
        ((1, 7, 7, 2), (1, 3, 3, 1), (1, 2, 2, 1), ((0, 0), (-1, 0), (0, 0), (0, 0)), "an array that is cut"),
        ((0, 7, 7, 2), (1, 9, 3, 1), (1, 2, 2, 1), "VALID", "no position"),
    ],
)
def test_other_windows_are_left_as_they_are(shape, window, strides, padding, why):
    assert not lowered_by("sum_pool", pooled("sum_pool", window, strides, padding), numbers(*shape)), why


def test_numbers_of_other_kinds_are_left_as_they_are():
    function = lambda given: lax.reduce_window(given, np.int32(0), lax.add, (3,), (2,), "VALID")  # noqa: E731
    assert not lowered_by("sum_pool", function, np.arange(9, dtype="int32"))


@pytest.mark.parametrize("padding", ["VALID", "SAME"])
def test_what_several_windows_see_is_computed_once(padding):
    function = pooled("max_pool", (1, 3, 3, 1), (1, 2, 2, 1), padding)
    assert times_computed("tanh", lambda images: function(jnp.tanh(images)), numbers(2, 9, 9, 4)) == 1


@pytest.mark.parametrize("reverse", [False, True])
def test_cumulative_sums_are_left_as_they_are(reverse):
    assert not lowered_by("sum_pool", lambda given: lax.cumsum(given, 1, reverse=reverse), numbers(4, 20, 3))
