"""Sorts of integers in place of numbers give the same order."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from tenon.xla import without_lowering_rules
from tests.xla.lowering.comparison import lowered_by

SPECIAL = [0.0, -0.0, 1.5, -1.5, np.nan, -np.nan, np.inf, -np.inf, 3.0]


def both(function, *operands):
    """Return a function's result by the rules and in the plain form."""
    found = jax.jit(lambda *values: function(*values))(*operands)
    with without_lowering_rules():
        return found, jax.jit(lambda *values: function(*values))(*operands)


def assert_same(function, *operands):
    found, plain = jax.tree.map(lambda each: np.asarray(each, np.float64), both(function, *operands))
    jax.tree.map(np.testing.assert_array_equal, found, plain)


def numbers(*shape, dtype="float32"):
    random = np.random.default_rng(0)
    if np.issubdtype(dtype, np.integer):
        return random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    return random.choice([*SPECIAL, *random.normal(size=9)], shape)


def sorts(given):
    return lax.sort(given), jnp.argsort(given), jnp.argsort(given, stable=False, descending=True)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "int32", "uint32", "int8"])
def test_every_dtype_of_32_bits_is_sorted_alike_and_equal_keys_stay_in_order(dtype):
    given = numbers(3, 70, dtype=dtype if "int" in dtype else "float64")
    assert_same(lambda each: [sorts(each)[0], sorts(each)[1]], jnp.asarray(given, dtype))


def test_several_arrays_are_sorted_by_the_first():
    keys, others = numbers(2, 2, 40), [numbers(2, 2, 40, dtype=dtype) for dtype in ("int16", "float32")]
    assert_same(lambda *each: lax.sort(each, num_keys=1), jnp.float32(keys), *others)


def test_derivatives_and_batches_of_sorts_are_the_same():
    given = np.random.default_rng(0).normal(size=(3, 40)).astype("float32")
    weights = np.arange(40, dtype="float32")
    assert_same(jax.vmap(jax.grad(lambda each: (jnp.sort(each) * weights).sum())), given)


def test_arrays_of_open_sizes_are_sorted_by_the_rule():
    shape = jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 40"), "float32")
    exported = jax.export.export(jax.jit(sorts), platforms=["cpu"])(shape)
    assert "integer_sort" in exported.mlir_module()
    given = np.random.default_rng(0).normal(size=(2, 40)).astype("float32")
    jax.tree.map(np.testing.assert_array_equal, exported.call(given), jax.jit(sorts)(given))


def test_what_the_library_sorts_already_or_cannot_is_left_as_it_is():
    several = lambda each: lax.sort((each, each), num_keys=2)  # noqa: E731
    first = lambda each: lax.sort(each, dimension=0)  # noqa: E731
    for function, given in (
        (lax.sort, numbers(40, dtype="int32")),
        (several, jnp.ones(40)),
        (first, jnp.ones((40, 2))),
    ):
        assert not lowered_by("integer_sort", function, given)
    assert not lowered_by("integer_sort", sorts, jnp.ones(8))
