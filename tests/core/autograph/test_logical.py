"""``and``, ``or``, ``not``, comparisons and ``assert`` on tensors."""

# ruff: noqa: RET504  # code as users write it

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.core.autograph import convert
from tests.core.autograph.jax_staging import FAILURES, STAGING, compiled, last_line, outcomes

INPUTS = [(x, y) for x in (-1, 1, 4) for y in (0, 2)]


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: x > 0 and y > 0,
        lambda x, y: x > 0 and y > 0 and x > y,
        lambda x, y: x > 0 or y > 0,
        lambda x, y: x > 3 or y > 3 or x == y,
        lambda x, y: not x > y,
        lambda x, y: not (x > 0 and not y > 0),
        lambda x, y: y < x < 3,
        lambda x, y: y < x != 1 < 2,
        lambda x, y: x == 1,
        lambda x, y: x != y,
        lambda x, y: True and x > 0,
        lambda x, y: False or x > 0,
        lambda x, y: x > 0 and True,
        lambda x, y: x > 0 or False,
    ],
)
def test_logic_on_tensors_is_that_of_python(function):
    staged, python = outcomes(function, INPUTS)
    assert [bool(value) for value in staged] == [bool(value) for value in python]


def test_on_python_values_the_operands_themselves_are_returned():
    def function(a, b):
        return a and b, a or b, not a, a and b and None, a or b or 0

    for a in (0, "", [1], 2.5):
        for b in (None, "x", 3):
            assert convert(function, STAGING)(a, b) == function(a, b)


def test_python_evaluates_no_further_than_it_must():
    seen = []

    def note(value):
        seen.append(value)
        return value

    def function():
        return note(0) and note(1), note(2) or note(3), note(5) < note(4) < note(6)

    assert convert(function, STAGING)() == (0, 2, False)
    assert seen == [0, 2, 5, 4]


def test_the_middle_of_a_comparison_is_evaluated_once():
    calls = []

    def middle():
        calls.append(1)
        return 2

    assert convert(lambda: 1 < middle() < 3, STAGING)()
    assert len(calls) == 1


def test_the_right_operand_runs_only_where_the_left_holds():
    def function(x):
        ok = x > 0 and check(x)
        return ok

    def check(x):
        assert x > 0, "x is not positive"
        return x > 1

    FAILURES.clear()
    assert [bool(compiled(function)(value)) for value in (-1, 1, 2)] == [False, False, True]
    jax.effects_barrier()
    assert FAILURES == []


def test_operands_of_different_structure_are_refused():
    with pytest.raises(InvalidArgumentError, match=r"'\.\.\. and \.\.\.' must have the same structure"):
        compiled(lambda x: x > 0 and (x, x))(1)


def test_operands_of_different_dtype_are_refused():
    with pytest.raises(TypeError, match=r"'\.\.\. or \.\.\.' is bool"):
        compiled(lambda x: x > 0 or 3)(1)


def test_a_vector_is_no_condition():
    with pytest.raises(ValueError, match="must be a bool scalar"):
        compiled(lambda x: 1 if x > 0 else 2)(np.arange(3))


def test_equality_of_vectors_is_elementwise():
    np.testing.assert_array_equal(compiled(lambda x: x == jnp.array([0, 5, 2]))(np.arange(3)), [True, False, True])


def test_an_assertion_on_a_tensor_is_checked_when_the_program_runs():
    def function(x):
        assert x > 0, "x has to be positive"
        return x

    FAILURES.clear()
    for value in (1, -1):
        compiled(function)(value).block_until_ready()
    jax.effects_barrier()
    assert FAILURES == ["x has to be positive"]


def test_an_assertion_without_a_message_fails_too():
    def function(x):
        assert x > 0
        return x

    FAILURES.clear()
    compiled(function)(-1).block_until_ready()
    jax.effects_barrier()
    assert FAILURES == ["assertion failed"]


def test_an_assertion_on_a_python_value_fails_while_tracing_at_the_line():
    def function(x, n):
        assert n > 0, f"n is {n}"  # here
        return x

    with pytest.raises(AssertionError, match="n is -1") as caught:
        jax.jit(convert(function, STAGING), static_argnums=1)(1, -1)
    assert last_line(caught.value).endswith("# here")


def test_an_assertion_without_a_message_on_a_python_value_has_none():
    def function(n):
        assert n > 0
        return n

    assert convert(function, STAGING)(1) == 1
    with pytest.raises(AssertionError) as caught:
        convert(function, STAGING)(0)
    assert caught.value.args == ()


def test_the_message_of_an_assertion_that_holds_is_not_computed():
    def function(n):
        assert n, 1 / 0
        return n

    assert convert(function, STAGING)(1) == 1
