"""The places of the largest and smallest are found in parts of rows, the first of several."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tenon.xla import without_lowering_rules
from tests.xla.lowering.comparison import lowered_by


def places(given):
    return jnp.argmax(given, -1), jnp.argmin(given, -1)


def numbers(*shape, dtype="float32"):
    """Return few numbers many times, with NaN and infinities in some rows, all NaN in one."""
    random = np.random.default_rng(0)
    given = random.integers(-3, 4, shape).astype("float32")
    for special in (np.nan, np.inf, -np.inf):
        given = np.where((random.random(shape) < 0.01) & (random.random((*shape[:-1], 1)) < 0.3), special, given)
    given[0] = np.nan
    return jnp.asarray(given, dtype)


@pytest.mark.parametrize(
    ("length", "dtype"), [(64, "float32"), (150, "bfloat16"), (4 * 17, "float16"), (4096, "float32")]
)
def test_the_first_is_found_among_equals_and_nan(length, dtype):
    given = numbers(40, length, dtype=dtype)
    found = jax.jit(lambda each: places(each))(given)
    with without_lowering_rules():
        plain = jax.jit(lambda each: places(each))(given)
    jax.tree.map(np.testing.assert_array_equal, found, plain)
    assert lowered_by("argmax", places, given)


def test_an_open_batch_is_lowered_by_the_rule():
    shape = jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 3, 100"), "float32")
    exported = jax.export.export(jax.jit(places), platforms=["cpu"])(shape)
    assert "stablehlo.gather" in exported.mlir_module()
    given = numbers(5, 3, 100)
    jax.tree.map(np.testing.assert_array_equal, exported.call(given), places(given))


@pytest.mark.parametrize(
    "shape", [(5, 63), (5, 67), (5, 2 * 67), (100, 5)], ids=["short", "prime", "halves", "columns"]
)
def test_other_rows_are_left_as_they_are(shape):
    axis = -1 if shape[0] == 5 else 0
    module = jax.jit(lambda each: jnp.argmax(each, axis)).lower(jnp.ones(shape)).as_text()
    assert "stablehlo.gather" not in module
