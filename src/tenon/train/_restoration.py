"""One restored checkpoint: which node of its graph is which object, and what still waits for an object.

    restore -> match the root -> match what it holds, and so on -> give values
                                      |
                                 not there yet -> wait in the room -> match when it appears

Nodes and objects are matched by the names on the way from the root, whatever the objects are called.
"""

from __future__ import annotations

import itertools
import logging
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from tenon.train._graph import has_slots, node_names, reaching
from tenon.train._places import Place, Reference, place_of, reference
from tenon.train._room import ROOM, Waiter
from tenon.train._source import TensorSource
from tenon.train._trackable import known_type

_log = logging.getLogger("tenon.train")
_numbers: Final = itertools.count()
_restored: Final[dict[int, tuple[Any, int]]] = {}
"""The latest restoration that gave an object its values, by the object's identity."""


@dataclass
class Progress:
    """What became of the values of a checkpoint; it outlives the restoration, for the warning at its end.

    Attributes:
        path: the checkpoint.
        graph: its ``TrackableObjectGraph``.
        missing: the nodes with values that have no object yet.
        unused: the values that an object did not take, by node.
        expect_partial: whether nobody wants to hear of values without an object.
    """

    path: str
    graph: Any
    missing: set[int]
    unused: dict[int, list[str]] = field(default_factory=dict)
    expect_partial: bool = False

    def report(self) -> None:
        """Log the values that no object ever got."""
        if self.expect_partial or not self.missing:
            return
        _log.warning(
            "%s: the checkpoint was restored in part: objects are deleted now and these values were never used. "
            "status.expect_partial() says that this is meant.",
            self.path,
        )
        names = node_names(self.graph)
        for number in sorted(self.missing):
            _log.warning("Value in checkpoint could not be found in the restored object: %s", names[number])


class Restoration:
    """Gives the values of one checkpoint to objects, now and as they appear.

    Args:
        path: the checkpoint, for messages.
        source: reads its tensors.
        graph: its ``TrackableObjectGraph``.
        skip_slots: whether what optimizers keep beside variables is left alone.
    """

    def __init__(self, path: str, source: TensorSource, graph: Any, skip_slots: bool = False) -> None:
        self.number = next(_numbers)
        self.graph = graph
        self.skip_slots = skip_slots
        self._source = source
        self._objects: dict[int, Reference] = {}
        self._by_identity: dict[int, Reference] = {}
        slots = _slots(graph)
        self._slots = [] if skip_slots else slots
        with_values = {number for number, node in enumerate(graph.nodes) if node.attributes}
        self._needed = reaching(
            with_values,
            [(number, child.node_id) for number, node in enumerate(graph.nodes) for child in node.children],
        )
        skipped = {slot.number for slot in slots} if skip_slots else set()
        self.progress = Progress(path, graph, with_values - skipped)
        weakref.finalize(self, self.progress.report)

    def start(self, root: Any, attached: Mapping[str, Any]) -> None:
        """Match the root, and what can be reached from it."""
        self._match(0, root, Place(reference(root)), attached)

    def match(self, number: int, value: Any, place: Place) -> None:
        """Match a node with an object, and what can be reached from both."""
        self._match(number, value, place, {})

    def object(self, number: int) -> Any:
        """Return the object of a node; ``None`` where there is none, or no more, or it is a list or the like."""
        found = self._objects.get(number)
        return None if found is None else found()

    def settle(self) -> None:
        """Match what has appeared since nobody looked."""
        ROOM.look()
        self._match_slots()

    def knows(self, value: Any) -> bool:
        """Tell whether an object was matched with a node."""
        found = self._by_identity.get(id(value))
        return found is not None and found() is value

    @property
    def matched_objects(self) -> int:
        """How many objects were matched."""
        return len(self._objects)

    @property
    def complete(self) -> bool:
        """Whether every value has an object."""
        return not self.progress.missing

    def _match(self, number: int, value: Any, place: Place, attached: Mapping[str, Any]) -> None:
        waiting = deque([(number, value, place)])
        matched = []
        while waiting:
            number, value, place = waiting.popleft()
            if self._bind(number, value):
                matched.append((number, value))
                waiting.extend(self._children(number, value, place, attached if number == 0 else {}))
        self._give(matched)
        self._match_slots()

    def _children(
        self, number: int, value: Any, place: Place, attached: Mapping[str, Any]
    ) -> Iterator[tuple[int, Any, Place]]:
        """Yield the children of a node that are there, with their places; those that are not are waited for."""
        kind, absent = known_type(value), {}
        for child in self.graph.nodes[number].children:
            found = kind.child(value, child.local_name)
            found = attached.get(child.local_name) if found is None else found
            if found is not None:
                yield child.node_id, found, place_of(found, place, child.local_name)
            elif child.node_id in self._needed:
                absent[child.local_name] = child.node_id
        if absent:
            ROOM.add(Waiter(self, place, absent))

    def _bind(self, number: int, value: Any) -> bool:
        """Make a node and an object a pair; False where the node has its object already."""
        known = self.object(number)
        if known is not None and known is not value:
            _log.warning(
                "Inconsistent references when loading the checkpoint into this object graph: %s is one object in the "
                "checkpoint and two here. The second is not restored: %r",
                node_names(self.graph)[number],
                value,
            )
        if known is not None or (number in self._objects and isinstance(value, list | tuple | dict)):
            return False
        found = reference(value) if not isinstance(value, list | tuple | dict) else _no_object
        self._objects[number] = self._by_identity[id(value)] = found
        self.progress.missing.discard(number)
        return True

    def _give(self, matched: Sequence[tuple[int, Any]]) -> None:
        takers: list[tuple[Any, dict[str, str]]] = []
        for number, value in matched:
            keys = {attribute.name: attribute.checkpoint_key for attribute in self.graph.nodes[number].attributes}
            if keys and not known_type(value).has_tensors:
                self.progress.unused[number] = [*keys]
            elif keys and _claim(value, self.number):
                takers.append((value, keys))
        tensors = self._source.fetch({key: value for value, keys in takers for key in keys.values()}) if takers else {}
        for value, keys in takers:
            known_type(value).restore(value, {name: tensors[key] for name, key in keys.items()})

    def _match_slots(self) -> None:
        for slot in list(self._slots):
            optimizer, variable = self.object(slot.optimizer), self.object(slot.variable)
            if optimizer is None or variable is None or not has_slots(optimizer):
                continue
            value = optimizer.get_slot(variable, slot.name)
            if value is not None:
                self._slots.remove(slot)
                self.match(slot.number, value, Place(reference(value)))


@dataclass(frozen=True)
class _Slot:
    optimizer: int
    variable: int
    name: str
    number: int


def _slots(graph: Any) -> list[_Slot]:
    return [
        _Slot(number, slot.original_variable_node_id, slot.slot_name, slot.slot_variable_node_id)
        for number, node in enumerate(graph.nodes)
        for slot in node.slot_variables
    ]


def _no_object() -> None:
    return None


def _claim(value: Any, number: int) -> bool:
    """Note that a restoration gives an object its values; False where this one or a later one did so already."""
    known = _restored.get(id(value))
    if known is not None and known[0]() is value and known[1] >= number:
        return False
    key = id(value)
    with suppress(TypeError):  # of what cannot be referred to weakly nothing is noted, so that it can end
        _restored[key] = (weakref.ref(value, lambda _: _restored.pop(key, None)), number)
    return True
