from __future__ import annotations

import pytest

import tenon
from tests.compat.v1 import tf


def test_a_group_is_done_when_all_of_it_is(run):
    a, b = tf.get_variable("a", initializer=1.0), tf.get_variable("b", initializer=1.0)
    both = tf.group(a.assign(2.0), [b.assign(3.0).op], name="both")
    run(tf.global_variables_initializer())
    assert run(both) is None
    assert both.name == "both"
    assert run([a, b]) == [2.0, 3.0]
    assert run(tf.no_op()) is None


def test_a_tuple_is_there_when_all_of_it_is(run):
    v = tf.get_variable("v", initializer=0)
    found = tf.tuple([tf.constant(1), None], control_inputs=[v.assign(5)])
    run(v.initializer)
    assert [run(found[0]), found[1], run(v)] == [1, None, 5]


def test_eagerly_nothing_has_to_wait():
    assert tf.group(1.0) is None
    assert tf.no_op() is None
    assert [one.numpy() for one in tf.tuple([tenon.constant(1.0)])] == [1.0]
    with tf.control_dependencies([tenon.constant(1.0)]), tf.name_scope("s") as scope:
        assert scope == "s/"


def test_scopes_need_a_name(graph):
    with tf.name_scope(None, "default", []) as scope:
        assert scope == "default/"
    with pytest.raises(TypeError, match="At least one of name"), tf.name_scope(None, None, []):
        pass


def test_placeholders_need_a_graph():
    with pytest.raises(RuntimeError, match=r"tf.placeholder\(\) is not supported when eager execution is enabled"):
        tf.placeholder("float32")


def test_the_global_step_is_made_once(run):
    step = tf.train.create_global_step()
    assert tf.train.get_global_step() is step is tf.train.get_or_create_global_step()
    assert step in tf.global_variables()
    with pytest.raises(ValueError, match="already exists"):
        tf.train.create_global_step()
    run(step.initializer)
    assert tf.train.global_step(tf.get_default_session(), step) == 0


def test_functions_become_operations(run):
    x, v = tf.placeholder("float32", []), tf.get_variable("v", initializer=3.0)

    @tenon.function
    def twice(y):
        if y > 0.0:
            return y * v * 2.0
        return y

    found = twice(x)
    run(v.initializer)
    assert [float(run(found, {x: value})) for value in (1.0, -1.0)] == [6.0, -1.0]
    assert run(tf.gradients(found, [x, v]), {x: 2.0}) == [6.0, 4.0]


def test_python_is_called_when_the_graph_runs(run):
    seen = []
    x = tf.placeholder("float32", [None])
    found = tf.py_func(lambda a: seen.append(a.tolist()) or a * 2, [x], tf.float32)
    assert run(found, {x: [1.0]}).tolist() == [2.0]
    assert seen[-1] == [1.0]


def test_printing_belongs_to_a_tensor(run, capfd):
    x = tf.Print(tf.constant([1.0]), [tf.constant(7)], "seen: ")
    assert run(x).tolist() == [1.0]
    assert "seen: " in capfd.readouterr().err


def test_assertions_stop_what_waits_for_them(run):
    x = tf.placeholder("int32", [])
    with tf.control_dependencies([tf.assert_positive(x, message="not positive")]):
        y = tf.identity(x)
    assert run(y, {x: 1}) == 1
    with pytest.raises(tenon.errors.InvalidArgumentError, match="not positive"):
        run(y, {x: -1})
