"""Arrays that are written to memory once."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from tenon.xla.lowering._materialized import materialized


def test_a_materialized_array_stays_out_of_the_fusion_of_its_reader():
    def clipped(array):
        return jnp.sqrt(materialized(jnp.maximum(array, 1)))

    entry = jax.jit(clipped).lower(np.ones(8, "float32")).compile().as_text().split("ENTRY")[1]
    assert " call(" in entry
    assert "copy(" not in entry


def test_values_and_gradients_pass_through():
    array = np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_array_equal(materialized(array), array)
    np.testing.assert_array_equal(jax.grad(lambda x: (materialized(x) ** 2).sum())(array), 2 * array)


def test_open_sizes_pass_through():
    shape = jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 3"), "float32")
    exported = jax.export.export(jax.jit(lambda x: materialized(x) + 1))(shape)
    np.testing.assert_array_equal(exported.call(np.zeros((2, 3), "float32")), np.ones((2, 3)))
