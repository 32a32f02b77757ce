from __future__ import annotations

import pytest

from tests.compat.v1 import tf


def test_names_go_by_variable_scopes_and_not_by_name_scopes(graph):
    with tf.name_scope("n"), tf.variable_scope("a"), tf.variable_scope("b"):
        v = tf.get_variable("v", [1])
        assert tf.get_variable_scope().name == "a/b"
    assert v.name == "a/b/v:0"


def test_variables_are_shared_where_that_is_asked(graph):
    with tf.variable_scope("s") as scope:
        v = tf.get_variable("v", [1])
        scope.reuse_variables()
        assert tf.get_variable("v", [1]) is v
    with tf.variable_scope(scope, reuse=True):
        assert tf.get_variable("v") is v
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        assert tf.get_variable("v", [1]) is v
        assert tf.get_variable("w", [1]) is not v
        with tf.variable_scope("inner"):
            assert tf.get_variable_scope().reuse is tf.AUTO_REUSE


def test_misuse_is_told(graph):
    tf.get_variable("v", [1])
    with pytest.raises(ValueError, match=r"Variable v already exists, disallowed. .*reuse=tf.AUTO_REUSE"):
        tf.get_variable("v", [1])
    with tf.variable_scope("", reuse=True):
        with pytest.raises(ValueError, match="Variable w does not exist"):
            tf.get_variable("w", [1])
        with pytest.raises(ValueError, match=r"specified shape \(2,\) and found shape \(1,\)"):
            tf.get_variable("v", [2])
        with pytest.raises(ValueError, match="specified dtype float64 and found dtype float32"):
            tf.get_variable("v", [1], tf.float64)
    with pytest.raises(ValueError, match="must be fully defined"):
        tf.get_variable("n", [None])
    with pytest.raises(ValueError, match="do not specify shape"):
        tf.get_variable("n", [1], initializer=[1.0])
    with pytest.raises(TypeError, match="name_or_scope is required"), tf.variable_scope(None):
        pass
    with pytest.raises(ValueError, match="without a name_or_scope"), tf.variable_scope(None, "d", reuse=True):
        pass


def test_default_names_are_made_unique(graph):
    names = []
    for _ in range(2):
        with tf.variable_scope(None, default_name="d"):
            names.append(tf.get_variable("v", [1]).name)
    assert names == ["d/v:0", "d_1/v:0"]


def test_a_scope_says_how_variables_are_made(run):
    penalties = []

    def regularizer(v):
        penalties.append(v)
        return tf.reduce_sum(v)

    with tf.variable_scope("s", initializer=tf.ones_initializer(), regularizer=regularizer, dtype=tf.float64) as scope:
        v = tf.get_variable("v", [2])
        scope.set_initializer(tf.constant_initializer(3.0))
        scope.set_regularizer(None)
        w = tf.get_variable("w", [2], tf.float32)
    run(tf.global_variables_initializer())
    assert [run(v).tolist(), run(w).tolist(), v.dtype.name, w.dtype.name] == [[1, 1], [3, 3], "float64", "float32"]
    assert penalties == [v]
    assert run(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)) == [2.0]
    assert scope.global_variables() == scope.trainable_variables() == [v, w]


def test_getters_are_called_from_inside_to_outside(graph):
    order = []

    def getter_of(number):
        def getter(getter, name, *args, **kwargs):
            order.append(number)
            return getter(name, *args, **kwargs)

        return getter

    with tf.variable_scope("a", custom_getter=getter_of(1)), tf.variable_scope("b", custom_getter=getter_of(2)):
        assert tf.get_variable("v", [1], custom_getter=getter_of(3)).name == "a/b/v:0"
    assert order == [3, 2, 1]


def test_initial_values_may_be_arrays_classes_or_functions(run):
    found = [
        tf.get_variable("a", initializer=[1, 2]),
        tf.get_variable("b", [2], initializer=tf.ones_initializer),
        tf.get_variable("c", [2], tf.int32),
        tf.get_variable("d", initializer=lambda: tf.constant(4.0)),
        tf.get_local_variable("e", [1], initializer=tf.zeros_initializer()),
    ]
    run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    assert [run(v).tolist() for v in found] == [[1, 2], [1.0, 1.0], [0, 0], 4.0, [0.0]]
    assert tf.local_variables() == [found[4]]
    assert found[4] not in tf.trainable_variables()


def test_a_template_makes_its_variables_once(graph):
    layer = tf.make_template("layer", lambda x, scale: x * tf.get_variable("w", [2]) * scale, scale=2.0)
    layer(tf.ones([2]))
    layer(tf.zeros([2]))
    assert [v.name for v in tf.trainable_variables()] == ["layer/w:0"]
