"""Random programs of choices and loops, as data that is run on tensors."""

from __future__ import annotations

from hypothesis import strategies as st

import tenon as tf

VALUES = st.sampled_from(["a", "b", "v"])
STEPS = st.recursive(
    st.one_of(
        st.tuples(st.just("set"), st.sampled_from("ab"), VALUES, VALUES),
        st.tuples(st.just("assign"), VALUES, VALUES),
        st.tuples(st.just("square"), st.sampled_from("ab")),
    ),
    lambda inner: st.one_of(
        st.tuples(st.just("if"), VALUES, st.lists(inner, max_size=2), st.lists(inner, max_size=2)),
        st.tuples(st.just("while"), st.integers(0, 3), st.lists(inner, max_size=2)),
        st.tuples(st.just("switch"), VALUES, st.lists(st.lists(inner, max_size=2), min_size=1, max_size=3)),
    ),
    max_leaves=6,
)
PROGRAMS = st.lists(STEPS, min_size=1, max_size=4)


def run(program, variable, state):
    """Run a program on a state of two float scalars ``a`` and ``b`` and a variable ``v``; return the new state."""
    for step in program:
        state = RULES[step[0]](variable, state, *step[1:])
    return state


def _value(variable, state, name):
    return variable.value() if name == "v" else state[name]


def _set(variable, state, target, left, right):
    return state | {target: 0.5 * _value(variable, state, left) - 0.25 * _value(variable, state, right) + 0.1}


def _assign(variable, state, left, right):
    variable.assign(0.3 * _value(variable, state, left) + 0.6 * _value(variable, state, right))
    return state


def _square(variable, state, name):
    return state | {name: tf.tanh(state[name] * state[name])}


def _if(variable, state, name, yes, no):
    return tf.cond(
        _value(variable, state, name) > 0.05, lambda: run(yes, variable, state), lambda: run(no, variable, state)
    )


def _while(variable, state, times, body):
    def turn(i, inner):
        return i + 1, run(body, variable, inner)

    return tf.while_loop(lambda i, _: i < times, turn, (tf.constant(0), state))[1]


def _switch(variable, state, name, branches):
    index = tf.cast(tf.abs(_value(variable, state, name)) * 10.0, tf.int32)
    functions = [lambda branch=branch: run(branch, variable, state) for branch in branches]
    return tf.switch_case(index, functions)


RULES = {"set": _set, "assign": _assign, "square": _square, "if": _if, "while": _while, "switch": _switch}
