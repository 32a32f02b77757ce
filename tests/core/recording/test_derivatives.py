"""Derivatives over nodes, against JAX's own."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.core.recording import Recorder, backward, forward, kernel, run
from tenon.core.recording._derivatives import _backward_kernel

UNARY = {"sin": jnp.sin, "tanh": jnp.tanh, "square": jnp.square, "exp": jnp.exp}
BINARY = {"add": jnp.add, "multiply": jnp.multiply, "subtract": jnp.subtract}


def recorded(function, *inputs):
    recorder = Recorder()
    for value in inputs:
        recorder.watch(value)
    with recorder:
        output = function(*inputs)
    return recorder.nodes, output


@st.composite
def programs(draw):
    """A straight program: each step applies an operation to values that exist already."""
    steps = []
    for count in range(2, 2 + draw(st.integers(1, 8))):
        name = draw(st.sampled_from([*UNARY, *BINARY]))
        steps.append((name, [draw(st.integers(0, count - 1)) for _ in range(1 if name in UNARY else 2)]))
    return steps


def evaluate(steps, x, y, apply):
    values = [x, y]
    for name, places in steps:
        values.append(apply({**UNARY, **BINARY}[name], *[values[place] for place in places]))
    return values[-1]


@settings(max_examples=30, deadline=None)
@given(programs())
def test_random_programs_have_the_gradients_and_tangents_of_jax(steps):
    x, y = jnp.array([0.1, -0.2], jnp.float32), jnp.array([0.3, 0.05], jnp.float32)
    nodes, output = recorded(lambda *a: evaluate(steps, *a, lambda f, *v: run(kernel(f), v)), x, y)
    expected, pull = jax.vjp(lambda *a: evaluate(steps, *a, lambda f, *v: f(*v)), x, y)
    gradients = [jnp.zeros(2) if g is None else g for g in backward(nodes, [output], [x, y], [None])]
    np.testing.assert_allclose(output, expected, rtol=1e-5)
    for ours, theirs in zip(gradients, pull(jnp.ones(2)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    tangents = [jnp.array([1.0, 2.0]), jnp.array([-1.0, 0.5])]
    (pushed,) = forward(nodes, [x, y], tangents, [output])
    _, there = jax.jvp(lambda *a: evaluate(steps, *a, lambda f, *v: f(*v)), (x, y), tuple(tangents))
    np.testing.assert_allclose(jnp.zeros(2) if pushed is None else pushed, there, rtol=1e-4, atol=1e-6)


def test_equal_programs_share_one_compiled_kernel():
    before = _backward_kernel.cache_info()
    for _ in range(3):
        x = jnp.ones(5)
        nodes, y = recorded(lambda x: run(kernel(jnp.tanh), (run(kernel(jnp.sinh), (x,)),)), x)
        backward(nodes, [y], [x], [None])
    after = _backward_kernel.cache_info()
    assert after.misses - before.misses <= 1
    assert after.hits - before.hits >= 2


def test_a_jacobian_starts_from_every_unit_vector_at_once():
    x = jnp.array([1.0, 2.0])
    nodes, y = recorded(lambda x: run(kernel(jnp.square), (x,)), x)
    (rows,) = backward(nodes, [y], [x], [np.eye(2, dtype=np.float32)], batched=True)
    np.testing.assert_allclose(rows, np.diag([2.0, 4.0]))


def test_complex_gradients_are_the_conjugates_of_jaxs():
    x = jnp.array([1.0 + 2.0j])
    nodes, y = recorded(lambda x: run(kernel(jnp.square), (x,)), x)
    (gradient,) = backward(nodes, [y], [x], [None])
    np.testing.assert_allclose(gradient, np.conj(2 * np.asarray(x)))


@pytest.mark.parametrize("batched", [False, True])
def test_an_opaque_node_splits_the_program(batched):
    x, recorder = jnp.array([1.0, 2.0]), Recorder()
    recorder.watch(x)
    with recorder:
        y = run(kernel(jnp.square), (x,))
        z = jnp.array([7.0, 7.0])
        recorder.opaque_ran([y], [z], lambda gradient: [10.0 * gradient])
        w = run(kernel(jnp.multiply), (z, y))
    start = np.ones((3, 2), np.float32) if batched else np.ones(2, np.float32)
    (gradient,) = backward(recorder.nodes, [w], [x], [start], batched=batched)
    expected = (10.0 * np.asarray(y) + np.asarray(z)) * 2 * np.asarray(x)
    np.testing.assert_allclose(gradient, np.broadcast_to(expected, gradient.shape))


def test_what_nothing_connects_has_no_derivative():
    x, other = jnp.ones(2), jnp.ones(2)
    nodes, y = recorded(lambda x, _: run(kernel(jnp.square), (x,)), x, other)
    assert backward(nodes, [y], [other], [None]) == [None]
    assert forward(nodes, [other], [jnp.ones(2)], [y]) == [None]
