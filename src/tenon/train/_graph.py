"""The objects that a checkpoint holds, found by walking from a root, and the proto that describes them.

The walk goes breadth first, so that an object has the shortest path as its key; an object that is reached twice is one
node. Beside the tree of children there are slots: what an optimizer keeps for each variable.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenon.formats import message_class
from tenon.train._keys import VARIABLE_VALUE, object_path, slot_path, value_key
from tenon.train._trackable import children_of, known_type


@dataclass
class Node:
    """One object on its way into a checkpoint.

    Attributes:
        value: the object.
        path: its key.
        tensors: its own values by name.
        children: the numbers of the nodes inside, by name.
        slots: as an optimizer: the numbers of a variable and of a slot of it, with the slot's name.
    """

    value: Any
    path: str
    tensors: Mapping[str, Any] = field(default_factory=dict)
    children: list[tuple[str, int]] = field(default_factory=list)
    slots: list[tuple[int, str, int]] = field(default_factory=list)

    def keys(self) -> dict[str, str]:
        """Return the key of each value by its name."""
        return {name: value_key(self.path, name) for name in self.tensors}


def walk(root: Any, attached: Mapping[str, Any]) -> list[Node]:
    """Return the objects below ``root``, itself first.

    Args:
        root: a trackable object.
        attached: further children of the root, which it does not know of.
    """
    nodes: list[Node] = []
    numbers: dict[int, int] = {}
    waiting: deque[tuple[int, list[str]]] = deque()

    def number(value: Any, names: list[str]) -> int:
        if id(value) not in numbers:
            numbers[id(value)] = len(nodes)
            nodes.append(Node(value, object_path(names)))
            waiting.append((len(nodes) - 1, names))
        return numbers[id(value)]

    number(root, [])
    while waiting:
        place, names = waiting.popleft()
        node = nodes[place]
        for name, child in _all_children(node.value, attached if place == 0 else {}):
            node.children.append((name, number(child, [*names, name])))
    for node in nodes:
        node.tensors = known_type(node.value).tensors(node.value)
    _add_slots(nodes, numbers)
    return nodes


def _all_children(value: Any, attached: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    found = dict(children_of(value))
    yield from found.items()
    yield from ((name, child) for name, child in attached.items() if name not in found)


def _add_slots(nodes: list[Node], numbers: dict[int, int]) -> None:
    """Add what optimizers keep beside the variables that are saved."""
    variables = [(place, node) for place, node in enumerate(nodes) if VARIABLE_VALUE in node.tensors]
    for optimizer in [node for node in nodes if has_slots(node.value)]:
        for place, variable in variables:
            for slot in optimizer.value.get_slot_names():
                value = optimizer.value.get_slot(variable.value, slot)
                if value is None:
                    continue
                if id(value) not in numbers:
                    numbers[id(value)] = len(nodes)
                    path = slot_path(variable.path, optimizer.path, slot)
                    nodes.append(Node(value, path, known_type(value).tensors(value)))
                optimizer.slots.append((place, slot, numbers[id(value)]))


def has_slots(value: Any) -> bool:
    """Tell whether an object is an optimizer that keeps slots: ``get_slot_names()``, ``get_slot(variable, name)``."""
    return hasattr(value, "get_slot_names") and hasattr(value, "get_slot")


def graph_proto(nodes: Sequence[Node]) -> Any:
    """Return the ``TrackableObjectGraph`` of nodes."""
    graph = message_class("tensorflow.TrackableObjectGraph")()
    with_values = reaching([number for number, node in enumerate(nodes) if node.tensors], _edges(nodes))
    for number, node in enumerate(nodes):
        proto = graph.nodes.add()
        full_name = known_type(node.value).full_name(node.value)
        for name, child in node.children:
            proto.children.add(node_id=child, local_name=name)
        for name, key in node.keys().items():
            proto.attributes.add(name=name, full_name=full_name, checkpoint_key=key)
        for variable, slot, slot_node in node.slots:
            proto.slot_variables.add(
                original_variable_node_id=variable, slot_name=slot, slot_variable_node_id=slot_node
            )
        proto.has_checkpoint_values.value = number in with_values
    return graph


def _edges(nodes: Sequence[Node]) -> Iterator[tuple[int, int]]:
    for number, node in enumerate(nodes):
        yield from ((number, child) for _, child in node.children)
        yield from ((number, slot) for _, _, slot in node.slots)


def reaching(targets: Iterable[int], edges: Iterable[tuple[int, int]]) -> set[int]:
    """Return the nodes from which a target can be reached, the targets included.

    Args:
        targets: nodes.
        edges: pairs of a node and a node that it leads to.

    Example:
        >>> sorted(reaching([2], [(0, 1), (1, 2), (3, 0), (2, 4)]))
        [0, 1, 2, 3]
    """
    before: dict[int, list[int]] = {}
    for start, end in edges:
        before.setdefault(end, []).append(start)
    found = set(targets)
    waiting = list(found)
    while waiting:
        new = [start for start in before.get(waiting.pop(), ()) if start not in found]
        found.update(new)
        waiting.extend(new)
    return found


def node_names(graph: Any) -> list[str]:
    """Return what messages call the nodes of a ``TrackableObjectGraph``, such as ``(root).model.w``.

    Example:
        >>> node_names(message_class("tensorflow.TrackableObjectGraph")(nodes=[{}]))
        ['(root)']
    """
    names = ["" for _ in graph.nodes]
    names[:1] = ["(root)"]
    waiting = deque([0] if names else [])
    while waiting:
        number = waiting.popleft()
        for child in graph.nodes[number].children:
            if not names[child.node_id]:
                names[child.node_id] = f"{names[number]}.{child.local_name}"
                waiting.append(child.node_id)
    return [name or f"node {number}" for number, name in enumerate(_with_slots(graph, names))]


def _with_slots(graph: Any, names: list[str]) -> Iterable[str]:
    for number, node in enumerate(graph.nodes):
        for slot in node.slot_variables:
            names[slot.slot_variable_node_id] = (
                names[slot.slot_variable_node_id]
                or f"{names[number]}'s state {slot.slot_name!r} for {names[slot.original_variable_node_id]}"
            )
    return names
