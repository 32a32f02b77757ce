"""``tf.Module``."""

from __future__ import annotations

import pytest

import tenon as tf


class Dense(tf.Module):
    def __init__(self, name=None):
        super().__init__(name)
        with self.name_scope:
            self.w = tf.Variable([[1.0]], name="w")
            self.b = tf.Variable([0.0], name="b", trainable=False)


class Network(tf.Module):
    def __init__(self):
        super().__init__("network")
        self.layers = [Dense("first"), Dense("second")]
        self.lookup = {"b": tf.Variable(2.0), "a": tf.Variable(1.0)}
        self.again = self.layers[0]

    @tf.Module.with_name_scope
    def create(self):
        return tf.Variable(0.0, name="late").name


def test_variables_are_found_once_in_tensorflows_order():
    network = Network()
    assert [v.name for v in network.variables] == [
        "Variable:0",
        "Variable:0",
        "first/b:0",
        "first/w:0",
        "second/b:0",
        "second/w:0",
    ]
    assert network.variables[0].numpy() == 1.0
    assert len(network.trainable_variables) == 4
    assert len(network.non_trainable_variables) == 2
    assert network.submodules == tuple(network.layers)


def test_names_and_scopes():
    assert (Dense().name, Network().name) == ("dense", "network")
    assert Network().create() == "network/late:0"
    with tf.name_scope("outer"):
        assert Network().create() == "outer/network/late:0"
    with pytest.raises(ValueError, match="not a valid module name"):
        tf.Module("3d")


@pytest.mark.parametrize(
    ("name", "snake"), [("MyModule", "my_module"), ("HTTPServer2D", "http_server2_d"), ("lower", "lower")]
)
def test_a_class_gives_its_name_in_snake_case(name, snake):
    assert type(name, (tf.Module,), {})().name == snake


def test_modules_are_found_with_their_paths():
    found = dict(Network()._flatten(predicate=lambda leaf: isinstance(leaf, tf.Module), with_path=True))
    assert next(iter(found)) in {("again",), ("layers", 0)}
