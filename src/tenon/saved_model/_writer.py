"""Write a program as a SavedModel directory, whole or not at all."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from tenon.base import AlreadyExistsError, InvalidArgumentError, TensorSpec, replace_directory
from tenon.formats import BundleWriter, data_type, fingerprint64, message_class
from tenon.host_steps import steps_to_json
from tenon.saved_model._adapt import contents_of, is_program, takes_strings
from tenon.saved_model._contents import Contents, StoredVariable
from tenon.saved_model._graph import GraphBuilder, program_function, wrapper_function
from tenon.saved_model._layout import (
    ASSETS,
    EXTRAS,
    PROGRAM,
    PROGRAM_FORMAT,
    PROGRAM_FORMAT_WITHOUT_STRINGS,
    VARIABLES,
)
from tenon.saved_model._lowering import ExportedFunction, ExportedSignature
from tenon.saved_model._manifest import write_manifest
from tenon.saved_model._object_graph import ObjectGraph, build_object_graph
from tenon.saved_model._options import SaveOptions, contains_saved_model
from tenon.saved_model._structures import shape_proto

OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"

_OBJECTS = "tenon.saved_model._objects"
"""What looks into objects; imported by name when some arrive, so that who only reads needs no tensors of Tenon."""


def save(
    obj: Any,
    export_dir: str | os.PathLike[str],
    signatures: Any = None,
    options: SaveOptions | None = None,
    *,
    variables: Any | None = None,
) -> None:
    """Write objects, a model or a function as a TensorFlow SavedModel, ``tf.saved_model.save``, without TensorFlow.

    The directory holds ``saved_model.pb`` (one ``XlaCallModule`` of StableHLO a function, for cpu, cuda and tpu),
    the weights as a TensorBundle checkpoint under ``variables/``, ``fingerprint.pb``, and what only Tenon needs under
    ``assets.extra/tenon/``, with a manifest of every file's SHA-256. It appears at ``export_dir`` in one step, in the
    place of what was there; a process that is killed leaves a hidden sibling and never part of a model.

    Of a ``tf.Module`` or another object that checkpoints can hold, all that its attributes hold is saved: variables,
    modules, Keras objects, lists, tuples and dicts of them, assets, and each ``tf.function`` with every signature that
    it was traced for. Values of Python that are no trackable objects, and methods that are no ``tf.function``, are not.

    Args:
        obj: a ``tf.Module`` or another trackable object; a Keras model; an object with ``__tenon_program__``; a
            ``Program``; or a function traceable by JAX, called as ``function(**inputs)`` (``function(variables,
            **inputs)`` with ``variables``) that returns an array, a tuple or a dict of arrays.
        export_dir: the directory to write.
        signatures: what clients call by names. For objects, a ``tf.function`` with an input signature, a concrete
            function, or a dict of those; ``None`` for the only function of ``obj`` that has an input signature, if
            there is just one. For a function, the specs of its inputs: ``{"serving_default": {"x": TensorSpec((None,
            4), "float32")}}``; ``None`` in a shape is a dimension of any size, a leading ``None`` the batch; a function
            that takes strings is traced as a ``tf.function``. For a
            Keras model, tf.functions or further ``Signature`` objects by name.
        options: how to save.
        variables: for a function, a pytree of weights (arrays and Python numbers) that become variables of the
            SavedModel.

    Raises:
        InvalidArgumentError: the object cannot be saved, or a signature or variable breaks a rule.
        UnimplementedError: JAX cannot export a function, or not for the sizes left open; or a variable has less
            than 8 bits a value.
        AlreadyExistsError: at ``export_dir`` stands something else than a SavedModel.
        OSError: the file system refuses; what was at ``export_dir`` is untouched.

    Example:
        >>> import tempfile, numpy as np
        >>> folder = tempfile.mkdtemp()
        >>> spec = {"serving_default": {"x": TensorSpec((None, 2), "float32")}}
        >>> save(lambda w, x: x @ w["kernel"], folder + "/1", spec, variables={"kernel": np.ones((2, 1), "float32")})
        >>> sorted(os.listdir(folder + "/1"))
        ['assets.extra', 'fingerprint.pb', 'saved_model.pb', 'variables']
    """
    options = options or SaveOptions()
    _check_target(Path(export_dir))
    if takes_strings(obj, signatures):
        objects = importlib.import_module(_OBJECTS)
        contents = objects.contents_of_strings(obj, signatures, variables, options)
    elif is_program(obj, signatures, variables):
        contents = contents_of(obj, signatures, variables, options)
    else:
        contents = importlib.import_module(_OBJECTS).contents_of(obj, signatures, options)
    _check(contents)
    parts = _assemble(contents)
    with replace_directory(export_dir) as root:
        _write(root, contents, parts)


@dataclass(frozen=True)
class _Parts:
    meta_graph: Any
    objects: ObjectGraph


def _check_target(path: Path) -> None:
    """Check that nothing is lost when the directory is replaced: it is empty, or holds a SavedModel."""
    if path.exists() and not (path.is_dir() and (contains_saved_model(path) or not any(path.iterdir()))):
        raise AlreadyExistsError(
            f"export_dir: {str(path)!r} exists and is no SavedModel, so it is not replaced. Choose another path."
        )


def _check(contents: Contents) -> None:
    names = [variable.path for variable in contents.variables]
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        raise InvalidArgumentError(f"variables: names must be unique; received {repeated} more than once.")


def _assemble(contents: Contents) -> _Parts:
    """Build the meta graph in TensorFlow's terms."""
    variables = {variable.path: variable for variable in contents.variables}
    builder = GraphBuilder()
    handles = {path: builder.variable_handle(path, variable) for path, variable in variables.items()}
    meta_graph = message_class("tensorflow.MetaGraphDef")()
    functions = {name: program_function(name, each, variables) for name, each in contents.functions.items()}
    for function in functions.values():
        builder.add_function(function)
    wrappers = {}
    for index, (name, signature) in enumerate(contents.signatures.items()):
        function = contents.functions[signature.function]
        wrapper = f"__inference_signature_wrapper_{index}"
        wrappers[name] = wrapper_function(wrapper, signature, functions[signature.function], function, variables)
        builder.add_function(wrappers[name])
        _add_signature(meta_graph, builder, name, signature, function, wrappers[name], handles)
    for place, name in enumerate(contents.assets):
        definition = meta_graph.asset_file_def.add(filename=name)
        definition.tensor_info.name = f"{builder.text(f'asset_{place}', name)}:0"
    keys = [variable.key for variable in contents.variables]
    meta_graph.saver_def.CopyFrom(builder.saver(list(handles.values()), keys, list(variables.values())))
    objects = build_object_graph(contents, wrappers)
    meta_graph.object_graph_def.CopyFrom(objects.saved)
    meta_graph.graph_def.CopyFrom(builder.graph)
    info = meta_graph.meta_info_def
    info.tags.append("serve")
    info.stripped_default_attrs = True
    return _Parts(meta_graph, objects)


def _add_signature(
    meta_graph: Any,
    builder: GraphBuilder,
    name: str,
    signature: ExportedSignature,
    function: ExportedFunction,
    wrapper: Any,
    handles: Mapping[str, str],
) -> None:
    definition = meta_graph.signature_def[name]
    definition.method_name = signature.method_name
    arguments = []
    for key, spec in sorted(zip(signature.inputs, function.inputs, strict=True), key=lambda pair: pair[0]):
        arguments.append(builder.placeholder(f"{name}_{key}", data_type(spec.dtype), spec.shape))
        _set_tensor_info(definition.inputs[key], f"{arguments[-1]}:0", spec)
    call = builder.call(wrapper, [*arguments, *[handles[path] for path in function.handles]])
    outputs = sorted(zip(signature.outputs, function.outputs, strict=True), key=lambda pair: pair[0])
    for index, (key, spec) in enumerate(outputs):
        _set_tensor_info(definition.outputs[key], f"{call}:{index}", spec)


def _set_tensor_info(info: Any, tensor: str, spec: TensorSpec) -> None:
    info.name, info.dtype = tensor, data_type(spec.dtype)
    info.tensor_shape.CopyFrom(shape_proto(spec.shape))


def _write(root: Path, contents: Contents, parts: _Parts) -> None:
    _write_variables(root, contents.variables, parts.objects)
    saved_model = message_class("tensorflow.SavedModel")(saved_model_schema_version=1, meta_graphs=[parts.meta_graph])
    content = saved_model.SerializeToString(deterministic=True)
    (root / "saved_model.pb").write_bytes(content)
    _write_fingerprint(root, content, parts)
    for name, path in contents.assets.items():
        (root / ASSETS).mkdir(exist_ok=True)
        shutil.copyfile(path, root / ASSETS / name)
    extras = root / EXTRAS
    extras.mkdir(parents=True)
    contents.write_extras(extras)
    _write_program(root, contents)
    write_manifest(root)


def _write_variables(root: Path, variables: Sequence[StoredVariable], objects: ObjectGraph) -> None:
    (root / "variables").mkdir()
    writer = BundleWriter(root / VARIABLES)
    for variable in variables:
        writer.add(variable.key, np.asarray(variable.value))
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


def _write_program(root: Path, contents: Contents) -> None:
    """Write what is read back: the exported programs, and the names that tie them to the variables."""
    (root / EXTRAS / "functions").mkdir()
    has_strings = any([function.host is not None for function in contents.functions.values()])
    content = {
        "format": PROGRAM_FORMAT if has_strings else PROGRAM_FORMAT_WITHOUT_STRINGS,
        "jax": jax.__version__,
        "variables": [{"name": v.path, "key": v.key, "trainable": v.trainable} for v in contents.variables],
        "functions": {
            name: _write_function(root / EXTRAS, index, function)
            for index, (name, function) in enumerate(contents.functions.items())
        },
        "signatures": {
            name: {"function": signature.function, "inputs": signature.inputs, "outputs": signature.outputs}
            for name, signature in contents.signatures.items()
        },
    }
    (root / PROGRAM).write_text(json.dumps(content, indent=1) + "\n")


def _write_function(extras: Path, index: int, function: ExportedFunction) -> dict[str, Any]:
    file = f"functions/{index}.jax_export"
    gradients = [f"functions/{index}.gradient_{order}.jax_export" for order in range(1, len(function.gradients) + 1)]
    (extras / file).write_bytes(function.exported.serialize())
    for name, gradient in zip(gradients, function.gradients, strict=True):
        (extras / name).write_bytes(gradient)
    return {
        "file": file,
        "variables": function.variables,
        "written": function.written,
        "input_shapes": function.input_shapes,
        "output_shapes": function.output_shapes,
        "gradients": gradients,
        "gradient_inputs": function.gradient_inputs,
        "gradient_outputs": function.gradient_outputs,
        "no_gradient": function.no_gradient,
        **({} if function.host is None else {"host": steps_to_json(function.host)}),
    }
