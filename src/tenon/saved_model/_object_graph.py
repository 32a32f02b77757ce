"""The object graph that ``tf.saved_model.load`` rebuilds: objects, their variables, functions and signatures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenon.base import TensorSpec
from tenon.formats import data_type, message_class
from tenon.saved_model._contents import (
    SIGNATURES,
    AssetNode,
    ConcreteNode,
    Contents,
    FunctionNode,
    StoredVariable,
    VariableNode,
)
from tenon.saved_model._lowering import ExportedFunction
from tenon.saved_model._structures import encoded, shape_proto


@dataclass
class ObjectGraph:
    """Two views of the same nodes.

    Attributes:
        saved: the ``SavedObjectGraph`` of the meta graph (what each object is).
        trackable: the ``TrackableObjectGraph`` of the checkpoint (where each variable's value lies).
    """

    saved: Any = field(default_factory=message_class("tensorflow.SavedObjectGraph"))
    trackable: Any = field(default_factory=message_class("tensorflow.TrackableObjectGraph"))

    def add(self) -> int:
        """Add an empty node to both views; return its number."""
        self.saved.nodes.add()
        self.trackable.nodes.add()
        return len(self.saved.nodes) - 1

    def add_child(self, parent: int, name: str, child: int) -> None:
        """Let ``parent`` hold ``child`` under ``name``."""
        for view in (self.saved, self.trackable):
            view.nodes[parent].children.add(node_id=child, local_name=name)


def build_object_graph(contents: Contents, wrappers: Mapping[str, Any]) -> ObjectGraph:
    """Return the object graph.

    Args:
        contents: what is saved.
        wrappers: the ``FunctionDef`` of each signature by the signature's name.
    """
    graph = ObjectGraph()
    for _ in contents.objects:
        graph.add()
    nodes = {node.what.path: n for n, node in enumerate(contents.objects) if isinstance(node.what, VariableNode)}
    variables = {variable.path: variable for variable in contents.variables}
    for number, node in enumerate(contents.objects):
        _describe(graph, number, node.what, variables)
        for name, child in node.children:
            graph.add_child(number, name, child)
    for name, structures in contents.structures.items():
        concrete = _concrete(graph, name, contents.functions[name], nodes)
        concrete.canonicalized_input_signature.CopyFrom(structures.inputs)
        concrete.output_signature.CopyFrom(structures.outputs)
    _add_signatures(graph, contents, wrappers, nodes)
    _mark_values(graph.trackable)
    return graph


def _describe(graph: ObjectGraph, number: int, what: Any, variables: Mapping[str, StoredVariable]) -> None:
    if isinstance(what, str):
        _describe_object(graph, number, what)
    elif isinstance(what, VariableNode):
        _describe_variable(graph, number, variables[what.path])
    elif isinstance(what, AssetNode):
        graph.saved.nodes[number].asset.asset_file_def_index = what.place
    elif isinstance(what, FunctionNode):
        function = graph.saved.nodes[number].function
        function.concrete_functions.extend(what.concrete)
        function.function_spec.CopyFrom(what.spec)
    else:
        _describe_concrete(graph, number, what)


def _describe_object(graph: ObjectGraph, number: int, identifier: str) -> None:
    user_object = graph.saved.nodes[number].user_object
    user_object.identifier = identifier
    user_object.version.producer = user_object.version.min_consumer = 1


def _describe_variable(graph: ObjectGraph, number: int, variable: StoredVariable) -> None:
    saved = graph.saved.nodes[number].variable
    saved.dtype, saved.trainable, saved.name = data_type(variable.dtype), variable.trainable, variable.name
    saved.shape.CopyFrom(shape_proto(variable.shape))
    graph.trackable.nodes[number].attributes.add(
        name="VARIABLE_VALUE", full_name=variable.name, checkpoint_key=variable.key
    )


def _describe_concrete(graph: ObjectGraph, number: int, what: ConcreteNode) -> None:
    bare = graph.saved.nodes[number].bare_concrete_function
    bare.concrete_function_name = what.name
    bare.argument_keywords.extend(what.keywords)
    bare.allowed_positional_arguments = what.positional


def _concrete(graph: ObjectGraph, name: str, function: ExportedFunction, nodes: Mapping[str, int]) -> Any:
    concrete = graph.saved.concrete_functions[name]
    concrete.bound_inputs.extend([nodes[path] for path in function.handles])
    return concrete


def _add_signatures(
    graph: ObjectGraph, contents: Contents, wrappers: Mapping[str, Any], nodes: Mapping[str, int]
) -> None:
    signature_map = graph.add()
    _describe_object(graph, signature_map, SIGNATURES)
    graph.add_child(0, "signatures", signature_map)
    for name, signature in contents.signatures.items():
        function = contents.functions[signature.function]
        wrapper = wrappers[name].signature.name
        number = graph.add()
        positional = 0 if len(signature.inputs) > 1 else 1
        _describe_concrete(graph, number, ConcreteNode(wrapper, tuple(sorted(signature.inputs)), positional))
        concrete = _concrete(graph, wrapper, function, nodes)
        inputs = _named(signature.inputs, function.inputs)
        by_parameter = dict(zip(parameters(inputs), inputs.values(), strict=True))
        concrete.canonicalized_input_signature.CopyFrom(encoded(((), by_parameter)))
        concrete.output_signature.CopyFrom(encoded(_named(signature.outputs, function.outputs)))
        graph.add_child(signature_map, name, number)


def _named(names: Sequence[str], specs: Sequence[TensorSpec]) -> dict[str, TensorSpec]:
    return {name: TensorSpec(spec.shape, spec.dtype, name) for name, spec in zip(names, specs, strict=True)}


def parameters(names: Iterable[str]) -> list[str]:
    """Return what parameters of Python are called for these names of tensors, as TensorFlow calls them.

    Example:
        >>> parameters(["x", "my-input"])
        ['x', 'my_input']
    """
    return [_SPECIAL.sub("_", name) for name in names]


_SPECIAL = re.compile(r"\W")


def _mark_values(trackable: Any) -> None:
    """Say of each node whether values can be reached from it."""
    before: dict[int, list[int]] = {}
    for number, node in enumerate(trackable.nodes):
        for child in node.children:
            before.setdefault(child.node_id, []).append(number)
    found = {number for number, node in enumerate(trackable.nodes) if node.attributes}
    waiting = list(found)
    while waiting:
        new = [number for number in before.get(waiting.pop(), ()) if number not in found]
        found.update(new)
        waiting.extend(new)
    for number, node in enumerate(trackable.nodes):
        node.has_checkpoint_values.value = number in found
