"""Turn what users hold (a model, a function) into a ``Program``."""

from __future__ import annotations

import functools
import importlib
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError, TensorSpec
from tenon.saved_model._contents import (
    LIST,
    OBJECT,
    Contents,
    FunctionNode,
    ObjectNode,
    StoredVariable,
    Structures,
    VariableNode,
)
from tenon.saved_model._export import export_signature
from tenon.saved_model._lowering import ExportedFunction, ExportedSignature
from tenon.saved_model._options import SaveOptions
from tenon.saved_model._program import Program, Signature, SupportsProgram, Tensors, Variable
from tenon.saved_model._structures import encoded, function_spec

DEFAULT_SIGNATURE = "serving_default"

_SPECIAL = re.compile(r"[^A-Za-z0-9_]")

SignatureLike = Signature | Mapping[str, Any]
"""A ``Signature``, or the specs of a function's inputs by name (``TensorSpec`` or anything with shape and dtype)."""

_ADAPTERS = {"keras": "tenon.keras"}
"""Packages whose objects learn ``__tenon_program__`` from a part of Tenon above this floor, imported by name only
when such an object arrives; that keeps this folder free of Keras."""


def is_program(obj: Any, signatures: Any, variables: Any | None) -> bool:
    """Tell whether what is to be saved is a model or a function, and not an object that holds tf.functions."""
    _import_adapter(obj)
    stated = signatures.values() if isinstance(signatures, Mapping) else [signatures]
    if isinstance(obj, Program | SupportsProgram):
        return signatures is None or all(isinstance(one, Signature | Mapping) for one in stated)
    if isinstance(signatures, Mapping) and signatures and callable(obj):
        return all(isinstance(one, Signature | Mapping) for one in stated)
    return variables is not None or (not signatures and isinstance(obj, functools.partial | types.FunctionType))


def takes_strings(obj: Any, signatures: Any) -> bool:
    """Tell whether what is to be saved is a function with specs of strings, which Tenon traces and not JAX alone."""
    if not callable(obj) or isinstance(obj, Program | SupportsProgram) or not isinstance(signatures, Mapping):
        return False
    specs = [spec for given in signatures.values() if isinstance(given, Mapping) for spec in given.values()]
    return any([getattr(spec, "dtype", None) == np.dtype(object) for spec in specs])


def as_program(
    model_or_function: Any, signatures: Mapping[str, SignatureLike] | None, variables: Any | None
) -> Program:
    """Return the program of a model or function."""
    if isinstance(model_or_function, Program):
        return _with_signatures(model_or_function, signatures)
    if isinstance(model_or_function, SupportsProgram):
        return _with_signatures(model_or_function.__tenon_program__(), signatures)
    return _program_of_function(model_or_function, signatures, variables)


def _import_adapter(value: Any) -> None:
    for kind in type(value).__mro__:
        adapter = _ADAPTERS.get(kind.__module__.partition(".")[0])
        if adapter is not None:
            importlib.import_module(adapter)


def _with_signatures(program: Program, signatures: Mapping[str, SignatureLike] | None) -> Program:
    added: dict[str, Signature] = {}
    for name, signature in (signatures or {}).items():
        if not isinstance(signature, Signature):
            raise InvalidArgumentError(
                f"signatures[{name!r}]: beside a model every signature must be a tenon.saved_model.Signature, which "
                f"says what to compute; received {type(signature).__name__}."
            )
        added[name] = signature
    return replace(program, signatures={**program.signatures, **added})


def _program_of_function(
    function: Callable[..., Any], signatures: Mapping[str, SignatureLike] | None, variables: Any | None
) -> Program:
    if not signatures:
        raise InvalidArgumentError(
            "signatures: a function needs the specs of its inputs; received none. "
            f"Pass signatures={{{DEFAULT_SIGNATURE!r}: {{'x': TensorSpec((None, 4), 'float32')}}}}."
        )
    leaves, structure = jax.tree_util.tree_flatten_with_path(variables)
    named = [_variable(_path_name(path), leaf) for path, leaf in leaves]
    names = [variable.name for variable in named]

    def call(values: Tensors, inputs: Tensors) -> Tensors:
        if variables is None:
            return _named_outputs(function(**inputs))
        tree = jax.tree_util.tree_unflatten(structure, [values[name] for name in names])
        return _named_outputs(function(tree, **inputs))

    return Program(named, {name: _as_signature(name, call, given) for name, given in signatures.items()})


def _variable(name: str, leaf: Any) -> Variable:
    value = np.asarray(jnp.asarray(leaf)) if isinstance(leaf, (bool, int, float, complex)) else leaf
    dtype = getattr(value, "dtype", None)
    if dtype is None or jnp.issubdtype(dtype, jax.dtypes.extended) or np.dtype(dtype).kind in "OUSMm":
        raise InvalidArgumentError(
            "variables: every leaf must be an array of numbers or a number; received "
            f"{dtype or type(leaf).__name__} at {name!r}. Register a class as a pytree "
            "(jax.tree_util.register_dataclass), save the jax.random.key_data() of a key, and bind anything else "
            "with functools.partial."
        )
    return Variable(name, value)


def _path_name(path: tuple[Any, ...]) -> str:
    return "/".join(str(getattr(key, "key", getattr(key, "idx", getattr(key, "name", key)))) for key in path) or "value"


def _as_signature(name: str, call: Callable[[Tensors, Tensors], Tensors], given: SignatureLike) -> Signature:
    if isinstance(given, Signature):
        return given
    if not isinstance(given, Mapping):
        raise InvalidArgumentError(
            f"signatures[{name!r}]: must be a Signature or a dict of specs by input name; "
            f"received {type(given).__name__}."
        )
    return Signature(call, {key: _spec(name, key, spec) for key, spec in given.items()})


def _spec(name: str, key: str, spec: Any) -> TensorSpec:
    shape, dtype = getattr(spec, "shape", None), getattr(spec, "dtype", None)
    if shape is None or dtype is None:
        raise InvalidArgumentError(
            f"signatures[{name!r}][{key!r}]: must have a shape and a dtype, as TensorSpec((None, 4), 'float32') has; "
            f"received {spec!r}."
        )
    return TensorSpec(tuple(shape), dtype, key)


def _named_outputs(outputs: Any) -> Tensors:
    """Name outputs as TensorFlow does: a dict keeps its keys, others become ``output_0``, ``output_1``, ..."""
    if isinstance(outputs, Mapping):
        return outputs
    listed = outputs if isinstance(outputs, (tuple, list)) else [outputs]
    return {f"output_{index}": value for index, value in enumerate(listed)}


def contents_of(
    obj: Any, signatures: Mapping[str, SignatureLike] | None, variables: Any | None, options: SaveOptions
) -> Contents:
    """Export the program of a model or function.

    Raises:
        InvalidArgumentError: the object is neither, or a function came without the specs of its inputs.
        UnimplementedError: JAX cannot export a signature.
    """
    program = as_program(obj, signatures, variables)
    stored = [StoredVariable(v.name, v.name, v.value, v.trainable, tuple(np.shape(v.value))) for v in program.variables]
    if not program.signatures:
        raise InvalidArgumentError("signatures: a SavedModel needs at least one signature; received none.")
    functions: dict[str, ExportedFunction] = {}
    exported = {}
    for index, (name, signature) in enumerate(program.signatures.items()):
        function = f"__inference_{_SPECIAL.sub('_', name)}_{index}"
        functions[function], outputs = export_signature(
            name, signature, program.variables, options.experimental_custom_gradients and program.has_gradients
        )
        exported[name] = ExportedSignature(function, tuple(signature.inputs), outputs, signature.method_name)
    objects, structures = _objects(program, functions, exported)
    return Contents(stored, functions, structures, exported, objects, write_extras=program.write_extras)


def _objects(
    program: Program, functions: Mapping[str, ExportedFunction], signatures: Mapping[str, ExportedSignature]
) -> tuple[list[ObjectNode], dict[str, Structures]]:
    """Return a root that holds lists of variables, and the functions of signatures that are called like methods."""
    objects = [ObjectNode(OBJECT)]

    def add(parent: int, name: str, what: Any) -> int:
        objects.append(ObjectNode(what))
        objects[parent].children.append((name, len(objects) - 1))
        return len(objects) - 1

    variables = add(0, "variables", LIST)
    nodes = {v.name: add(variables, str(place), VariableNode(v.name)) for place, v in enumerate(program.variables)}
    for name, trainable in (("trainable_variables", True), ("non_trainable_variables", False)):
        chosen = [nodes[variable.name] for variable in program.variables if variable.trainable is trainable]
        number = add(0, name, LIST)
        objects[number].children += [(str(place), node) for place, node in enumerate(chosen)]
    structures = {}
    for name, method in program.methods.items():
        signature = signatures[method.signature]
        arguments = _in_order(method.arguments, signature.inputs)
        structures[signature.function] = _structures(functions[signature.function], signature, arguments)
        add(0, name, FunctionNode((signature.function,), function_spec(list(arguments))))
    return objects, structures


def _in_order(arguments: Mapping[str, Any], inputs: Sequence[str]) -> Mapping[str, Any]:
    """Return the arguments if their inputs come in the order in which TensorFlow takes them, else one an input."""
    return arguments if _leaves(list(arguments.values())) == list(inputs) else {name: name for name in inputs}


def _leaves(structure: Any) -> list[str]:
    if isinstance(structure, Mapping):
        return [leaf for key in sorted(structure) for leaf in _leaves(structure[key])]
    if isinstance(structure, list | tuple):
        return [leaf for item in structure for leaf in _leaves(item)]
    return [structure]


def _structures(function: ExportedFunction, signature: ExportedSignature, arguments: Mapping[str, Any]) -> Structures:
    specs = dict(zip(signature.inputs, function.inputs, strict=True))
    outputs = dict(zip(signature.outputs, function.outputs, strict=True))
    single = list(outputs) == ["output_0"]
    return Structures(
        encoded((tuple([_filled(argument, specs) for argument in arguments.values()]), {})),
        encoded(outputs["output_0"] if single else outputs),
    )


def _filled(structure: Any, specs: Mapping[str, TensorSpec]) -> Any:
    if isinstance(structure, Mapping):
        return {key: _filled(item, specs) for key, item in structure.items()}
    if isinstance(structure, list | tuple):
        return type(structure)([_filled(item, specs) for item in structure])
    return specs[structure]
