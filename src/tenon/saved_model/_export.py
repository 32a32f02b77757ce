"""Signatures of pure functions become programs of any batch size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import numpy as np
from jax import export as jax_export

from tenon.base import InvalidArgumentError, TensorSpec, UnimplementedError
from tenon.saved_model._gradients import with_gradients
from tenon.saved_model._lowering import BATCH, ExportedFunction, cast_to, lower, static_shape, symbolic_shape
from tenon.saved_model._program import Signature, Variable

_SOME_SIZE = 8
"""A size for every open dimension when it is only asked whether a function can be exported at all."""


def export_signature(
    name: str, signature: Signature, variables: Sequence[Variable], has_gradients: bool = False
) -> tuple[ExportedFunction, tuple[str, ...]]:
    """Trace a signature and lower it for every platform.

    Returns:
        The function, and the names of its outputs.

    Raises:
        InvalidArgumentError: the signature has no inputs, a name is not text, or its function does not return a dict.
        UnimplementedError: the function cannot be traced for the sizes left open, or for the CPU at all.
    """
    _check(name, signature)
    flat = _Flat(name, signature, variables)
    exported, shapes = _try_shapes(name, flat, signature.inputs)
    function = ExportedFunction(
        exported=exported,
        variables=tuple(variable.name for variable in variables),
        inputs=tuple(replace(spec, name=key) for key, spec in signature.inputs.items()),
        outputs=tuple(
            TensorSpec(static_shape(aval.shape), aval.dtype, key)
            for key, aval in zip(flat.output_names, exported.out_avals, strict=True)
        ),
        input_shapes=tuple(symbolic_shape(shape) for shape in shapes),
        output_shapes=tuple(symbolic_shape(aval.shape) for aval in exported.out_avals),
    )
    if has_gradients:
        function = with_gradients(f"signature {name!r}", flat, function, [True] * len(exported.in_avals))
    return function, flat.output_names


def _check(name: str, signature: Signature) -> None:
    if not signature.inputs:
        raise InvalidArgumentError(
            f"signature {name!r}: must have at least one input; received none. Give it a dict of TensorSpecs by name."
        )
    for key, spec in signature.inputs.items():
        if not isinstance(key, str) or not key:
            raise InvalidArgumentError(f"signature {name!r}: input names must be non-empty text; received {key!r}.")
        if spec.dtype.kind in "OUS":
            raise UnimplementedError(
                f"signature {name!r}, input {key!r}: XLA has no {spec.dtype} tensors; "
                "turn text into numbers before the model."
            )


class _Flat:
    """``signature.function`` with flat arguments and results; learns the output names while it is traced."""

    def __init__(self, name: str, signature: Signature, variables: Sequence[Variable]) -> None:
        self.name, self.signature = name, signature
        self.variables = [variable.name for variable in variables]
        self.variable_specs = [jax.ShapeDtypeStruct(np.shape(v.value), cast_to(v.value.dtype)) for v in variables]
        self.output_names: tuple[str, ...] = ()

    def __call__(self, *arguments: Any) -> tuple[Any, ...]:
        count = len(self.variables)
        variables = dict(zip(self.variables, arguments[:count], strict=True))
        inputs = dict(zip(self.signature.inputs, arguments[count:], strict=True))
        outputs = self.signature.function(variables, inputs)
        if not isinstance(outputs, Mapping) or not outputs or not all(isinstance(key, str) for key in outputs):
            raise InvalidArgumentError(
                f"signature {self.name!r}: its function must return a non-empty dict of arrays by name; "
                f"received {type(outputs).__name__}."
            )
        nested = {key: type(value).__name__ for key, value in outputs.items() if not jax.tree_util.all_leaves([value])}
        if nested:
            raise InvalidArgumentError(
                f"signature {self.name!r}: every output must be one array; received {nested}. "
                "Return a flat dict, and leave out what is None."
            )
        self.output_names = tuple(outputs)
        return tuple(outputs.values())


def _try_shapes(
    name: str, flat: _Flat, inputs: Mapping[str, TensorSpec]
) -> tuple[jax_export.Exported, list[tuple[Any, ...]]]:
    """Export with the freest symbols that the function accepts: own ones for each open dimension, then shared ones."""
    failures: list[Exception] = []
    for symbol in dict.fromkeys((_own_symbol, _symbol_of_axis)):
        shapes = _symbolic_shapes(inputs, symbol)
        specs = [
            jax.ShapeDtypeStruct(shape, cast_to(spec.dtype))
            for shape, spec in zip(shapes, inputs.values(), strict=True)
        ]
        try:
            return _lower(name, flat, [*flat.variable_specs, *specs]), shapes
        except (InvalidArgumentError, UnimplementedError):
            raise
        except Exception as error:
            failures.append(error)
            if not any(size is None for spec in inputs.values() for size in spec.shape[1:]):
                break
    raise _refused(name, flat, inputs, failures[0])


def _refused(name: str, flat: _Flat, inputs: Mapping[str, TensorSpec], failure: Exception) -> UnimplementedError:
    """Return the error of a function that no symbols fit: is it the sizes, or is it the function?"""
    received = {key: spec.shape for key, spec in inputs.items()}
    sized = [
        jax.ShapeDtypeStruct(tuple(_SOME_SIZE if size is None else size for size in spec.shape), cast_to(spec.dtype))
        for spec in inputs.values()
    ]
    error = UnimplementedError(
        f"signature {name!r}: its function cannot be traced for every size of the open dimensions of {received}: "
        f"{failure}. Give those dimensions a size, or rewrite the operation that needs to know it."
    )
    try:
        jax_export.export(jax.jit(flat), platforms=("cpu",))(*flat.variable_specs, *sized)
    except Exception as cause:
        error = UnimplementedError(
            f"signature {name!r}: its function cannot be exported, whatever the sizes of {received}: "
            f"{type(cause).__name__}: {cause}. It is called with its inputs by name (behind the variables, where there "
            "are any), and JAX must be able to trace it, without callbacks to Python."
        )
    error.__cause__ = failure
    return error


def _symbolic_shapes(inputs: Mapping[str, TensorSpec], symbol: Callable[[int, int], str]) -> list[tuple[Any, ...]]:
    scope = jax_export.SymbolicScope()
    texts = [
        ", ".join(
            str(size) if size is not None else (BATCH if axis == 0 else symbol(index, axis))
            for axis, size in enumerate(spec.shape)
        )
        for index, spec in enumerate(inputs.values())
    ]
    return [tuple(jax_export.symbolic_shape(text, scope=scope)) if text else () for text in texts]


def _own_symbol(index: int, axis: int) -> str:
    return f"d{index}_{axis}"


def _symbol_of_axis(_: int, axis: int) -> str:
    return f"d{axis}"


def _lower(name: str, flat: _Flat, specs: Sequence[jax.ShapeDtypeStruct]) -> jax_export.Exported:
    return lower(f"signature {name!r}", flat, specs)
