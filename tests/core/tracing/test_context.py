"""Where code runs."""

from __future__ import annotations

import threading

import numpy as np

import tenon as tf
from tenon.core.tracing import trace
from tenon.core.variables import Variable, full_name


def test_inside_of_a_trace_code_is_not_eager():
    seen = []
    trace(lambda x: ([x], seen.append((tf.executing_eagerly(), tf.inside_function()))), [np.float32(0)], "f")
    assert seen == [(False, True)]
    assert (tf.executing_eagerly(), tf.inside_function()) == (True, False)


def test_an_init_scope_leaves_the_trace_the_tape_and_the_name_scopes():
    variable = Variable(1.0)
    seen = []

    def function(x):
        variable.assign(5.0)
        with tf.name_scope("outer"), tf.GradientTape() as tape, tf.init_scope():
            seen.append((tf.executing_eagerly(), float(variable), full_name("v")))
            variable.assign(2.0)
        seen.append(tape.watched_variables())
        return [variable.value().value], None

    traced = trace(function, [np.float32(0)], "f")
    assert seen == [(True, 1.0, "v"), ()]
    assert float(variable) == 2.0
    assert traced.written == (variable,)


def test_only_values_of_a_trace_are_symbolic():
    seen = []
    trace(lambda x: ([x], seen.append(tf.is_symbolic_tensor(x))), [np.float32(0)], "f")
    assert seen == [True]
    assert not tf.is_symbolic_tensor(tf.constant(1))


def test_other_threads_do_not_notice_a_trace():
    seen = []

    def function(x):
        thread = threading.Thread(target=lambda: seen.append((tf.executing_eagerly(), tf.inside_function())))
        thread.start()
        thread.join()
        return [x], None

    trace(function, [np.float32(0)], "f")
    assert seen == [(True, False)]
