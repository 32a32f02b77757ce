"""Pure functions become StableHLO: one portable program for cpu, cuda and tpu."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax import export as jax_export

from tenon.base import TensorSpec
from tenon.host_steps import INPUT, RESULT, HostSteps, Reference

PLATFORMS = ("cpu", "cuda", "tpu")

BATCH = "b"
"""The symbol of the batch dimension, shared by every input of a signature."""

SymbolicShape = tuple[int | str, ...]
"""A shape in which a dimension of any size is a symbol or an expression of symbols, such as ``"b"`` or ``"2*b"``."""

_log = logging.getLogger("tenon.saved_model")


@dataclass(frozen=True)
class ExportedFunction:
    """A pure function after export.

    Args:
        exported: the ``jax.export.Exported`` of ``function(*variables, *inputs) -> (*outputs, *new values)``, all flat.
        variables: names of the variables that the program reads, in argument order.
        inputs: declared specs in argument order; the program may take a narrower dtype.
        outputs: specs in result order.
        input_shapes: symbolic shape of each input.
        output_shapes: symbolic shape of each output.
        written: names of the variables that it assigns; their new values are the results after the outputs.
        gradients: the serialized programs of its gradients, those of the first order first.
        gradient_inputs: which arguments (variables, then inputs) the gradients are of.
        gradient_outputs: which outputs have gradients.
        no_gradient: why there are no gradients of a further order, or ``""``.
        host: what happens with strings before and after the program; ``None`` where there are none. With it, the
            program takes ``host.arguments`` and returns what steps need beside outputs, and ``inputs`` and ``outputs``
            are those of the whole function.
    """

    exported: jax_export.Exported
    variables: tuple[str, ...]
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    input_shapes: tuple[SymbolicShape, ...]
    output_shapes: tuple[SymbolicShape, ...]
    written: tuple[str, ...] = ()
    gradients: tuple[bytes, ...] = ()
    gradient_inputs: tuple[int, ...] = ()
    gradient_outputs: tuple[int, ...] = ()
    no_gradient: str = ""
    host: HostSteps | None = None

    @property
    def handles(self) -> tuple[str, ...]:
        """Names of all variables that it reads or assigns, each once."""
        return tuple(dict.fromkeys([*self.variables, *self.written]))

    @property
    def steps(self) -> HostSteps:
        """What happens before and after the program: nothing, where there are no strings."""
        if self.host is not None:
            return self.host
        inputs = [Reference(INPUT, place) for place in range(len(self.inputs))]
        return HostSteps((), tuple(inputs), tuple([Reference(RESULT, place) for place in range(len(self.outputs))]))

    @property
    def results(self) -> int:
        """How many tensors the program returns before the new values of variables."""
        return len(self.exported.out_avals) - len(self.written)


@dataclass(frozen=True)
class ExportedSignature:
    """A function that clients call by the names of its inputs and outputs.

    Args:
        function: the function's name in the graph.
        inputs: a name for each of its inputs.
        outputs: a name for each of its outputs.
        method_name: the ``SignatureDef.method_name``.
    """

    function: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    method_name: str = "tensorflow/serving/predict"


def cast_to(dtype: np.dtype) -> np.dtype:
    """Return the dtype in which JAX computes on values declared as ``dtype`` (64 bits become 32 unless x64 is on)."""
    return np.dtype(jax.dtypes.canonicalize_dtype(dtype))


def lower(label: str, function: Callable[..., Any], specs: Sequence[jax.ShapeDtypeStruct]) -> jax_export.Exported:
    """Lower for all platforms, or for those that can: a program that only a CPU runs is still a model.

    Args:
        label: what messages call the function.
        function: takes arrays by position, returns a tuple of arrays.
        specs: shapes, which may have symbols, and dtypes.
    """
    jitted = jax.jit(function)
    with _no_source_locations():
        try:
            exported = jax_export.export(jitted, platforms=PLATFORMS)(*specs)
        except Exception as error:
            exported = jax_export.export(jitted, platforms=("cpu",))(*specs)
            _log.warning("%s is saved for the CPU only; other platforms refuse it: %s", label, error)
    if _LAPACK in exported.mlir_module_serialized:
        _log.warning("%s uses LAPACK, as matrix decompositions do on a CPU: Tenon runs it, TensorFlow cannot.", label)
    return exported


_LAPACK = b"lapack_"


@contextmanager
def _no_source_locations() -> Iterator[None]:
    """Keep the paths of the author's machine out of the program, which then depends on nothing but the function."""
    config: Any = jax.config  # its options are attributes that no stub declares
    before = config.jax_traceback_in_locations_limit
    config.update("jax_traceback_in_locations_limit", 0)
    try:
        yield
    finally:
        config.update("jax_traceback_in_locations_limit", before)


def symbolic_shape(shape: Sequence[Any]) -> SymbolicShape:
    """Return a shape of JAX whose symbols are text."""
    return tuple(size if isinstance(size, int) else str(size) for size in shape)


def static_shape(shape: Sequence[Any]) -> tuple[int | None, ...]:
    """Return a shape of JAX whose symbols are ``None``."""
    return tuple(size if isinstance(size, int) else None for size in shape)
