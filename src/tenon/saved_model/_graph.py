"""The TensorFlow graph of a program: what ``saved_model.pb`` holds, built node by node without TensorFlow.

Each exported function is one function of the graph's library::

    inputs, variable handles -> ReadVariableOp* -> XlaCallModule -> Identity* -> outputs
                                                              +---> AssignVariableOp* where it assigns

Each signature is a function that calls one of those with inputs and outputs by name, and one
``StatefulPartitionedCall`` of it between placeholders and variable handles, which is what TensorFlow Serving and
TensorFlow 1 run. Nodes to save and to restore the variables follow the names in ``SaverDef``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from tenon.base import Shape, TensorSpec
from tenon.formats import data_type, make_tensor_proto, message_class
from tenon.host_steps import INPUT, HostNodes
from tenon.saved_model._composites import module_without_composites
from tenon.saved_model._lowering import ExportedFunction, ExportedSignature, static_shape
from tenon.saved_model._structures import shape_proto

GRAPH_DEF_PRODUCER = 2000
"""``VersionDef.producer`` of our graphs: a TensorFlow 2 in which ``XlaCallModule`` exists."""

DT_STRING, DT_RESOURCE = 7, 20

SAVER_FILENAME, SAVER_SAVE, SAVER_RESTORE = "saver_filename", "saver_save", "saver_restore_all"


class VariableSpec(Protocol):
    """What of a variable the graph tells."""

    @property
    def dtype(self) -> np.dtype:
        """The dtype of its value."""

    @property
    def shape(self) -> Shape | None:
        """Its static shape."""


def node_name(text: str) -> str:
    """Return ``text`` as a legal TensorFlow node name."""
    clean = re.sub(r"[^A-Za-z0-9_./\\-]", "_", text)
    return clean if re.match(r"[A-Za-z0-9.]", clean) else f"n{clean}"


def program_function(name: str, function: ExportedFunction, variables: Mapping[str, VariableSpec]) -> Any:
    """Return the ``FunctionDef`` that runs an exported function on its inputs followed by the handles of its variables.

    Args:
        name: its name.
        function: what it runs.
        variables: dtype and shape of each variable by its path.
    """
    definition = _function(name, function, function.inputs, variables)
    body = _Body(definition.node_def)
    taken = [np.dtype(aval.dtype) for aval in function.exported.in_avals]
    handles = {path: f"variable_{place}" for place, path in enumerate(function.handles)}
    values = [
        body.cast(body.read_variable(handles[path], variables[path].dtype), variables[path].dtype, want)
        for path, want in zip(function.variables, taken, strict=False)
    ]
    host = HostNodes(definition.node_def, function.steps)
    arguments = host.before([f"input_{place}" for place in range(len(function.inputs))])
    for argument, source, want in zip(arguments, function.steps.arguments, taken[len(values) :], strict=True):
        have = function.inputs[source.place].dtype if source.kind == INPUT else want
        values.append(body.cast(argument, have, want))
    results = body.xla_call_module(function, [values[index] for index in function.exported.module_kept_var_idx])
    for index, (spec, value) in enumerate(zip(function.outputs, host.after(results), strict=True)):
        _return(definition, index, spec, body.identity(value, spec.dtype))
    for path, value in zip(function.written, results[function.results :], strict=True):
        _run_always(definition, body.assign_variable(handles[path], value, variables[path].dtype))
    return definition


def wrapper_function(
    name: str,
    signature: ExportedSignature,
    inner: Any,
    function: ExportedFunction,
    variables: Mapping[str, VariableSpec],
) -> Any:
    """Return the ``FunctionDef`` that calls ``inner`` as a signature.

    Inputs and outputs stand in the order of their names: TensorFlow flattens the dicts of a call in that order.

    Args:
        name: its name.
        signature: the names.
        inner: the ``FunctionDef`` of the function.
        function: the function.
        variables: dtype and shape of each variable by its path.
    """
    named = dict(zip(signature.inputs, function.inputs, strict=True))
    inputs = sorted(named)
    specs = [TensorSpec(named[key].shape, named[key].dtype, key) for key in inputs]
    definition = _function(name, function, specs, variables)
    body = _Body(definition.node_def)
    arguments = [f"input_{inputs.index(key)}" for key in signature.inputs]
    arguments += [f"variable_{place}" for place in range(len(function.handles))]
    call = body.call(inner, arguments)
    places = {key: place for place, key in enumerate(signature.outputs)}
    for index, key in enumerate(sorted(places)):
        spec = function.outputs[places[key]]
        _return(definition, index, spec, body.identity(f"{call}:output:{places[key]}", spec.dtype))
    _run_always(definition, call)
    return definition


def _function(
    name: str, function: ExportedFunction, inputs: Sequence[TensorSpec], variables: Mapping[str, VariableSpec]
) -> Any:
    definition = message_class("tensorflow.FunctionDef")()
    definition.signature.name, definition.signature.is_stateful = name, True
    for index, spec in enumerate(inputs):
        definition.signature.input_arg.add(name=f"input_{index}", type=data_type(spec.dtype))
        attributes = definition.arg_attr[index].attr
        attributes["_user_specified_name"].s = (spec.name or f"input_{index}").encode()
        attributes["_output_shapes"].list.shape.append(shape_proto(spec.shape))
    for index, path in enumerate(function.handles):
        argument = definition.signature.input_arg.add(name=f"variable_{index}", type=DT_RESOURCE)
        argument.handle_data.add(dtype=data_type(variables[path].dtype), shape=shape_proto(variables[path].shape))
        definition.arg_attr[len(inputs) + index].attr["_output_shapes"].list.shape.append(shape_proto(()))
    return definition


def _return(definition: Any, index: int, spec: TensorSpec, value: str) -> None:
    definition.signature.output_arg.add(name=f"output_{index}", type=data_type(spec.dtype))
    definition.ret[f"output_{index}"] = value


def _run_always(definition: Any, node: str) -> None:
    """Let a node run whenever the function does, though no output needs it."""
    definition.signature.control_output.append(node)
    definition.control_ret[node] = node


class _Body:
    """Appends nodes to a function's body; every method returns the reference of the new node's value."""

    def __init__(self, nodes: Any) -> None:
        self._nodes = nodes

    def _add(self, op: str, inputs: Iterable[str], output: str, **types: int) -> tuple[Any, str]:
        node = self._nodes.add(op=op, name=f"{op}_{len(self._nodes)}", input=list(inputs))
        for key, value in types.items():
            node.attr[key].type = value
        return node, f"{node.name}:{output}"

    def read_variable(self, handle: str, dtype: np.dtype) -> str:
        return self._add("ReadVariableOp", [handle], "value:0", dtype=data_type(dtype))[1]

    def assign_variable(self, handle: str, value: str, dtype: np.dtype) -> str:
        return str(self._add("AssignVariableOp", [handle, value], "", dtype=data_type(dtype))[0].name)

    def call(self, function: Any, arguments: Sequence[str]) -> str:
        node, _ = self._add("StatefulPartitionedCall", arguments, "")
        _set_call(node, function)
        return str(node.name)

    def cast(self, value: str, have: np.dtype, want: np.dtype) -> str:
        if have == want:
            return value
        return self._add("Cast", [value], "y:0", SrcT=data_type(have), DstT=data_type(want))[1]

    def identity(self, value: str, dtype: np.dtype) -> str:
        return self._add("Identity", [value], "output:0", T=data_type(dtype))[1]

    def xla_call_module(self, function: ExportedFunction, arguments: Sequence[str]) -> list[str]:
        exported = function.exported
        if not exported.out_avals:
            return []
        node, _ = self._add("XlaCallModule", arguments, "")
        attr = node.attr
        attr["version"].i = exported.calling_convention_version
        attr["module"].s = module_without_composites(exported)
        attr["platforms"].list.s.extend(platform.upper().encode() for platform in exported.platforms)
        attr["Tin"].list.type.extend(data_type(exported.in_avals[i].dtype) for i in exported.module_kept_var_idx)
        attr["Tin"].list.SetInParent()
        attr["Tout"].list.type.extend(data_type(aval.dtype) for aval in exported.out_avals)
        attr["Sout"].list.shape.extend(shape_proto(static_shape(aval.shape)) for aval in exported.out_avals)
        for empty in ("dim_args_spec", "function_list", "disabled_checks"):
            attr[empty].list.SetInParent()
        attr["has_token_input_output"].b = False
        attr["use_shardy_partitioner"].b = False
        return [f"{node.name}:output:{index}" for index in range(len(exported.out_avals))]


def _set_call(node: Any, function: Any) -> None:
    node.attr["f"].func.name = function.signature.name
    node.attr["Tin"].list.type.extend(argument.type for argument in function.signature.input_arg)
    node.attr["Tout"].list.type.extend(argument.type for argument in function.signature.output_arg)
    for name in ("Tin", "Tout"):
        node.attr[name].list.SetInParent()


class GraphBuilder:
    """Builds the ``GraphDef``: handles, placeholders, calls of signatures, save and restore."""

    def __init__(self) -> None:
        self.graph = message_class("tensorflow.GraphDef")()
        self.graph.versions.producer = GRAPH_DEF_PRODUCER
        self._names: set[str] = set()

    def variable_handle(self, name: str, spec: VariableSpec) -> str:
        """Add the handle of a variable; return the node's name."""
        node = self._node("VarHandleOp", name, dtype=data_type(spec.dtype))
        node.attr["shape"].shape.CopyFrom(shape_proto(spec.shape))
        node.attr["shared_name"].s = name.encode()
        self._node("ReadVariableOp", f"{node.name}/Read/ReadVariableOp", [node.name], dtype=data_type(spec.dtype))
        return str(node.name)

    def placeholder(self, name: str, data_type_number: int, shape: Shape) -> str:
        """Add an input of the graph; return the node's name."""
        node = self._node("Placeholder", name, dtype=data_type_number)
        node.attr["shape"].shape.CopyFrom(shape_proto(shape))
        return str(node.name)

    def add_function(self, function: Any) -> None:
        """Add a ``FunctionDef`` to the library."""
        self.graph.library.function.append(function)

    def call(self, function: Any, arguments: Sequence[str]) -> str:
        """Add a call of a ``FunctionDef`` of the library; return the call node's name."""
        node = self._node("StatefulPartitionedCall", "StatefulPartitionedCall", arguments)
        _set_call(node, function)
        return str(node.name)

    def text(self, name: str, value: str) -> str:
        """Add a constant; return the node's name."""
        node = self._node("Const", name, dtype=DT_STRING)
        node.attr["value"].tensor.CopyFrom(make_tensor_proto(np.array(value.encode(), dtype=object)))
        return str(node.name)

    def saver(self, handles: Sequence[str], keys: Sequence[str], specs: Sequence[VariableSpec]) -> Any:
        """Add the nodes that save and restore the variables; return the ``SaverDef`` that names them."""
        filename = self.placeholder(SAVER_FILENAME, DT_STRING, ())
        types = [data_type(spec.dtype) for spec in specs]
        self._save(filename, handles, keys, types)
        self._restore(filename, handles, keys, types)
        return message_class("tensorflow.SaverDef")(
            filename_tensor_name=f"{SAVER_FILENAME}:0",
            save_tensor_name=f"{SAVER_SAVE}:0",
            restore_op_name=SAVER_RESTORE,
            version=2,
        )

    def _save(self, filename: str, handles: Sequence[str], keys: Sequence[str], types: Sequence[int]) -> None:
        reads = [f"{handle}/Read/ReadVariableOp" for handle in handles]
        dependencies = []
        if reads:
            inputs = [
                filename,
                self._strings("save/names", keys),
                self._strings("save/slices", [""] * len(keys)),
                *reads,
            ]
            save = self._node("SaveV2", "save/SaveV2", inputs)
            save.attr["dtypes"].list.type.extend(types)
            dependencies = [f"^{save.name}"]
        self._node("Identity", SAVER_SAVE, [filename, *dependencies], T=DT_STRING)

    def _restore(self, filename: str, handles: Sequence[str], keys: Sequence[str], types: Sequence[int]) -> None:
        assigned = []
        if handles:
            names, slices = self._strings("restore/names", keys), self._strings("restore/slices", [""] * len(keys))
            restore = self._node("RestoreV2", "restore/RestoreV2", [filename, names, slices])
            restore.attr["dtypes"].list.type.extend(types)
            for index, (handle, dtype) in enumerate(zip(handles, types, strict=True)):
                inputs = [handle, f"{restore.name}:{index}" if index else restore.name]
                assigned.append(self._node("AssignVariableOp", f"restore/Assign_{index}", inputs, dtype=dtype).name)
        self._node("NoOp", SAVER_RESTORE, [f"^{name}" for name in assigned])

    def _strings(self, name: str, values: Sequence[str]) -> str:
        node = self._node("Const", name, dtype=DT_STRING)
        node.attr["value"].tensor.CopyFrom(make_tensor_proto(np.array([v.encode() for v in values], dtype=object)))
        return str(node.name)

    def _node(self, op: str, name: str, inputs: Iterable[str] = (), **types: int) -> Any:
        node = self.graph.node.add(op=op, name=self._unique(node_name(name)), input=list(inputs))
        for key, value in types.items():
            node.attr[key].type = value
        return node

    def _unique(self, name: str) -> str:
        candidate, count = name, 0
        while candidate.lower() in self._names:
            count += 1
            candidate = f"{name}_{count}"
        self._names.add(candidate.lower())
        return candidate
