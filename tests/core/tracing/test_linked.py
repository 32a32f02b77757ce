"""A value whose gradient belongs to another."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from tenon.core.tracing import linked


def test_the_value_is_the_new_one_and_the_gradient_goes_to_the_origin():
    value, pull = jax.vjp(lambda new, origin: linked(new, origin) * 3.0, jnp.float32(5), jnp.float32(7))
    assert value == 15.0
    assert [float(gradient) for gradient in pull(jnp.float32(1))] == [0.0, 3.0]


def test_integers_are_not_linked():
    new = np.int32(1)
    assert linked(new, np.int32(2)) is new


def test_it_is_differentiated_forward_in_batches_and_compiled():
    def function(origin):
        return linked(origin**2, origin) ** 2

    rows = jnp.arange(3.0)
    np.testing.assert_allclose(jax.jit(jax.vmap(jax.grad(function)))(rows), 2 * rows**2)
    _, tangent = jax.jvp(jax.vmap(function), (rows,), (jnp.ones(3),))
    np.testing.assert_allclose(tangent, 2 * rows**2)
    np.testing.assert_allclose(jax.vmap(linked, (None, 0))(jnp.float32(4), rows), [4.0, 4.0, 4.0])
