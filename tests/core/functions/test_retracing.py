"""When functions are traced again, and the warning about it."""

from __future__ import annotations

import logging

import pytest

import tenon as tf
from tenon.core.functions._keys import TENSOR, Call, is_alive
from tenon.core.functions._retracing import TracingHistory


def counts(values, **options):
    f = tf.function(lambda x: 1, **options)
    found = []
    for value in values:
        f(value)
        found.append(f.experimental_get_tracing_count())
    return found


def test_shapes_are_widened_where_retracing_is_reduced():
    shapes = [[1], [2], [3], [4, 1], [4, 2], [5, 5], [2, 2, 2]]
    assert counts([tf.ones(shape) for shape in shapes], reduce_retracing=True) == [1, 2, 2, 3, 3, 3, 3]
    assert counts([tf.ones(shape) for shape in shapes]) == [1, 2, 3, 4, 5, 6, 7]


def test_numbers_are_one_by_their_value():
    assert counts([1, 2, 1, 1.0, True, 2]) == [1, 2, 2, 2, 2, 2]


def test_check_numerics_is_part_of_a_program():
    f = tf.function(lambda x: x / 0.0)
    f(tf.constant(1.0))
    tf.debugging.enable_check_numerics()
    try:
        with pytest.raises(tf.errors.InvalidArgumentError):
            f(tf.constant(1.0))
    finally:
        tf.debugging.disable_check_numerics()
    f(tf.constant(1.0))


def warnings_of(history, traces, caplog):
    caplog.clear()
    with caplog.at_level(logging.WARNING, "tenon.functions"):
        for traced in traces:
            if traced:
                history.traced("<f>")
            else:
                history.calls += 1
    return [record.getMessage() for record in caplog.records]


def test_five_traces_in_ten_calls_are_warned_of_twice(caplog):
    found = warnings_of(TracingHistory(), [True] * 9, caplog)
    assert [message.split(" triggered")[0] for message in found] == [
        "5 out of the last 5 calls to <f>",
        "6 out of the last 6 calls to <f>",
    ]


def test_rare_traces_are_not_warned_of(caplog):
    assert warnings_of(TracingHistory(), ([True] + [False] * 3) * 8, caplog) == []


def test_functions_made_in_a_loop_are_warned_of(caplog):
    def make():
        return tf.function(lambda x: x + 12345)

    with caplog.at_level(logging.WARNING, "tenon.functions"):
        for _ in range(5):
            make()(1.0)
    assert "create it once, outside" in caplog.text


def test_a_key_has_a_mark_for_each_tensor_and_the_value_of_everything_else():
    v = tf.Variable(1.0)
    call = Call((tf.constant([1.0]), [2, "x"], {"a": v}, v))
    assert call.key[0] is TENSOR
    assert call.key[1] == (list, 2, "x")
    assert call.key[2][1][1] == call.key[3]
    assert call.variables == [v]
    assert call.shapes() == (((1,), "float32"), False)


def test_keys_die_with_their_objects():
    class Thing:
        pass

    thing = Thing()
    key = Call(([thing], {"a": 1})).key
    assert is_alive(key)
    del thing
    assert not is_alive(key)


def test_methods_are_known_by_their_object():
    class Thing:
        def method(self):
            return 1

    thing = Thing()
    assert Call((thing.method,)).key == Call((thing.method,)).key
    assert Call((thing.method,)).key != Call((Thing().method,)).key
