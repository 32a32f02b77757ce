"""Products of int8 arrays by the rules, beside the plain form, bit by bit."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st
from jax import lax

from tenon.xla import without_lowering_rules
from tenon.xla.lowering.products._int8 import LEAST_WEIGHTS

KINDS = ("any", "least", "extremes")

row_shapes = st.sampled_from([(), (1,), (2,), (1, 1), (3, 2), (1, 5)])


@st.composite
def weight_shapes(draw):
    """Return over how much is summed, and columns: just enough for a rule."""
    columns = draw(st.sampled_from([1, 7, 32, 65, 100, 127, 128, 300]))
    return -(-LEAST_WEIGHTS // columns) + draw(st.integers(0, 5)), columns


def integers(kind, *shape):
    random = np.random.default_rng(sum(shape))
    if kind == "least":
        return np.full(shape, -128, "int8")
    return (
        random.integers(-128, 128, shape).astype("int8")
        if kind == "any"
        else random.choice(np.int8([-128, 127]), shape)
    )


def product(contracting, batch=((), ()), dtype=jnp.int32):
    """Return a product over given dimensions of both."""
    return lambda left, right: lax.dot_general(left, right, (contracting, batch), preferred_element_type=dtype)


def assert_same(function, *operands):
    found = jax.jit(lambda *values: function(*values))(*operands)
    with without_lowering_rules():
        plain = jax.jit(lambda *values: function(*values))(*operands)
    assert found.dtype == plain.dtype
    np.testing.assert_array_equal(found, plain)
