"""The estimate of what a program computes."""

import jax
import jax.numpy as jnp
import pytest

from tenon.xla import estimate_work


def work(function, *shapes):
    return estimate_work(jax.make_jaxpr(function)(*(jnp.zeros(shape) for shape in shapes)))


def convolve(image, kernel):
    return jax.lax.conv_general_dilated(image, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


@pytest.mark.parametrize(
    ("function", "shapes", "operations"),
    [
        (jnp.dot, [(8, 100), (100, 16)], 2 * 8 * 100 * 16),
        (convolve, [(1, 10, 10, 4), (3, 3, 4, 8)], 2 * 8 * 8 * 8 * 3 * 3 * 4),
        (jnp.tanh, [(4, 5)], 16 * 20),
    ],
    ids=["product", "convolution", "elements"],
)
def test_operations_are_counted(function, shapes, operations):
    assert work(function, *shapes) == operations


def test_loops_count_their_steps_and_calls_what_they_call():
    def looped(x):
        return jax.lax.scan(lambda carry, _: (jnp.dot(carry, carry), None), x, length=7)[0]

    once = work(jnp.dot, (64, 64), (64, 64))
    assert work(looped, (64, 64)) == 7 * once
    assert work(jax.jit(looped), (64, 64)) == 7 * once
