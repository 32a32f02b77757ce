"""Pools over whole dimensions keep NaN, as maxima do."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tests.xla.lowering.comparison import lowered_by


def images():
    given = np.random.default_rng(0).normal(size=(4, 8, 8, 32)).astype("float32")
    given[1, 3, 5, 7], given[2, 0, 0, 0] = np.nan, -np.inf
    return given


def pooled(given, window=(1, 8, 8, 1), strides=(1, 8, 8, 1), padding="VALID"):
    return lax.reduce_window(given, -np.inf, lax.max, window, strides, padding)


@pytest.mark.parametrize("window", [(1, 8, 8, 1), (1, 8, 1, 1), (4, 8, 8, 32), (1, 1, 1, 32)])
def test_maxima_and_minima_are_those_of_numpy(window):
    axes = tuple(axis for axis, size in enumerate(window) if size > 1)
    strides = (1, 1, 1, 1)
    np.testing.assert_array_equal(
        jax.jit(lambda x: pooled(x, window, strides))(images()), images().max(axes, keepdims=True)
    )
    smallest = jax.jit(lambda x: lax.reduce_window(x, np.inf, lax.min, window, strides, "VALID"))
    np.testing.assert_array_equal(smallest(images()), images().min(axes, keepdims=True))


def test_the_gradient_goes_to_the_largest():
    given = np.nan_to_num(images(), neginf=-9.0)
    found = jax.jit(jax.grad(lambda each: pooled(each).sum()))(given)
    np.testing.assert_array_equal(found, given == given.max((1, 2), keepdims=True))


@pytest.mark.parametrize(
    ("window", "strides", "padding"),
    [
        ((1, 8, 8, 1), (1, 1, 1, 1), "SAME"),
        ((1, 8, 1, 1), (1, 8, 2, 1), "VALID"),
        ((1, 4, 4, 1), (1, 4, 4, 1), "VALID"),
    ],
    ids=["padded", "strides beside it", "parts"],
)
def test_other_windows_are_no_reductions(window, strides, padding):
    assert not lowered_by("max_pool_of_all", lambda each: pooled(each, window, strides, padding), images())


def test_an_open_batch_is_pooled():
    shape = jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 8, 8, 32"), "float32")
    exported = jax.export.export(jax.jit(pooled), platforms=["cpu"])(shape)
    np.testing.assert_array_equal(exported.call(jnp.asarray(images())), images().max((1, 2), keepdims=True))
