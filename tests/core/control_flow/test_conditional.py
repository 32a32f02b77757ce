"""``tf.cond``, ``tf.case`` and ``tf.switch_case``."""

from __future__ import annotations

import numpy as np
import pytest

import tenon as tf


def traced(function, *arguments):
    return tf.function(function, autograph=False)(*arguments)


def test_with_a_known_condition_one_branch_is_called():
    called = []
    result = tf.cond(tf.constant(True), lambda: called.append("true") or 1, lambda: called.append("false") or 2)
    assert (result, called) == (1, ["true"])


def test_in_a_function_both_branches_are_traced_once_and_one_runs():
    runs = []

    @tf.function(autograph=False)
    def f(x):
        return tf.cond(x > 0.0, lambda: runs.append("true") or x * 2.0, lambda: runs.append("false") or -x)

    assert [float(f(tf.constant(x))) for x in (3.0, -3.0, 4.0)] == [6.0, 3.0, 8.0]
    assert sorted(runs) == ["false", "true"]


def test_branches_are_traced_in_the_order_in_which_they_are_written():
    traced = []

    @tf.function
    def f(n):
        if n > 10:
            traced.append("first")
        elif n > 5:
            traced.append("second")
        else:
            traced.append("last")

    f(tf.constant(1))
    assert traced == ["first", "second", "last"]


def test_variables_change_only_in_the_branch_that_is_taken():
    v, w = tf.Variable(1.0), tf.Variable(0)

    @tf.function(autograph=False)
    def f(x):
        def yes():
            v.assign_add(x)
            return v * 2.0

        def no():
            w.assign_add(1)
            return v + 0.0

        return tf.cond(x > 0.0, yes, no)

    assert [float(f(tf.constant(x))) for x in (2.0, -1.0)] == [6.0, 3.0]
    assert (float(v), int(w)) == (3.0, 1)


def test_branches_nest():
    v = tf.Variable(0)

    @tf.function(autograph=False)
    def f(x):
        inner = lambda: tf.cond(x > 5, lambda: v.assign(2) + 0, lambda: v.assign(1) + 0)  # noqa: E731
        return tf.cond(x > 0, inner, lambda: tf.constant(-1))

    assert [(int(f(tf.constant(x))), int(v)) for x in (7, 3, -1)] == [(2, 2), (1, 1), (-1, 1)]


def test_structures_of_results_are_kept():
    found = traced(lambda x: tf.cond(x, lambda: {"a": (1, None)}, lambda: {"a": (2, None)}), tf.constant(False))
    assert found["a"][1] is None
    assert int(found["a"][0]) == 2


@pytest.mark.parametrize(
    ("no", "error", "message"),
    [
        (lambda: tf.constant(1.0), TypeError, "the result has dtype float32 in false_fn, but dtype int32 in true_fn"),
        (lambda: [1], TypeError, r"false_fn returns \[\.\], where true_fn returns \."),
        (lambda: None, TypeError, "where one returns None, so must the other"),
        (lambda: tf.constant([1]), ValueError, r"has shape \(1,\) in false_fn, but shape \(\) in true_fn"),
    ],
)
def test_branches_must_agree(no, error, message):
    with pytest.raises(error, match=message):
        traced(lambda x: tf.cond(x, lambda: tf.constant(1), no), tf.constant(True))


@pytest.mark.parametrize("pred", [1, [True], tf.constant([True, False])])
def test_a_condition_is_a_bool_scalar(pred):
    with pytest.raises(TypeError, match="pred must be a bool scalar"):
        tf.cond(pred, lambda: 1, lambda: 2)


def test_branches_are_functions():
    with pytest.raises(TypeError, match="false_fn must be callable; received 2"):
        tf.cond(True, lambda: 1, 2)


def test_gradients_flow_through_the_branch_that_is_taken():
    v = tf.Variable(3.0)
    f = tf.function(lambda x: tf.cond(x > 0.0, lambda: v * x * x, lambda: x), autograph=False)
    for x, gradients in ((2.0, [12.0, 4.0]), (-2.0, [1.0, 0.0])):
        x = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        assert [float(gradient) for gradient in tape.gradient(y, [x, v])] == gradients


def test_a_tape_around_a_branch_inside_of_a_function():
    v = tf.Variable(3.0)

    @tf.function(autograph=False)
    def f(x):
        with tf.GradientTape() as tape:
            y = tf.cond(x > 0.0, lambda: v * v * x, lambda: v + x)
        return tape.gradient(y, v)

    assert [float(f(tf.constant(x))) for x in (2.0, -2.0)] == [12.0, 1.0]


def test_switch_case_takes_the_last_function_for_other_numbers():
    functions = [lambda: tf.constant(10), lambda: tf.constant(20)]
    f = tf.function(lambda n: tf.switch_case(n, functions), autograph=False)
    assert [int(f(tf.constant(n))) for n in (0, 1, 2, -1)] == [10, 20, 20, 20]


def test_switch_case_assigns_in_the_branch_that_is_taken():
    v = tf.Variable(0)
    functions = {2: lambda: v.assign(2) + 0, 5: lambda: v.assign_add(10) + 0}
    f = tf.function(lambda n: tf.switch_case(n, functions, default=lambda: tf.constant(-1)), autograph=False)
    assert [int(f(tf.constant(n))) for n in (5, 2, 5, 7)] == [10, 2, 12, -1]
    assert int(v) == 12


@pytest.mark.parametrize(
    ("functions", "error", "message"),
    [
        ([], TypeError, "at least one function"),
        ([1], TypeError, "must hold functions, or pairs"),
        ([(0, abs), (0, len)], ValueError, r"distinct numbers; received \[0, 0\]"),
    ],
)
def test_switch_case_checks_its_functions(functions, error, message):
    with pytest.raises(error, match=message):
        tf.switch_case(0, functions)


def test_switch_case_needs_an_integer():
    with pytest.raises(TypeError, match="branch_index must be an int32 scalar"):
        tf.switch_case(1.0, [lambda: 1])


def test_case_takes_the_first_condition_that_holds():
    pairs = lambda x: [(x > 7, lambda: tf.constant(1)), (x > 3, lambda: tf.constant(2))]  # noqa: E731
    f = tf.function(lambda x: tf.case(pairs(x), default=lambda: tf.constant(3)), autograph=False)
    assert [int(f(tf.constant(x))) for x in (9, 5, 1)] == [1, 2, 3]
    assert [int(tf.case(pairs(x), default=lambda: tf.constant(3))) for x in (9, 5, 1)] == [1, 2, 3]


def test_case_without_default_takes_the_last_function_or_refuses():
    pairs = [(False, lambda: 1), (False, lambda: 2)]
    with pytest.raises(ValueError, match="none of the conditions holds and there is no default"):
        tf.case(pairs)
    with pytest.raises(ValueError, match="more than one condition holds"):
        tf.case([(True, lambda: 1), (True, lambda: 2)], exclusive=True)
    f = tf.function(lambda x: tf.case([(x > 1, lambda: 1), (x > 5, lambda: 2)]), autograph=False)
    assert [int(f(tf.constant(x))) for x in (3, 0)] == [1, 2]


def test_case_needs_pairs():
    with pytest.raises(TypeError, match="must be a list of pairs"):
        tf.case([])
    with pytest.raises(TypeError, match="pairs of a condition and a function; received 1"):
        tf.case([1])


def test_what_is_computed_from_constants_is_chosen_while_tracing():
    f = tf.function(lambda x: tf.cond(tf.shape(x)[0] > 2, lambda: x[:2], lambda: x), autograph=False)
    assert f(np.ones(5)).shape == [2]
    assert f(np.ones(1)).shape == [1]
