"""Checkpoints without an object graph, as ``tf.compat.v1.train.Saver`` writes them: values go by variables' names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenon.train._graph import Node, walk
from tenon.train._source import TensorSource
from tenon.train._trackable import known_type


class NameBasedRestoration:
    """Gives variables the values of their names.

    Args:
        source: reads the tensors.
        root: the root object.
        attached: further children of the root.
    """

    def __init__(self, source: TensorSource, root: Any, attached: Mapping[str, Any]) -> None:
        self._source = source
        self._root = root
        self._attached = attached
        self._restored: dict[int, Any] = {}

    def run(self) -> list[Node]:
        """Restore what was not restored yet; return the objects with values that have no name of the checkpoint."""
        names, unmatched = set(self._source.keys()), []
        for node in walk(self._root, self._attached):
            if not node.tensors or id(node.value) in self._restored:
                continue
            kind = known_type(node.value)
            name = kind.full_name(node.value)
            if name in names and len(node.tensors) == 1:
                tensors = self._source.fetch({name: node.value})
                kind.restore(node.value, dict.fromkeys(node.tensors, tensors[name]))
                self._restored[id(node.value)] = node.value
            else:
                unmatched.append(node)
        return unmatched
