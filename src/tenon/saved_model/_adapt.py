"""Turn what users hold (a model, a function) into a ``Program``."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tenon.base import InvalidArgumentError, TensorSpec
from tenon.saved_model._program import Program, Signature, SupportsProgram, Tensors, Variable

DEFAULT_SIGNATURE = "serving_default"

SignatureLike = Signature | Mapping[str, Any]
"""A ``Signature``, or the specs of a function's inputs by name (``TensorSpec`` or anything with shape and dtype)."""

_ADAPTERS = {"keras": "tenon.keras"}
"""Packages whose objects learn ``__tenon_program__`` from a part of Tenon above this floor, imported by name only
when such an object arrives; that keeps this folder free of Keras."""


def as_program(
    model_or_function: Any, signatures: Mapping[str, SignatureLike] | None, variables: Any | None
) -> Program:
    """Return the program of a model or function.

    Raises:
        InvalidArgumentError: the object is neither, or a function came without the specs of its inputs.
    """
    _import_adapter(model_or_function)
    if isinstance(model_or_function, Program):
        return _with_signatures(model_or_function, signatures)
    if isinstance(model_or_function, SupportsProgram):
        return _with_signatures(model_or_function.__tenon_program__(), signatures)
    if callable(model_or_function):
        return _program_of_function(model_or_function, signatures, variables)
    raise InvalidArgumentError(
        "model_or_function: must be a Keras model, an object with __tenon_program__, a Program or a function; "
        f"received {type(model_or_function).__name__}."
    )


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
