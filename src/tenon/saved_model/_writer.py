"""Write a program as a SavedModel directory, whole or not at all."""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from tenon.base import InvalidArgumentError, TensorSpec, UnimplementedError, replace_directory
from tenon.formats import BundleWriter, data_type, fingerprint64, message_class
from tenon.saved_model._adapt import SignatureLike, as_program
from tenon.saved_model._export import ExportedSignature, export_signature
from tenon.saved_model._graph import GraphBuilder, shape_proto, signature_function
from tenon.saved_model._layout import EXTRAS, PROGRAM, PROGRAM_FORMAT, VARIABLES
from tenon.saved_model._manifest import write_manifest
from tenon.saved_model._object_graph import ObjectGraph, build_object_graph, checkpoint_key
from tenon.saved_model._program import Program, Variable

OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


def save(
    model_or_function: Any,
    path: str | os.PathLike[str],
    signatures: Mapping[str, SignatureLike] | None = None,
    *,
    variables: Any | None = None,
) -> None:
    """Write a model or function as a TensorFlow SavedModel, without TensorFlow.

    The directory holds ``saved_model.pb`` (one ``XlaCallModule`` of StableHLO a signature, for cpu, cuda and tpu),
    the weights as a TensorBundle checkpoint under ``variables/``, ``fingerprint.pb``, and what only Tenon needs under
    ``assets.extra/tenon/``, with a manifest of every file's SHA-256. It appears at ``path`` in one step, in the place
    of what was there; a process that is killed leaves a hidden sibling and never part of a model.

    Args:
        model_or_function: a Keras model; an object with ``__tenon_program__``; a ``Program``; or a function
            traceable by JAX, called as ``function(**inputs)`` (``function(variables, **inputs)`` with ``variables``)
            that returns an array, a tuple or a dict of arrays.
        path: the directory to write.
        signatures: for a function, the specs of its inputs: ``{"serving_default": {"x": TensorSpec((None, 4),
            "float32")}}``; ``None`` in a shape is a dimension of any size, a leading ``None`` the batch. For a model,
            further ``Signature`` objects by name.
        variables: for a function, a pytree of weights (arrays and Python numbers) that become variables of the
            SavedModel.

    Raises:
        InvalidArgumentError: the object cannot be saved, or a signature or variable breaks a rule.
        UnimplementedError: JAX cannot export the function, or not for the sizes left open; or a variable has less
            than 8 bits a value.
        OSError: the file system refuses; what was at ``path`` is untouched.

    Example:
        >>> import tempfile, numpy as np
        >>> folder = tempfile.mkdtemp()
        >>> spec = {"serving_default": {"x": TensorSpec((None, 2), "float32")}}
        >>> save(lambda w, x: x @ w["kernel"], folder + "/1", spec, variables={"kernel": np.ones((2, 1), "float32")})
        >>> sorted(os.listdir(folder + "/1"))
        ['assets.extra', 'fingerprint.pb', 'saved_model.pb', 'variables']
    """
    program = as_program(model_or_function, signatures, variables)
    _check(program)
    exported = {name: export_signature(name, given, program.variables) for name, given in program.signatures.items()}
    parts = _assemble(program, exported)
    with replace_directory(path) as root:
        _write(root, program, exported, parts)


@dataclass(frozen=True)
class _Parts:
    specs: Mapping[str, TensorSpec]
    meta_graph: Any
    objects: ObjectGraph


def _check(program: Program) -> None:
    names = [variable.name for variable in program.variables]
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        raise InvalidArgumentError(f"variables: names must be unique; received {repeated} more than once.")
    for variable in program.variables:
        if (bits := _bits(np.dtype(variable.value.dtype))) < 8:
            raise UnimplementedError(
                f"variable {variable.name!r}: must have a dtype of whole bytes, for TensorFlow reads others wrongly; "
                f"received {variable.value.dtype} of {bits} bits. Store it as int8 and convert it in the function."
            )
    if not program.signatures:
        raise InvalidArgumentError("signatures: a SavedModel needs at least one signature; received none.")


def _bits(dtype: np.dtype) -> int:
    """Return the width of a value; NumPy keeps the narrow types of ml_dtypes in a byte each, but names tell."""
    narrow = re.search(r"(?:int|float)([1-7])(?!\d)", dtype.name)
    return int(narrow[1]) if narrow else 8 * dtype.itemsize


def _assemble(program: Program, exported: Mapping[str, ExportedSignature]) -> _Parts:
    """Build the meta graph in TensorFlow's terms."""
    specs = {
        variable.name: TensorSpec(np.shape(variable.value), np.dtype(variable.value.dtype), variable.name)
        for variable in program.variables
    }
    builder = GraphBuilder()
    handles = {name: builder.variable_handle(name, spec) for name, spec in specs.items()}
    meta_graph = message_class("tensorflow.MetaGraphDef")()
    functions = {}
    for index, (name, signature) in enumerate(exported.items()):
        functions[name] = signature_function(f"__inference_signature_wrapper_{index}", signature, dict(specs))
        _add_signature(meta_graph, builder, name, signature, functions[name], handles)
    keys = [checkpoint_key(name) for name in specs]
    meta_graph.saver_def.CopyFrom(builder.saver(list(handles.values()), keys, list(specs.values())))
    objects = build_object_graph(program.variables, specs, exported, functions)
    meta_graph.object_graph_def.CopyFrom(objects.saved)
    meta_graph.graph_def.CopyFrom(builder.graph)
    info = meta_graph.meta_info_def
    info.tags.append("serve")
    info.stripped_default_attrs = True
    return _Parts(specs, meta_graph, objects)


def _add_signature(
    meta_graph: Any,
    builder: GraphBuilder,
    name: str,
    signature: ExportedSignature,
    function: Any,
    handles: Mapping[str, str],
) -> None:
    definition = meta_graph.signature_def[name]
    definition.method_name = signature.method_name
    arguments = []
    for key, spec in sorted(signature.inputs.items()):
        arguments.append(builder.placeholder(f"{name}_{key}", data_type(spec.dtype), spec.shape))
        _set_tensor_info(definition.inputs[key], f"{arguments[-1]}:0", spec)
    arguments += [handles[variable] for variable in signature.variables]
    call = builder.call(function, arguments)
    for index, (key, spec) in enumerate(sorted(signature.outputs.items())):
        _set_tensor_info(definition.outputs[key], f"{call}:{index}", spec)


def _set_tensor_info(info: Any, tensor: str, spec: TensorSpec) -> None:
    info.name, info.dtype = tensor, data_type(spec.dtype)
    info.tensor_shape.CopyFrom(shape_proto(spec.shape))


def _write(root: Path, program: Program, exported: Mapping[str, ExportedSignature], parts: _Parts) -> None:
    _write_variables(root, program.variables, parts.objects)
    saved_model = message_class("tensorflow.SavedModel")(saved_model_schema_version=1, meta_graphs=[parts.meta_graph])
    content = saved_model.SerializeToString(deterministic=True)
    (root / "saved_model.pb").write_bytes(content)
    _write_fingerprint(root, content, parts)
    extras = root / EXTRAS
    extras.mkdir(parents=True)
    program.write_extras(extras)
    _write_program(extras, program.variables, exported)
    write_manifest(root)


def _write_variables(root: Path, variables: Sequence[Variable], objects: ObjectGraph) -> None:
    (root / "variables").mkdir()
    writer = BundleWriter(root / VARIABLES)
    for variable in variables:
        writer.add(checkpoint_key(variable.name), np.asarray(variable.value))
    writer.add(OBJECT_GRAPH_KEY, np.array(objects.trackable.SerializeToString(deterministic=True), dtype=object))
    writer.finish()


def _write_fingerprint(root: Path, content: bytes, parts: _Parts) -> None:
    """Write ``fingerprint.pb``: TensorFlow's Fingerprint64 of each part of the SavedModel."""
    meta_graph = parts.meta_graph
    signatures = message_class("tensorflow.MetaGraphDef")(signature_def=meta_graph.signature_def)
    fingerprint = message_class("tensorflow.FingerprintDef")(
        saved_model_checksum=fingerprint64(content),
        graph_def_program_hash=fingerprint64(meta_graph.graph_def.SerializeToString(deterministic=True)),
        signature_def_hash=fingerprint64(signatures.SerializeToString(deterministic=True)),
        saved_object_graph_hash=fingerprint64(meta_graph.object_graph_def.SerializeToString(deterministic=True)),
        checkpoint_hash=fingerprint64((root / "variables" / "variables.index").read_bytes()),
        uuid=str(uuid.uuid4().int),
    )
    fingerprint.version.producer = 1
    (root / "fingerprint.pb").write_bytes(fingerprint.SerializeToString(deterministic=True))


def _write_program(extras: Path, variables: Sequence[Variable], exported: Mapping[str, ExportedSignature]) -> None:
    """Write what ``load`` needs: the exported programs, and the names that tie them to the variables."""
    (extras / "signatures").mkdir()
    described = {}
    for index, (name, signature) in enumerate(exported.items()):
        file = f"signatures/{index}.jax_export"
        (extras / file).write_bytes(signature.exported.serialize())
        described[name] = {
            "file": file,
            "variables": signature.variables,
            "inputs": list(signature.inputs),
            "outputs": list(signature.outputs),
            "input_shapes": signature.input_shapes,
            "output_shapes": signature.output_shapes,
        }
    content = {
        "format": PROGRAM_FORMAT,
        "jax": jax.__version__,
        "variables": [{"name": v.name, "key": checkpoint_key(v.name), "trainable": v.trainable} for v in variables],
        "signatures": described,
    }
    (extras.parents[1] / PROGRAM).write_text(json.dumps(content, indent=1) + "\n")
