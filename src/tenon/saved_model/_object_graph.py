"""The object graph that ``tf.saved_model.load`` rebuilds: a root with its variables and its signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenon.base import TensorSpec
from tenon.formats import data_type, message_class
from tenon.saved_model._export import ExportedSignature
from tenon.saved_model._graph import shape_proto
from tenon.saved_model._program import Variable


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

    def add_user_object(self, identifier: str) -> int:
        """Add an object of a Python type that TensorFlow's loader knows by ``identifier``."""
        node = self.add()
        user_object = self.saved.nodes[node].user_object
        user_object.identifier = identifier
        user_object.version.producer = user_object.version.min_consumer = 1
        return node

    def add_child(self, parent: int, name: str, child: int) -> None:
        """Let ``parent`` hold ``child`` under ``name``."""
        for view in (self.saved, self.trackable):
            view.nodes[parent].children.add(node_id=child, local_name=name)


def checkpoint_key(variable_name: str) -> str:
    """Return the key of a variable in the checkpoint."""
    return f"{variable_name}/.ATTRIBUTES/VARIABLE_VALUE"


def build_object_graph(
    variables: Sequence[Variable],
    specs: Mapping[str, TensorSpec],
    signatures: Mapping[str, ExportedSignature],
    functions: Mapping[str, Any],
) -> ObjectGraph:
    """Return the object graph.

    Args:
        variables: the program's variables.
        specs: their specs by name.
        signatures: the exported signatures by name.
        functions: the ``FunctionDef`` of each signature by the signature's name.
    """
    graph = ObjectGraph()
    root = graph.add_user_object("_generic_user_object")
    signature_map = graph.add_user_object("signature_map")
    graph.add_child(root, "signatures", signature_map)
    variable_list = graph.add_user_object("trackable_list_wrapper")
    graph.add_child(root, "variables", variable_list)
    nodes = {}
    for index, variable in enumerate(variables):
        nodes[variable.name] = _add_variable(graph, variable, specs[variable.name])
        graph.add_child(variable_list, str(index), nodes[variable.name])
    for name, signature in signatures.items():
        handles = [nodes[variable] for variable in signature.variables]
        node = _add_function(graph, functions[name].signature.name, signature, handles)
        graph.add_child(signature_map, name, node)
    return graph


def _add_variable(graph: ObjectGraph, variable: Variable, spec: TensorSpec) -> int:
    node = graph.add()
    saved = graph.saved.nodes[node].variable
    saved.dtype, saved.trainable, saved.name = data_type(spec.dtype), variable.trainable, variable.name
    saved.shape.CopyFrom(shape_proto(spec.shape))
    graph.trackable.nodes[node].attributes.add(
        name="VARIABLE_VALUE", full_name=variable.name, checkpoint_key=checkpoint_key(variable.name)
    )
    return node


def _add_function(graph: ObjectGraph, function: str, signature: ExportedSignature, handles: Sequence[int]) -> int:
    node = graph.add()
    bare = graph.saved.nodes[node].bare_concrete_function
    bare.concrete_function_name = function
    bare.argument_keywords.extend(sorted(signature.inputs))
    bare.allowed_positional_arguments = 0 if len(signature.inputs) > 1 else 1
    concrete = graph.saved.concrete_functions[function]
    concrete.bound_inputs.extend(handles)
    concrete.canonicalized_input_signature.CopyFrom(_call_structure(signature.inputs))
    concrete.output_signature.CopyFrom(_dict_structure(signature.outputs))
    return node


def _call_structure(inputs: Mapping[str, TensorSpec]) -> Any:
    """Return the structure ``((), {name: TensorSpec})`` of a call by keywords."""
    structure = message_class("tensorflow.StructuredValue")()
    positional, keywords = structure.tuple_value.values.add(), structure.tuple_value.values.add()
    positional.tuple_value.SetInParent()
    keywords.CopyFrom(_dict_structure(inputs))
    return structure


def _dict_structure(specs: Mapping[str, TensorSpec]) -> Any:
    structure = message_class("tensorflow.StructuredValue")()
    for name, spec in specs.items():
        value = structure.dict_value.fields[name].tensor_spec_value
        value.name, value.dtype = name, data_type(spec.dtype)
        value.shape.CopyFrom(shape_proto(spec.shape))
    return structure
