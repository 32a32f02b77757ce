from __future__ import annotations

import numpy as np
import pytest

import tenon
from tenon.compat import Session
from tests.compat.v1 import tf


def test_a_variable_has_what_it_was_made_of(graph):
    v = tf.Variable([1.0, 2.0], name="v", trainable=False, constraint=abs)
    assert (v.name, v.op.name, v.shape.as_list(), v.dtype) == ("v:0", "v", [2], tenon.float32)
    assert not v.trainable
    assert v.constraint is abs
    assert repr(v) == "<tf.Variable 'v:0' shape=(2,) dtype=float32>"
    assert graph.get_tensor_by_name("v:0") is v.value()
    assert v.initial_value.shape.as_list() == [2]


def test_both_classes_of_variables_count_what_a_graph_has_and_what_has_a_value(graph):
    v = tenon.Variable(1.0)
    assert isinstance(v, tf.Variable)
    assert isinstance(v, tenon.Variable)
    with tenon.compat._mode.default_graph(None):
        eager = tenon.Variable(2.0)
        assert isinstance(eager, tf.Variable)
        assert float(eager) == 2.0


def test_a_variable_needs_an_initial_value(graph):
    with pytest.raises(ValueError, match="initial_value must be specified"):
        tf.Variable()
    with pytest.raises(ValueError, match="must have a shape specified"):
        tf.Variable(tf.placeholder("float32"))
    with pytest.raises(ValueError, match="not compatible with the explicitly supplied"):
        tf.Variable([1.0], shape=[2])
    with pytest.raises(TypeError, match="not allowed"):
        bool(tf.Variable(True))
    with pytest.raises(TypeError, match="not iterable"):
        iter(tf.Variable([1.0]))


def test_its_value_may_come_from_a_function_or_have_any_shape(run):
    v = tf.Variable(lambda: [1.0, 2.0])
    w = tf.Variable([1.0], validate_shape=False)
    run([v.initializer, w.initializer])
    run(w.assign([1.0, 2.0, 3.0]))
    assert [run(v).tolist(), run(w).tolist(), w.shape.rank] == [[1.0, 2.0], [1.0, 2.0, 3.0], None]


def test_assigning_adding_and_subtracting(run):
    v = tf.Variable([1.0, 2.0])
    run(v.initializer)
    assert run(tf.assign(v, [3.0, 4.0])).tolist() == [3.0, 4.0]
    assert run(tf.assign_add(v, [1.0, 1.0])).tolist() == [4.0, 5.0]
    assert run(v.assign_sub(v)).tolist() == [0.0, 0.0]
    assert run(v.assign([1.0, 1.0], read_value=False)) is None
    with pytest.raises(ValueError, match="Shape mismatch"):
        v.assign([1.0])
    with pytest.raises(ValueError, match=r"float32.*int32|requested dtype"):
        v.assign(tf.constant([1, 2]))


def test_a_value_of_another_variable_can_be_the_first(run):
    v = tf.Variable([2.0])
    w = tf.Variable(v.initialized_value() * 3.0)
    run(tf.global_variables_initializer())
    assert run(w).tolist() == [6.0]


@pytest.mark.parametrize(
    ("how", "expected"),
    [("add", 15.0), ("sub", 5.0), ("update", 5.0), ("mul", 50.0), ("div", 2.0), ("min", 5.0), ("max", 10.0)],
)
def test_rows_are_changed(run, how, expected):
    v = tf.Variable([[1.0], [10.0]])
    run(v.initializer)
    changed = getattr(tf, f"scatter_{how}")(v, [1], [[5.0]])
    assert run(changed).tolist() == [[1.0], [expected]]
    assert run(v).tolist() == [[1.0], [expected]]


def test_a_session_tells_what_has_no_value_yet(graph):
    v, w = tf.Variable(1.0, name="v"), tf.Variable(1.0, name="w")
    missing, ready = tf.report_uninitialized_variables(), tf.is_variable_initialized(v)
    with Session() as session:
        assert session.run([missing, ready])[0].tolist() == [b"v", b"w"]
        session.run(v.initializer)
        assert session.run(missing).tolist() == [b"w"]
        assert session.run(ready)
        session.run(tf.variables_initializer([w]))
        assert session.run(missing).tolist() == []
        assert v.eval() == 1.0


def test_initializing_again_gives_the_first_value_again(run):
    v = tf.Variable(np.float64(1.0))
    init = tf.global_variables_initializer()
    run(init)
    run(v.assign(5.0))
    run(init)
    assert run(v) == 1.0
    assert run(v).dtype == np.float64
