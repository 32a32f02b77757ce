"""The StableHLO that TensorFlow gets: without composites.

JAX writes some operations (``top_k``, ``sinh``, ...) as composites: a name, and the function that says what it means.
TensorFlow 2.21 knows neither their latest version nor, in a program of open dimensions, the shapes inside them.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from jax import export as jax_export
from jax.extend.mlir import ir, passmanager
from jax.extend.mlir.dialects import stablehlo
from jax.interpreters import mlir

_PASSES = "builtin.module(func.func(stablehlo-legalize-composite-to-call))"
_SHARDING_RULE = "sdy.sharding_rule"
_VERSION = re.compile(rb"StableHLO_v(\d+\.\d+\.\d+)")


def module_without_composites(exported: jax_export.Exported) -> bytes:
    """Return the serialized module of ``exported``, in which every composite is a call of its function.

    The version of StableHLO stays, and a module without composites stays as it is.
    """
    serialized: bytes = exported.mlir_module_serialized
    version = _VERSION.search(serialized)
    if version is None or b"composite_v" not in serialized:
        return serialized
    _register_passes()
    context: Any = mlir.make_ir_context()
    with context:
        module: Any = ir.Module.parse(exported.mlir_module())
        passmanager.PassManager.parse(_PASSES).run(module.operation)
        module.operation.walk(_without_sharding_rule)
        called: bytes = stablehlo.serialize_portable_artifact(module, version[1].decode())
    return called


def _without_sharding_rule(operation: Any) -> Any:
    """Remove what says how a call may be split over devices, which StableHLO alone cannot write."""
    if _SHARDING_RULE in operation.attributes:
        del operation.attributes[_SHARDING_RULE]
    return ir.WalkResult.ADVANCE


@functools.cache
def _register_passes() -> None:
    """Make the passes of StableHLO known to MLIR, which takes them once in a process."""
    stablehlo.register_stablehlo_passes()
