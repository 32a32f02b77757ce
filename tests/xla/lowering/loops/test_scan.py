"""Loops whose products are taken out of them give what the plain ones give."""

from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from tenon.xla import LOWERING_RULES, install_lowering_rules
from tenon.xla.lowering.loops._limits import Limits
from tenon.xla.lowering.loops._scan import scan_rule
from tests.xla.lowering.comparison import assert_agree, lowered_by

RULE = "scan_of_products"
EVERYTHING = Limits(hoisted=1, accumulated=1, accumulated_of_few=1, bytes=1024**2)


@pytest.fixture(autouse=True, scope="module")
def small_products_leave_loops():
    """Have the rule change loops that are quickly compiled."""
    install_lowering_rules([scan_rule(EVERYTHING)])
    yield
    install_lowering_rules(LOWERING_RULES)


def numbers(*shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype) * 0.5


def recurrent(slices, weights, recurrent_weights, bias):
    """A recurrent layer, the whole sequence of its states."""

    def step(state, given):
        state = jnp.tanh(given @ weights + state @ recurrent_weights + bias)
        return state, state

    return lax.scan(step, jnp.zeros((slices.shape[1], bias.shape[0]), slices.dtype), slices)[1]


def layer(length=5, batch=2, inputs=3, units=4, dtype="float32"):
    shapes = ((length, batch, inputs), (inputs, units), (units, units), (units,))
    return [jnp.asarray(numbers(*shape, seed=place), dtype) for place, shape in enumerate(shapes)]


STEPS = {
    "slices only": lambda w, c, x: (c + 1.0, x @ w),
    "a constant product": lambda w, c, x: (c + (w @ w).sum(), x @ c),
    "a product of two slices": lambda w, c, x: (c * 0.5, jnp.einsum("bi,bj->ij", x, x)),
    "an accumulated product": lambda w, c, x: (c + x.T @ x, x * 2.0),
    "an accumulated product that is also a result": lambda w, c, x: (c + x.T @ x, c),
    "an accumulated product of the carry": lambda w, c, x: (c + c @ (x.T @ x), x),
    "an accumulated, turned product": lambda w, c, x: (c + jnp.transpose(jnp.tanh(x).T @ x), jnp.tanh(x)),
    "a subtracted product": lambda w, c, x: (c - x.T @ x, x),
    "a slice cut into gates": lambda w, c, x: (c * jnp.tanh(x[0]) + c @ w, jax.nn.sigmoid(x[:, :1]) * x[:, 1:]),
    "a sum cut into gates": lambda w, c, x: (c * 0.5, sum(jnp.split(x @ c + x + 1.0, 3, axis=1))),
    "a call": lambda w, c, x: (c + jax.jit(lambda v: v.T @ v)(x), jax.nn.relu(x @ w)),
    "a condition": lambda w, c, x: (lax.cond(x[0, 0] > 0, lambda v: v + 1.0, lambda v: v, c), x @ w),
}
"""Of weights (3, 3), a carry (3, 3) and a slice (2, 3): the next carry and a result."""


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "backward"])
def test_results_and_gradients_agree(reverse):
    def looped(name, weights, carry, slices):
        last, results = lax.scan(lambda c, x: STEPS[name](weights, c, x), carry, slices, reverse=reverse)
        return jnp.concatenate([last.ravel(), results.ravel()])

    def all_of_them(*values):
        return jnp.concatenate([looped(name, *values) for name in STEPS])

    assert_agree(all_of_them, numbers(3, 3), numbers(3, 3, seed=1), numbers(4, 2, 3, seed=2), gradients=(0, 1, 2))


@given(st.lists(st.sampled_from(list(STEPS)), min_size=2, max_size=3), st.integers(1, 4))
@settings(max_examples=5, deadline=None)
def test_bodies_of_several_steps_agree(names, length):
    def step(weights, carry, given):
        results = []
        for name in names:
            carry, result = STEPS[name](weights, carry, given)
            results.append(result.ravel())
        return carry * 0.1, jnp.concatenate(results)

    def looped(weights, slices):
        last, results = lax.scan(lambda c, x: step(weights, c, x), jnp.eye(3), slices)
        return jnp.concatenate([last.ravel(), results.ravel()])

    assert_agree(looped, numbers(3, 3), numbers(length, 2, 3, seed=2), gradients=(0, 1))


def test_a_recurrent_layer_agrees_and_is_lowered_by_the_rule():
    assert_agree(recurrent, *layer(), gradients=(0, 1, 2, 3))
    assert lowered_by(RULE, recurrent, *layer())


def test_the_products_of_a_recurrent_layer_leave_the_loop():
    def loss(*values):
        return (recurrent(*values) ** 2).sum()

    text = jax.jit(lambda *values: jax.grad(loss, (1, 2, 3))(*values)).lower(*layer()).as_text()
    products = re.findall(r"dot_general.*: \((.*)\) ->", text)
    assert len(products) == 5
    assert not [each for each in products if "tensor<2x3xf32>" in each], "no product with the slice of one step"
    assert len([each for each in products if "tensor<5x" in each]) == 3, "one forward, two for the weights"


@pytest.mark.parametrize("dtype", ["bfloat16", "float64"])
def test_other_dtypes_agree(dtype):
    with jax.enable_x64(dtype == "float64"):
        assert_agree(recurrent, *layer(dtype=dtype), gradients=(1,))


def test_batches_of_loops_and_loops_of_loops_agree():
    slices, *weights = layer()
    many = jnp.stack([slices, slices + 1.0])
    assert_agree(lambda xs: jax.vmap(lambda each: recurrent(each, *weights))(xs), many, gradients=(0,))
    assert_agree(lambda xs: lax.map(lambda each: recurrent(each, *weights), xs), many, gradients=(0,))


def test_an_open_batch_is_lowered_by_the_rule():
    _, *weights = layer()
    open_batch = jax.ShapeDtypeStruct(jax.export.symbolic_shape("5, b, 3"), "float32")
    exported = jax.export.export(jax.jit(lambda xs: recurrent(xs, *weights)), platforms=["cpu"])(open_batch)
    slices = numbers(5, 6, 3)
    np.testing.assert_allclose(exported.call(slices), recurrent(slices, *weights), atol=1e-5)


def test_loops_with_effects_and_loops_without_products_are_left_as_they_are():
    def printed(slices, weights):
        def step(carry, given):
            jax.debug.callback(lambda value: None, given)
            return carry, given @ weights

        return lax.scan(step, 0, slices)[1]

    slices, weights, *_ = layer()
    assert not lowered_by(RULE, printed, slices, weights)
    assert not lowered_by(RULE, lambda xs: lax.scan(lambda c, x: (c + x, c * x), 0.0, xs), np.ones(4, "float32"))


def test_small_products_stay_in_the_loop():
    install_lowering_rules([scan_rule(Limits())])
    try:
        assert not lowered_by(RULE, recurrent, *layer())
        assert "inlineable" not in jax.jit(recurrent).lower(*layer()).as_text()
        assert lowered_by(RULE, recurrent, *layer(inputs=512, units=512))
        gradient = jax.grad(lambda *values: recurrent(*values).sum(), (1, 2))
        assert lowered_by(RULE, gradient, *layer(batch=4, inputs=128, units=128))
        assert not lowered_by(RULE, gradient, *layer(batch=16, inputs=128, units=128))
    finally:
        install_lowering_rules([scan_rule(EVERYTHING)])


def test_what_would_take_too_much_memory_stays_in_the_loop():
    slices = jax.ShapeDtypeStruct((1000, 2, 3), "float32")
    weights = jax.ShapeDtypeStruct((3, 512), "float32")
    looped = lambda xs, w: lax.scan(lambda c, x: (c, (x @ w).sum()), 0, xs)[1]  # noqa: E731
    assert not lowered_by(RULE, looped, slices, weights)
    assert lowered_by(RULE, looped, jax.ShapeDtypeStruct((100, 2, 3), "float32"), weights)
