"""The private names of JAX that lowering rules need are there."""

import jax

from tenon.xla._jax_lowering import plain_lowering


def test_a_primitive_has_a_plain_lowering_general_or_of_its_platform():
    assert callable(plain_lowering(jax.lax.add_p, "cpu"))
    assert callable(plain_lowering(jax.lax.dot_general_p, "cpu"))
