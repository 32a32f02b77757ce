from __future__ import annotations

import threading

import tenon
from tenon.compat import Graph
from tenon.compat._mode import PROCESS, building, default_graph, replaying
from tests.compat.v1 import tf


def test_code_computes_at_once_unless_a_graph_is_the_default():
    assert not building()
    with Graph().as_default():
        assert building()
        with default_graph(None):
            assert not building()
    assert not building()


def test_a_graph_is_the_default_of_one_thread_only():
    found = []
    with Graph().as_default():
        thread = threading.Thread(target=lambda: found.append(building()))
        thread.start()
        thread.join()
    assert found == [False]


def test_nothing_is_built_while_a_graph_is_run():
    with Graph().as_default(), replaying(object()):
        assert not building()


def test_eager_execution_can_be_switched_off_and_on():
    tf.disable_eager_execution()
    try:
        assert building()
        assert not tenon.executing_eagerly()
        assert tf.constant(1.0).name.startswith("Const")
    finally:
        tf.enable_eager_execution()
        tf.reset_default_graph()
    assert tenon.executing_eagerly()
    assert tenon.constant(1.0).numpy() == 1.0


def test_behaviour_of_1x_has_dimensions_with_a_value():
    tf.disable_v2_behavior()
    try:
        x = tf.placeholder("float32", [None, 3])
        assert x.shape[1].value == 3
        assert x.get_shape()[0].value is None
        assert x.shape.as_list() == [None, 3]
        assert int(x.shape[1]) == 3
    finally:
        tf.enable_v2_behavior()
        tf.reset_default_graph()
    assert not PROCESS.dimensions
    assert not building()
