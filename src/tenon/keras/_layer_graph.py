"""The layers of a model as a graph that TensorBoard's Graphs dashboard draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tenon.formats import message_class
from tenon.keras._backend import keras
from tenon.keras._keras_internals import call_nodes, functional_of


def layer_graph(model: Any) -> Any:
    """Return a ``tensorflow.GraphDef`` with one node a layer call.

    A node is named by its layer, below the names of the models that hold it (``encoder/dense``); its op is the
    layer's class; its inputs are the calls before it; the attribute ``_output_shapes`` holds its output shapes. A
    layer called again gets ``_1``, ``_2``, ... In a subclassed model only Python knows what flows where: its layers
    are nodes without inputs.

    Example:
        >>> graph = layer_graph(keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3, name="d")]))
        >>> [(node.name, node.op, list(node.input)) for node in graph.node]
        [('x', 'InputLayer', []), ('d', 'Dense', ['x'])]
    """
    graph = message_class("tensorflow.GraphDef")()
    graph.versions.producer = 1
    _Builder(graph).add_model(model, "", ())
    return graph


class _Builder:
    """Adds nodes to a graph; names are unique in it."""

    def __init__(self, graph: Any) -> None:
        self._graph = graph
        self._taken: set[str] = set()

    def add_model(self, model: Any, scope: str, feeds: Sequence[str]) -> list[str]:
        """Add the layers of ``model``.

        Args:
            model: any ``keras.Model``.
            scope: prefix of every name, empty or ending in ``/``.
            feeds: nodes that feed the model's inputs, in order; none at the top.

        Returns:
            The nodes that make the model's outputs, in order.
        """
        functional = functional_of(model)
        if functional is not None:
            return self._add_functional(functional, scope, feeds)
        names = [name for layer in model.layers for name in self._add_layer(layer, scope, (), [])]
        return names[-1:]

    def _add_functional(self, functional: Any, scope: str, feeds: Sequence[str]) -> list[str]:
        names: dict[int, str] = {}
        fed = dict(zip(map(id, functional.inputs), feeds, strict=False))
        for node in call_nodes(functional):
            before = [names[id(tensor)] for tensor in node.inputs]
            before += [fed[id(tensor)] for tensor in node.outputs if id(tensor) in fed]
            made = self._add_layer(node.operation, scope, before, node.outputs)
            names |= {id(tensor): made[min(at, len(made) - 1)] for at, tensor in enumerate(node.outputs)}
        return [names[id(tensor)] for tensor in functional.outputs]

    def _add_layer(self, layer: Any, scope: str, before: Sequence[str], outputs: Sequence[Any]) -> list[str]:
        """Add one call of a layer; return the nodes that make its outputs."""
        name = self._unique(f"{scope}{layer.name}")
        if isinstance(layer, keras.Model) and layer.layers:
            return self.add_model(layer, f"{name}/", before)
        node = self._graph.node.add(name=name, op=type(layer).__name__, input=list(dict.fromkeys(before)))
        shapes = node.attr["_output_shapes"].list
        for tensor in outputs:
            shape = shapes.shape.add()
            for size in tensor.shape:
                shape.dim.add(size=-1 if size is None else size)
        return [name]

    def _unique(self, name: str) -> str:
        free, count = name, 0
        while free in self._taken:
            count += 1
            free = f"{name}_{count}"
        self._taken.add(free)
        return free
