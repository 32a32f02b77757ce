"""The TensorFlow graph of a program: what ``saved_model.pb`` holds, built node by node without TensorFlow.

Each signature is one function of the graph's library::

    inputs, variable handles -> ReadVariableOp* -> XlaCallModule -> Identity* -> outputs

and one ``StatefulPartitionedCall`` of it between placeholders and variable handles, which is what TensorFlow Serving
and TensorFlow 1 run. Nodes to save and to restore the variables follow the names in ``SaverDef``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tenon.base import Shape, TensorSpec
from tenon.formats import data_type, make_tensor_proto, message_class
from tenon.saved_model._composites import module_without_composites
from tenon.saved_model._export import ExportedSignature, cast_to

GRAPH_DEF_PRODUCER = 2000
"""``VersionDef.producer`` of our graphs: a TensorFlow 2 in which ``XlaCallModule`` exists."""

DT_STRING, DT_RESOURCE = 7, 20

SAVER_FILENAME, SAVER_SAVE, SAVER_RESTORE = "saver_filename", "saver_save", "saver_restore_all"


def node_name(text: str) -> str:
    """Return ``text`` as a legal TensorFlow node name."""
    clean = re.sub(r"[^A-Za-z0-9_./\\-]", "_", text)
    return clean if re.match(r"[A-Za-z0-9.]", clean) else f"n{clean}"


def shape_proto(shape: Shape) -> Any:
    """Return a ``TensorShapeProto``; ``None`` becomes -1."""
    proto = message_class("tensorflow.TensorShapeProto")()
    for size in shape:
        proto.dim.add(size=-1 if size is None else size)
    return proto


def signature_function(name: str, signature: ExportedSignature, variables: dict[str, TensorSpec]) -> Any:
    """Return the ``FunctionDef`` that runs a signature on its inputs followed by the handles of its variables.

    Inputs and outputs stand in the order of their names: TensorFlow flattens the dicts of a call in that order.
    """
    function = message_class("tensorflow.FunctionDef")()
    definition = function.signature
    definition.name, definition.is_stateful = name, True
    _add_arguments(function, signature, variables)
    body = _Body(function.node_def)
    values = [body.read_variable(f"variable_{i}", variables[key].dtype) for i, key in enumerate(signature.variables)]
    position = {key: index for index, key in enumerate(sorted(signature.inputs))}
    values += [body.cast(f"input_{position[key]}", spec.dtype) for key, spec in signature.inputs.items()]
    kept = [values[index] for index in signature.exported.module_kept_var_idx]
    results = dict(zip(signature.outputs, body.xla_call_module(signature, kept), strict=True))
    for index, (key, spec) in enumerate(sorted(signature.outputs.items())):
        definition.output_arg.add(name=f"output_{index}", type=data_type(spec.dtype))
        function.ret[f"output_{index}"] = body.identity(results[key], spec.dtype)
    return function


def _add_arguments(function: Any, signature: ExportedSignature, variables: dict[str, TensorSpec]) -> None:
    for index, (key, spec) in enumerate(sorted(signature.inputs.items())):
        function.signature.input_arg.add(name=f"input_{index}", type=data_type(spec.dtype))
        attributes = function.arg_attr[index].attr
        attributes["_user_specified_name"].s = key.encode()
        attributes["_output_shapes"].list.shape.append(shape_proto(spec.shape))
    for index, key in enumerate(signature.variables):
        argument = function.signature.input_arg.add(name=f"variable_{index}", type=DT_RESOURCE)
        argument.handle_data.add(dtype=data_type(variables[key].dtype), shape=shape_proto(variables[key].shape))
        attributes = function.arg_attr[len(signature.inputs) + index].attr
        attributes["_output_shapes"].list.shape.append(shape_proto(()))


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
        _, value = self._add("ReadVariableOp", [handle], "value:0", dtype=data_type(dtype))
        return self._cast(value, dtype, cast_to(dtype))

    def cast(self, value: str, declared: np.dtype) -> str:
        return self._cast(value, declared, cast_to(declared))

    def _cast(self, value: str, have: np.dtype, want: np.dtype) -> str:
        if have == want:
            return value
        return self._add("Cast", [value], "y:0", SrcT=data_type(have), DstT=data_type(want))[1]

    def identity(self, value: str, dtype: np.dtype) -> str:
        return self._add("Identity", [value], "output:0", T=data_type(dtype))[1]

    def xla_call_module(self, signature: ExportedSignature, arguments: Sequence[str]) -> list[str]:
        exported = signature.exported
        node, _ = self._add("XlaCallModule", arguments, "")
        attr = node.attr
        attr["version"].i = exported.calling_convention_version
        attr["module"].s = module_without_composites(exported)
        attr["platforms"].list.s.extend(platform.upper().encode() for platform in exported.platforms)
        attr["Tin"].list.type.extend(data_type(exported.in_avals[i].dtype) for i in exported.module_kept_var_idx)
        attr["Tout"].list.type.extend(data_type(spec.dtype) for spec in signature.outputs.values())
        attr["Sout"].list.shape.extend(shape_proto(spec.shape) for spec in signature.outputs.values())
        for empty in ("dim_args_spec", "function_list", "disabled_checks"):
            attr[empty].list.SetInParent()
        attr["has_token_input_output"].b = False
        attr["use_shardy_partitioner"].b = False
        return [f"{node.name}:output:{index}" for index in range(len(signature.outputs))]


class GraphBuilder:
    """Builds the ``GraphDef``: handles, placeholders, calls of signatures, save and restore."""

    def __init__(self) -> None:
        self.graph = message_class("tensorflow.GraphDef")()
        self.graph.versions.producer = GRAPH_DEF_PRODUCER
        self._names: set[str] = set()

    def variable_handle(self, name: str, spec: TensorSpec) -> str:
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

    def call(self, function: Any, arguments: Sequence[str]) -> str:
        """Add ``function`` to the library and a call of it; return the call node's name."""
        self.graph.library.function.append(function)
        node = self._node("StatefulPartitionedCall", "StatefulPartitionedCall", arguments)
        node.attr["f"].func.name = function.signature.name
        node.attr["Tin"].list.type.extend(argument.type for argument in function.signature.input_arg)
        node.attr["Tout"].list.type.extend(argument.type for argument in function.signature.output_arg)
        return str(node.name)

    def saver(self, handles: Sequence[str], keys: Sequence[str], specs: Sequence[TensorSpec]) -> Any:
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
