import pytest

from tenon import keras
from tenon.keras._layer_graph import layer_graph
from tests.keras.zoo import ZOO

layers = keras.layers


def edges(model: object) -> dict[str, list[str]]:
    return {node.name: list(node.input) for node in layer_graph(model).node}


def test_a_chain_is_a_chain_with_classes_and_shapes() -> None:
    model = keras.Sequential([keras.Input((4,), name="x"), layers.Dense(3, name="a"), layers.ReLU(name="b")])
    graph = layer_graph(model)
    assert [(node.name, node.op, list(node.input)) for node in graph.node] == [
        ("x", "InputLayer", []),
        ("a", "Dense", ["x"]),
        ("b", "ReLU", ["a"]),
    ]
    (shape,) = graph.node[1].attr["_output_shapes"].list.shape
    assert [dim.size for dim in shape.dim] == [-1, 3]


def test_branches_join() -> None:
    x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
    joined = layers.Add(name="add")([layers.Dense(4, name="d")(x), y])
    assert edges(keras.Model([x, y], joined))["add"] == ["d", "y"]


def test_a_shared_layer_is_one_node_a_call() -> None:
    x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
    shared = layers.Dense(2, name="shared")
    found = edges(keras.Model([x, y], layers.Add(name="add")([shared(x), shared(y)])))
    assert sorted([found["shared"], found["shared_1"]]) == [["x"], ["y"]]
    assert sorted(found["add"]) == ["shared", "shared_1"]


def test_the_layers_of_an_inner_model_stand_below_its_name_and_are_wired_through() -> None:
    inner = keras.Sequential([keras.Input((4,), name="in"), layers.Dense(3, name="d")], name="inner")
    x = keras.Input((4,), name="x")
    found = edges(keras.Model(x, layers.ReLU(name="r")(inner(x))))
    assert found == {"x": [], "inner/in": ["x"], "inner/d": ["inner/in"], "r": ["inner/d"]}


def test_a_subclassed_model_shows_its_layers_without_wires() -> None:
    model, _ = ZOO["subclassed"]()
    assert edges(model) == {layer.name: [] for layer in model.layers}


@pytest.mark.parametrize("kind", ZOO)
def test_every_model_gives_a_graph_whose_inputs_exist_and_names_are_unique(kind: str) -> None:
    graph = layer_graph(ZOO[kind]()[0])
    names = [node.name for node in graph.node]
    assert len(set(names)) == len(names) > 0
    assert {name for node in graph.node for name in node.input} <= set(names)
