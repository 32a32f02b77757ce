"""What steps cut into parts lies in memory, and results are those of the plain loops."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from tenon.keras import layers
from tests.xla.lowering.comparison import assert_agree, lowered_by

RULE = "scan_of_products"
KEPT = 'inlineable = "false"'


def numbers(*shape, dtype="float32", seed=0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape) * 0.5, dtype)


def gated(slices, weights, *, reverse=False):
    """A recurrent layer whose inputs come multiplied, one for each of its three gates."""

    def step(state, given):
        update, reset, candidate = jnp.split(given, 3, axis=-1)
        inner = jnp.split(state @ weights, 3, axis=-1)
        keep = jax.nn.sigmoid(update + inner[0])
        new = jnp.tanh(candidate + jax.nn.sigmoid(reset + inner[1]) * inner[2])
        state = keep * state + (1 - keep) * new
        return state, state

    start = jnp.zeros((slices.shape[1], weights.shape[0]), slices.dtype)
    return lax.scan(step, start, slices, reverse=reverse)[1]


@given(st.integers(2, 4), st.integers(1, 3), st.integers(1, 5), st.booleans())
@settings(max_examples=2, deadline=None)
def test_results_and_gradients_agree(length, batch, units, reverse):
    operands = numbers(length, batch, 3 * units), numbers(units, 3 * units, seed=1)
    assert_agree(lambda *values: gated(*values, reverse=reverse), *operands, gradients=(0, 1))
    assert lowered_by(RULE, gated, *operands)


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_other_dtypes_agree(dtype):
    with jax.enable_x64(dtype == "float64"):
        assert_agree(gated, numbers(3, 2, 12, dtype=dtype), numbers(4, 12, dtype=dtype, seed=1), gradients=(1,))


def test_a_slice_is_kept_in_memory_where_it_is_cut_and_only_there():
    def whole(slices, weights):
        return lax.scan(lambda state, given: (jnp.tanh(given + state @ weights), None), slices[0], slices)[0]

    assert KEPT in jax.jit(gated).lower(numbers(3, 2, 12), numbers(4, 12)).as_text()
    assert KEPT not in jax.jit(whole).lower(numbers(3, 2, 4), numbers(4, 4)).as_text()


def test_a_loop_that_keeps_its_gates_for_derivatives_is_left_as_it_is():
    text = jax.jit(jax.grad(lambda *values: gated(*values).sum(), (0, 1))).lower(numbers(3, 2, 12), numbers(4, 12))
    assert KEPT not in text.as_text()


def test_the_parts_of_a_step_are_not_looked_up_in_all_steps():
    """XLA's own fusion is a loop over the parts that takes the whole input and the step's place."""
    text = jax.jit(gated).lower(numbers(5, 8, 48), numbers(16, 48)).compile().as_text()
    computations = text.split("\n\n")
    assert any("dynamic-slice" in each for each in computations)
    assert not [each for each in computations if "dynamic-slice" in each and "tanh(" in each and "while(" not in each]


def test_batches_of_loops_agree():
    many = numbers(2, 3, 2, 12)
    assert_agree(lambda xs: jax.vmap(lambda each: gated(each, numbers(4, 12, seed=1)))(xs), many, gradients=(0,))


def test_an_open_batch_is_lowered_by_the_rule():
    weights = numbers(4, 12, seed=1)
    open_batch = jax.ShapeDtypeStruct(jax.export.symbolic_shape("5, b, 12"), "float32")
    exported = jax.export.export(jax.jit(lambda xs: gated(xs, weights)), platforms=["cpu"])(open_batch)
    assert KEPT in exported.mlir_module()
    slices = numbers(5, 6, 12)
    np.testing.assert_allclose(exported.call(slices), gated(slices, weights), atol=1e-5)


@pytest.mark.parametrize("options", [{}, {"reset_after": False, "return_sequences": True, "go_backwards": True}])
def test_gated_recurrent_layers_of_keras_agree(options):
    layer = layers.GRU(4, **options)
    layer.build((2, 5, 3))
    mask = np.array([[True] * 5, [True, True, False, True, False]])
    weights = [each.value for each in layer.trainable_variables]
    states = [each.value for each in layer.non_trainable_variables]

    def outputs(inputs, kernel, masked):
        used = {"mask": jnp.asarray(mask)} if masked else {}
        return layer.stateless_call([kernel, *weights[1:]], states, inputs, **used)[0]

    def both(inputs, kernel):
        return outputs(inputs, kernel, False) + outputs(inputs, kernel, True)

    assert_agree(both, numbers(2, 5, 3), weights[0], gradients=(0, 1))
