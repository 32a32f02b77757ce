"""Products of bfloat16 matrices, made in float32 and rounded, are what the plain ones are."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from tenon.xla.lowering.products._bfloat16 import LEAST_PRODUCTS, has_bfloat16_instructions
from tests.xla.lowering.comparison import assert_agree, lowered_by

RULE = "bfloat16_product"

needs_instructions = pytest.mark.skipif(not has_bfloat16_instructions(), reason="the processor lacks bfloat16")


def numbers(*shape, dtype="bfloat16"):
    return jnp.asarray(np.random.default_rng(0).normal(size=shape), dtype)


@needs_instructions
@settings(max_examples=5, deadline=None)
@given(st.integers(1, 40), st.lists(st.integers(1, 3), max_size=2))
def test_products_and_their_gradients_are_the_plain_ones(columns, leading):
    rows = -(-LEAST_PRODUCTS // (256 * columns))
    left, right = numbers(*leading, rows, 256), numbers(256, columns)
    assert lowered_by(RULE, jnp.matmul, left, right)
    assert jnp.matmul(left, right).dtype == jnp.bfloat16
    assert_agree(jnp.matmul, left, right, gradients=(0, 1))


@needs_instructions
def test_it_works_under_vmap_and_in_scans():
    left, right = numbers(3, 128, 128), numbers(128, 128)
    assert_agree(jax.vmap(jnp.matmul, (0, None)), left, right)
    assert_agree(lambda first, second: lax.scan(lambda carry, row: (carry, row @ carry), second, first)[1], left, right)


@pytest.mark.parametrize(
    ("left", "right", "product"),
    [
        (numbers(8, 8), numbers(8, 8), jnp.matmul),
        (numbers(256, 256, dtype="float32"), numbers(256, 256, dtype="float32"), jnp.matmul),
        (numbers(256, 256, dtype="float16"), numbers(256, 256, dtype="float16"), jnp.matmul),
        (numbers(256, 256), numbers(256, 256), lambda a, b: lax.dot(a, b, preferred_element_type=jnp.float32)),
        (numbers(256, 256), numbers(256, 256), lambda a, b: lax.dot_general(a, b, (((0,), (0,)), ((), ())))),
        (numbers(2, 256, 256), numbers(2, 256, 256), jnp.matmul),
    ],
    ids=["small", "float32", "float16", "wide result", "transposed", "batched"],
)
def test_what_the_kernel_does_not_speed_up_stays_as_it_is(left, right, product):
    assert not lowered_by(RULE, product, left, right)


def test_products_with_open_sizes_are_exported_in_the_plain_form():
    rows = jax.ShapeDtypeStruct(jax.export.symbolic_shape("b, 256"), jnp.bfloat16)
    exported = jax.export.export(jax.jit(jnp.matmul))(rows, jax.ShapeDtypeStruct((256, 256), jnp.bfloat16))
    assert exported.call(numbers(4, 256), numbers(256, 256)).shape == (4, 256)


def test_linux_tells_whether_the_processor_has_the_instructions(tmp_path):
    new, old = tmp_path / "new", tmp_path / "old"
    new.write_text("processor : 0\nflags\t\t: fpu avx512_bf16 sse\n")
    old.write_text("processor : 0\nflags\t\t: fpu avx512f sse\n")
    assert has_bfloat16_instructions(new)
    assert not has_bfloat16_instructions(old)
    assert not has_bfloat16_instructions(tmp_path / "none")
