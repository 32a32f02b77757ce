"""``if`` and conditional expressions on tensors."""

# ruff: noqa: FLY002, RET503, SIM102, SIM108  # code as users write it

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.core.autograph import convert
from tests.core.autograph.jax_staging import STAGING, compiled, last_line, outcomes

SIGNS = [(-3,), (0,), (5,)]


class Holder:
    """Something with attributes."""

    value = 0


def both(x):
    if x > 0:
        y = x * 2
    else:
        y = -x
    return y


def one_sided(x):
    y = 7
    if x > 0:
        y = x
    return y


def chain(x):
    if x > 3:
        y = 1
    elif x > -1:
        y = 2
    else:
        y = 3
    return y


def early(x):
    if x > 3:
        return x
    x += 1
    if x > 0:
        return x * 10
    return -x


def return_inside_a_branch_inside_a_branch(x):
    if x > -1:
        if x > 3:
            return 100
        y = 2
    else:
        y = 3
    return y + x


def attributes_and_items(x):
    holder, table = Holder(), {"a": 1}
    if x > 0:
        holder.value = x
        table["a"] = x + 1
    else:
        holder.value = 1
    return holder.value, table["a"]


def nested_values(x):
    if x > 0:
        y = {"a": (x, 1), "b": [x]}
    else:
        y = {"a": (1, x), "b": [0]}
    return y["a"][0], y["a"][1], y["b"][0]


def expression(x):
    return (1 if x > 3 else 2) if x > 0 else (3 if x < -1 else 4)


def expression_in_a_condition(x):
    if (x if x > 0 else -x) > 2:
        return 1
    return 0


def temporary_of_one_branch(x):
    if x > 0:
        t = x + 1
        x = t * t
    return x


def parameter_of_a_lambda_is_no_variable(x):
    if x > 0:
        y = (lambda np: np + 1)(x)
    else:
        y = int(np.add(1, 1))
    return y


@pytest.mark.parametrize(
    "function",
    [
        both,
        one_sided,
        chain,
        early,
        return_inside_a_branch_inside_a_branch,
        attributes_and_items,
        nested_values,
        expression,
        expression_in_a_condition,
        temporary_of_one_branch,
        parameter_of_a_lambda_is_no_variable,
    ],
)
def test_a_branch_on_a_tensor_is_chosen_when_the_program_runs(function):
    staged, python = outcomes(function, SIGNS)
    assert jax.tree.map(int, staged) == python


def test_a_branch_on_a_python_value_is_chosen_while_tracing():
    ran = []

    def function(flag, x):
        if flag:
            ran.append("main")
        else:
            ran.append("else")
        return x

    jax.jit(convert(function, STAGING), static_argnums=0)(True, 1)
    assert ran == ["main"]


def test_both_branches_on_a_tensor_are_traced():
    ran = []

    def function(x):
        if x > 0:
            ran.append("main")
        else:
            ran.append("else")
        return x

    compiled(function)(1)
    assert sorted(ran) == ["else", "main"]


def test_a_variable_that_only_the_main_branch_assigns_is_refused_at_the_line():
    def function(x):
        if x > 0:  # here
            y = x
        return y

    with pytest.raises(InvalidArgumentError, match="'y' must also be assigned in the else branch") as caught:
        compiled(function)(1)
    assert last_line(caught.value) == "if x > 0:  # here"


def test_a_variable_that_only_the_else_branch_assigns_is_refused():
    def function(x):
        if x > 0:
            pass
        else:
            y = x
        return y

    with pytest.raises(InvalidArgumentError, match="'y' must also be assigned in the main branch"):
        compiled(function)(1)


def test_an_attribute_that_only_one_branch_assigns_is_refused():
    def function(x, holder):
        if x > 0:
            holder.fresh = x
        return holder.fresh

    with pytest.raises(InvalidArgumentError, match=r"'holder\.fresh' must also be assigned in the else branch"):
        jax.jit(convert(lambda x: function(x, Holder()), STAGING))(1)


def test_a_variable_of_one_branch_that_nobody_reads_is_fine():
    def function(x):
        if x > 0:
            y = x  # noqa: F841
        return x

    assert int(compiled(function)(1)) == 1


def test_none_in_one_branch_is_refused():
    def function(x):
        y = None
        if x > 0:
            y = x
        return y

    with pytest.raises(InvalidArgumentError, match="'y' is None at the end of the else branch"):
        compiled(function)(1)


def test_none_in_both_branches_stays_none():
    def function(x):
        if x > 0:
            y = None
        else:
            y = None
        return y is None, x

    assert compiled(function)(1)[0]


def test_a_return_in_one_branch_only_is_refused():
    def function(x):
        if x > 0:
            return x

    with pytest.raises(InvalidArgumentError, match=r"the else branch .* must also have a return statement"):
        compiled(function)(1)


def test_returning_nothing_in_both_branches_returns_none():
    def function(x):
        if x > 0:
            return
        print("not positive")

    assert compiled(function)(1) is None


def test_another_structure_in_each_branch_is_refused():
    def function(x):
        if x > 0:
            y = (x, x)
        else:
            y = (x,)
        return y

    with pytest.raises(InvalidArgumentError, match=r"'y' must have the same structure .*\(\., \.\).*\(\.,\)"):
        compiled(function)(1)


def test_another_dtype_in_each_branch_is_refused_by_name():
    def function(x):
        if x > 0:
            state = {"count": 1}
        else:
            state = {"count": 1.0}
        return state

    with pytest.raises(TypeError, match="state['count']".replace("[", r"\[").replace("]", r"\]")) as caught:
        compiled(function)(1)
    assert last_line(caught.value) == "if x > 0:"


def test_the_same_function_in_both_branches_is_that_function():
    def function(x):
        if x > 0:
            scale, g = 2, jnp.abs
        else:
            scale, g = 3, jnp.abs
        return g(x) * scale

    assert int(compiled(function)(-2)) == 6


def test_other_objects_in_each_branch_are_refused():
    def function(x):
        if x > 0:
            g = jnp.abs
        else:
            g = jnp.sign
        return g(x)

    with pytest.raises(InvalidArgumentError, match="'g' must have the same structure"):
        compiled(function)(-2)


def test_equal_texts_in_both_branches_stay_a_text():
    def function(x):
        if x > 0:
            mode, x = "".join(["su", "m"]), x + 1
        else:
            mode = "".join(["su", "m"])
        return x if mode == "sum" else -x

    assert int(compiled(function)(1)) == 2


def test_a_variable_that_no_branch_assigned_keeps_its_identity():
    def function(x, flag):
        token = object()
        kept = token
        if x > 0:
            if flag:
                token = None
        return token is kept, x

    assert jax.jit(convert(function, STAGING), static_argnums=1)(1, False)[0]


def test_the_operands_of_a_conditional_expression_must_agree():
    def function(x):
        return (x, x) if x > 0 else x

    with pytest.raises(InvalidArgumentError, match=r"'\.\.\. if x > 0 else \.\.\.' must have the same structure"):
        compiled(function)(1)


def test_only_the_operand_that_is_chosen_is_evaluated_by_python():
    assert convert(lambda x: 1 if x else 1 / 0, STAGING)(True) == 1


def test_branches_do_not_see_each_others_assignments():
    def function(x):
        y = 1
        if x > 0:
            y = y + 1
        else:
            y = y + 10
        return y

    assert [int(compiled(function)(value)) for value in (1, -1)] == [2, 11]


def test_a_variable_may_hold_a_tensor_of_numpy():
    def function(x):
        y = np.zeros(2, np.float32)
        if x > 0:
            y = np.ones(2, np.float32)
        return y

    np.testing.assert_array_equal(compiled(function)(1), [1, 1])
