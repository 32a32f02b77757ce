from __future__ import annotations

import pytest

from tenon.compat import Graph
from tests.compat.v1 import tf


def test_names_are_made_unique_whatever_their_case(graph):
    names = [graph.unique_name(name) for name in ("a", "A", "a", "a_1", "b")]
    assert names == ["a", "A_1", "a_2", "a_1_1", "b"]


def test_a_name_that_is_none_is_refused(graph):
    with pytest.raises(ValueError, match="not a valid scope name"):
        graph.unique_name("a b")


def test_scopes_are_put_before_names_and_can_be_entered_again(graph):
    with graph.name_scope("a") as scope:
        assert tf.constant(1.0, name="x").name == "a/x:0"
    with graph.name_scope("a"):
        assert tf.constant(1.0, name="x").name == "a_1/x:0"
    with graph.name_scope(scope):
        assert tf.constant(1.0, name="y").name == "a/y:0"
        with graph.name_scope(None):
            assert tf.constant(1.0, name="z").name == "z:0"


def test_operations_and_tensors_are_found_by_name(graph):
    x = tf.constant(1.0, name="x")
    assert graph.get_tensor_by_name("x:0") is x
    assert graph.get_operation_by_name("x") is x.op is graph.as_graph_element(b"x")
    with pytest.raises(KeyError, match="refers to a Tensor which does not exist"):
        graph.get_tensor_by_name("x:1")
    with pytest.raises(ValueError, match=r"looks like an .invalid. Operation name"):
        graph.get_tensor_by_name("x")
    with pytest.raises(KeyError, match="not in the graph"):
        graph.get_operation_by_name("y")
    with pytest.raises(TypeError, match="Can not convert a float into"):
        graph.as_graph_element(1.0)


def test_what_belongs_to_another_graph_is_refused(graph):
    x = tf.constant(1.0)
    with Graph().as_default() as other:
        with pytest.raises(ValueError, match="must be from the same graph"):
            tf.identity(x)
        with pytest.raises(ValueError, match="not an element of this graph"):
            other.as_graph_element(x)


def test_a_finalized_graph_gets_nothing_more(graph):
    graph.finalize()
    assert graph.finalized
    with pytest.raises(RuntimeError, match="finalized"):
        tf.constant(1.0)
    with pytest.raises(RuntimeError, match="finalized"):
        graph.add_to_collection("some", 1)


def test_collections_are_lists_that_scopes_filter(graph):
    tf.get_variable("a/x", [1])
    tf.get_variable("b/x", [1], trainable=False)
    graph.add_to_collections(["one", "two", "one"], 5)
    assert graph.get_collection("one") == [5] == graph.get_collection("two")
    assert [v.name for v in tf.global_variables("b")] == ["b/x:0"]
    assert len(tf.trainable_variables()) == 1
    graph.get_collection_ref("one").append(6)
    assert tf.get_collection("one") == [5, 6]
    assert "one" in graph.get_all_collection_keys()
    graph.clear_collection("one")
    assert tf.get_collection("one") == []


def test_control_dependencies_are_kept_and_can_be_left(graph):
    first = tf.constant(1.0)
    with graph.control_dependencies([first]):
        second = tf.constant(2.0)
        with graph.control_dependencies(None):
            third = tf.constant(3.0)
        with graph.control_dependencies([second.op]):
            fourth = tf.constant(4.0)
    assert second.op.control_inputs == (first.op,)
    assert third.op.control_inputs == ()
    assert fourth.op.control_inputs == (first.op, second.op)
    with pytest.raises(TypeError, match="Control input must be Operation or Tensor"), graph.control_dependencies([3]):
        pass


def test_the_default_graph_cannot_be_reset_inside_another(graph):
    with pytest.raises(AssertionError, match="nested graphs"):
        tf.reset_default_graph()


def test_a_graph_tells_its_state(graph):
    tf.constant(1.0)
    assert graph.version == 1
    assert not graph.building_function
    assert repr(graph) == "<tf.Graph with 1 operations>"
    with graph.device("/cpu:0"), graph.colocate_with(None):
        assert graph.get_name_scope() == ""
