"""Random numbers are the same, bit for bit, whether the rounds of the hash are written out or not."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.random import threefry2x32_p

from tenon.xla import without_lowering_rules
from tests.xla.lowering.comparison import lowered_by

DRAWS = {
    "bits": lambda key: jax.random.bits(key, (3, 5)),
    "bits of one byte": lambda key: jax.random.bits(key, (3,), "uint8"),
    "normal": lambda key: jax.random.normal(key, (7,)),
    "keys": lambda key: jax.random.key_data(jax.random.split(jax.random.fold_in(key, 3), 2)),
    "many keys": lambda key: jax.vmap(lambda each: jax.random.uniform(each, (4,)))(jax.random.split(key, 3)),
    "nothing": lambda key: jax.random.bits(key, (0,)),
}


@pytest.mark.parametrize("draw", DRAWS)
def test_draws_are_the_same(draw):
    key, function = jax.random.key(17), DRAWS[draw]
    found = jax.jit(lambda each: function(each))(key)
    with without_lowering_rules():
        plain = jax.jit(lambda each: function(each))(key)
    np.testing.assert_array_equal(found, plain)


def test_the_words_are_those_of_the_published_vectors():
    key, counter = (
        (jnp.uint32([0x13198A2E]), jnp.uint32([0x03707344])),
        (jnp.uint32([0x243F6A88]), jnp.uint32([0x85A308D3])),
    )
    found = jax.jit(lambda *words: threefry2x32_p.bind(*words))(*key, *counter)
    assert [int(word[0]) for word in found] == [0xC4923A9C, 0x483DF7A0]


def test_no_loop_is_left():
    function = jax.jit(lambda key: jax.random.bits(key, (8,)))
    assert lowered_by("threefry2x32", function, jax.random.key(0))
    assert "stablehlo.while" not in function.lower(jax.random.key(0)).as_text()


def test_an_open_batch_is_lowered_by_the_rule():
    shape = jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 2"), "float32")
    noise = jax.jit(lambda given: jax.random.uniform(jax.random.key(1), given.shape))
    exported = jax.export.export(noise, platforms=["cpu"])(shape)
    assert "stablehlo.while" not in exported.mlir_module()
    np.testing.assert_array_equal(exported.call(np.zeros((3, 2), "float32")), noise(np.zeros((3, 2), "float32")))
