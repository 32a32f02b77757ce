"""A traced function computes what the same code computes eagerly: values, variables and gradients."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings

import tenon as tf
from tests.core.control_flow.programs import PROGRAMS, run


def outcome(program, traced):
    """Return results, gradients and the variable after a program ran under a tape."""
    variable, a, b = tf.Variable(0.4), tf.constant(0.7), tf.constant(-0.2)

    def function(a, b):
        return run(program, variable, {"a": a, "b": b})

    with tf.GradientTape() as tape:
        tape.watch([a, b])
        state = (tf.function(function, autograph=False) if traced else function)(a, b)
        total = state["a"] * 2.0 + state["b"] * variable
    gradients = tape.gradient(total, [a, b, variable], unconnected_gradients="zero")
    return [float(value) for value in (*state.values(), *gradients, variable)]


@settings(max_examples=25)
@given(PROGRAMS)
def test_a_traced_program_does_what_it_does_eagerly(program):
    np.testing.assert_allclose(outcome(program, True), outcome(program, False), rtol=1e-4, atol=1e-5)
