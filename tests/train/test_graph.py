import pytest
from hypothesis import given

from tenon.core.variables import Variable
from tenon.train._graph import graph_proto, node_names, reaching, walk
from tests.train.objects import TREES, made, module


class Momentum:
    """An optimizer with slots, as those of ``tf.compat.v1``."""

    def __init__(self, slots) -> None:
        self.slots = slots

    def get_slot_names(self):
        return sorted(self.slots)

    def get_slot(self, variable, name):
        return self.slots[name].get(id(variable))

    def _trackable_children(self):
        return {}


def paths(root, /, **attached):
    return [node.path for node in walk(root, attached)]


def test_the_walk_goes_breadth_first_and_the_shortest_path_is_the_key():
    shared = Variable(1)
    root = module(deep=module(deeper=module(shared=shared)), shared=shared)
    assert paths(root) == ["", "deep", "shared", "deep/deeper"]
    (deeper,) = [node for node in walk(root, {}) if node.path == "deep/deeper"]
    assert deeper.children == [("shared", 2)]


def test_circles_end():
    root = module(part=module())
    root.part.back = root
    root.part.rows = [root.part]
    assert paths(root, root=root) == ["", "part", "part/rows"]


def test_attached_objects_are_children_of_the_root_after_its_own():
    root = module(own=Variable(1), both=Variable(2))
    assert paths(root, more=Variable(3), both=Variable(4)) == ["", "own", "both", "more"]


def test_the_proto_has_what_tensorflow_needs():
    nodes = walk(module(w=Variable(1, name="w"), empty=module()), {})
    graph = graph_proto(nodes)
    assert [[(child.local_name, child.node_id) for child in node.children] for node in graph.nodes] == [
        [("w", 1), ("empty", 2)],
        [],
        [],
    ]
    (attribute,) = graph.nodes[1].attributes
    assert (attribute.name, attribute.full_name) == ("VARIABLE_VALUE", "w")
    assert attribute.checkpoint_key == "w/.ATTRIBUTES/VARIABLE_VALUE"
    assert [node.has_checkpoint_values.value for node in graph.nodes] == [True, True, False]


def test_slots_have_the_variable_and_the_optimizer_in_their_keys():
    v, free = Variable(1.0), Variable(2.0)
    optimizer = Momentum({"m": {id(v): Variable(3.0)}})
    nodes = walk(module(opt=optimizer, v=v, free=free), {})
    assert [node.path for node in nodes] == ["", "opt", "v", "free", "v/.OPTIMIZER_SLOT/opt/m"]
    (slot,) = graph_proto(nodes).nodes[1].slot_variables
    assert (slot.original_variable_node_id, slot.slot_name, slot.slot_variable_node_id) == (2, "m", 4)
    assert node_names(graph_proto(nodes))[4] == "(root).opt's state 'm' for (root).v"


def test_nodes_are_named_by_the_way_to_them():
    graph = graph_proto(walk(module(a=[Variable(1)]), {}))
    assert node_names(graph) == ["(root)", "(root).a", "(root).a.0"]


@given(TREES)
def test_every_node_is_reached_once_and_has_a_key_of_its_own(tree):
    nodes = walk(module(it=made(tree)), {})
    assert len({id(node.value) for node in nodes}) == len({node.path for node in nodes}) == len(nodes)
    reached = [child for node in nodes for _, child in node.children]
    assert sorted(set(reached)) == list(range(1, len(nodes)))


@pytest.mark.parametrize(("targets", "found"), [([], set()), ([3], {0, 1, 3}), ([0, 4], {0, 4})])
def test_what_leads_to_a_target(targets, found):
    assert reaching(targets, [(0, 1), (1, 3), (0, 2), (3, 5)]) == found
