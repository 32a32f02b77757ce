"""The whole of it: ``tf.function`` converts, and what is converted computes what Python computes."""

from __future__ import annotations

# code as users write it
import numpy as np
import pytest
from hypothesis import given, settings

import tenon as tf
from tests.core.autograph.jax_staging import last_line
from tests.core.autograph.programs import define, programs

INPUTS = [(0, 1, 2), (5, 3, 4), (40, 96, 7)]


@settings(max_examples=6)
@given(programs(number="({} + zero)"))
def test_a_traced_function_computes_what_python_computes(source):
    function = define(source)
    traced = tf.function(function)
    for values in INPUTS:
        assert int(traced(*map(tf.constant, values), tf.constant(0))) == function(*values)


def test_a_method_that_assigns_a_variable_in_a_branch():
    class Counter(tf.Module):
        def __init__(self):
            super().__init__()
            self.count = tf.Variable(0)

        @tf.function
        def __call__(self, x):
            if x > 0:
                self.count.assign_add(1)
                y = x
            else:
                y = -x
            return y * self.count

    counter = Counter()
    assert [int(counter(tf.constant(x))) for x in (3, -3, 4)] == [3, 3, 8]


def test_a_loop_over_rows_has_gradients():
    @tf.function
    def product(x):
        y = tf.constant(1.0)
        for row in x:
            y = y * row
        return y

    x = tf.constant([2.0, 3.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = product(x)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), [12.0, 8.0, 6.0])


def test_a_loop_over_a_tensor_of_unknown_length():
    @tf.function
    def total(n):
        s = 0
        for i in tf.range(n):
            if i == 3:
                continue
            if i > 6:
                break
            s += i
        return s

    assert [int(total(tf.constant(n))) for n in (0, 3, 5, 20)] == [0, 3, 7, 18]


def test_a_condition_that_is_no_scalar_is_refused_at_the_line():
    @tf.function
    def function(x):
        if x > 0:  # here
            return x
        return -x

    with pytest.raises(ValueError, match=r"condition of if statement expected to be `tf\.bool` scalar") as caught:
        function(tf.constant([1, 2]))
    assert last_line(caught.value) == "if x > 0:  # here"


def test_an_assertion_fails_when_the_function_runs():
    @tf.function
    def function(x):
        assert x > 0, "x has to be positive"
        return x

    assert int(function(tf.constant(1))) == 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="x has to be positive"):
        function(tf.constant(-1))
