"""The loop whose count only the run tells has every derivative."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tenon.core.control_flow._dynamic_while import (
    FEWEST_SLOTS,
    MOST_SLOTS,
    as_loop,
    dynamic_while,
    reverse,
    slots_for,
)

X = np.array([0.3, -0.7, 1.1], np.float32)
A = np.float32(1.3)
COUNTS = (0, 1, 2, 9, 40)


def turned(x, a, y, c):
    return jnp.sin(y) * a + 0.1 * y * x, c + y.sum()


def staged(x, a, n):
    def turn(carry):
        return [carry[0] + 1, *turned(x, a, *carry[1:])]

    _, y, c = dynamic_while(lambda carry: carry[0] < n, turn, [jnp.int32(0), x, jnp.float32(0)])
    return (y**2).sum() + c


@partial(jax.jit, static_argnums=2)
def known(x, a, n):
    """The same loop where the count is known: JAX differentiates it by itself."""
    (y, c), _ = jax.lax.scan(lambda carry, _: (turned(x, a, *carry), None), (x, jnp.float32(0)), None, n)
    return (y**2).sum() + c


def close(found, wanted):
    np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=1e-5)


GRADIENT = jax.jit(jax.value_and_grad(staged, argnums=(0, 1)))


@pytest.mark.parametrize("n", COUNTS)
def test_values_and_gradients_are_those_of_a_loop_of_known_length(n):
    value, gradients = GRADIENT(X, A, n)
    close(value, known(X, A, n))
    for found, wanted in zip(gradients, jax.grad(known, argnums=(0, 1))(X, A, n), strict=True):
        close(found, wanted)


@pytest.mark.parametrize("slots", [2, 4])
def test_gradients_are_exact_however_few_states_are_kept(slots):
    @jax.jit
    def gradient(x, a, n):
        test, turn = lambda carry: carry[0] < n, lambda carry: [carry[0] + 1, jnp.sin(carry[1]) * a]
        loop, inputs, carry = as_loop(test, turn, [jnp.int32(0), x])
        live = [jnp.issubdtype(array.dtype, jnp.inexact) for array in (*inputs, *carry)]
        found = reverse(loop, live, inputs, carry, [jnp.ones_like(x)], slots)
        return found[-1], found[[array is a for array in inputs].index(True)]

    @partial(jax.jit, static_argnums=2)
    def wanted(x, a, n):
        last = lambda x, a: jax.lax.scan(lambda y, _: (jnp.sin(y) * a, None), x, None, n)[0].sum()  # noqa: E731
        return jax.grad(last, argnums=(0, 1))(x, a)

    for n in (0, 1, 2, 3, 4, 5, 9, 16, 33):
        for mine, theirs in zip(gradient(X, A, n), wanted(X, A, n), strict=True):
            close(mine, theirs)


def test_forward_mode():
    for n in (0, 1, 5):
        _, found = jax.jvp(lambda x, n=n: staged(x, A, n), (X,), (X,))
        _, wanted = jax.jvp(lambda x, n=n: known(x, A, n), (X,), (X,))
        close(found, wanted)


@pytest.mark.parametrize("outer", [jax.jacfwd, jax.jacrev])
def test_second_derivatives_by_both_modes(outer):
    close(jax.jit(outer(jax.jacrev(staged)))(X, A, 5), jax.hessian(known)(X, A, 5))


def test_a_third_derivative():
    def cubed(x):
        return dynamic_while(lambda c: c[0] < 2, lambda c: [c[0] + 1, c[1] ** 3], [jnp.int32(0), x])[1]

    third = jax.jit(jax.jacfwd(jax.jacfwd(jax.grad(cubed))))
    close(third(jnp.float32(0.7)), 9 * 8 * 7 * 0.7**6)


def test_rows_of_a_batch_end_by_themselves():
    counts = jnp.array([1, 4, 0, 6])
    rows = jnp.stack([X * n for n in range(1, 5)])
    found = jax.jit(jax.vmap(jax.grad(staged), (0, None, 0)))(rows, A, counts)
    through = jax.jit(jax.grad(lambda rows: jax.vmap(staged, (0, None, 0))(rows, A, counts).sum()))(rows)
    for place in range(4):
        wanted = jax.grad(known)(rows[place], A, int(counts[place]))
        close(found[place], wanted)
        close(through[place], wanted)


def test_a_batch_whose_rows_end_together_tests_once():
    found = jax.vmap(staged, (0, None, None))(jnp.stack([X, 2 * X]), A, 3)
    close(found, [known(X, A, 3), known(2 * X, A, 3)])


def test_integers_in_the_carry_pass_by():
    def function(x):
        _, y = dynamic_while(
            lambda c: c[0] < 3, lambda c: [c[0] + 1, c[1] * c[0].astype(c[1].dtype)], [jnp.int32(1), x]
        )
        return y

    assert float(jax.grad(function)(jnp.float32(5))) == 2.0


def test_the_number_of_kept_states_depends_on_their_size():
    small, large = [jnp.zeros(1)], [jax.ShapeDtypeStruct((1 << 22,), np.dtype("float32"))]
    assert slots_for(small) == MOST_SLOTS
    assert slots_for(large) == FEWEST_SLOTS
