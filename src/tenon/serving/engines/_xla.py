"""A signature compiled by XLA, one program for each concrete set of input shapes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.saved_model import LoadedSignature
from tenon.serving.engines._engine import Engine, Program, Shapes
from tenon.serving.engines._program_table import ProgramTable

SLOW_SECONDS = 0.2
"""A first run that takes longer is not repeated to be timed: what warms up in it no longer counts."""


class CompiledProgram(Program):
    """A program that XLA compiled.

    Args:
        signature: what to compile.
        weights: device arrays of ``signature.variables``, in their order.
        shapes: of every input.

    Raises:
        InvalidArgumentError: the shapes break a rule that the signature was exported with, such as a size of 0.
    """

    engine = "xla"
    threads = 1

    def __init__(self, signature: LoadedSignature, weights: Sequence[jax.Array], shapes: Shapes) -> None:
        specs = [
            jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in zip(shapes, signature.argument_dtypes, strict=True)
        ]
        self._weights = tuple(weights)
        self._to_host = _views if jax.default_backend() == "cpu" else copies_together
        self._is_wide = signature.is_wide
        self._compiled = _lower(signature, shapes, [*self._weights, *specs]).compile()
        zeros = [np.zeros(spec.shape, spec.dtype) for spec in specs]
        self.seconds = self._run_seconds(zeros)
        if self.seconds < SLOW_SECONDS:
            self.seconds = self._run_seconds(zeros)

    def _run_seconds(self, inputs: Sequence[np.ndarray]) -> float:
        start = time.perf_counter()
        self(inputs)
        return time.perf_counter() - start

    def __call__(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run on arrays of exactly the shapes and dtypes compiled for; blocks until the results are on the host."""
        if self._is_wide:  # JAX takes numbers of 64 bits as such in this mode only
            with jax.enable_x64(True):
                return self._to_host(self._compiled(*self._weights, *inputs))
        return self._to_host(self._compiled(*self._weights, *inputs))

    def on(self, threads: int) -> CompiledProgram:
        """Return itself: all programs share XLA's threads; see ``Program.on``."""
        del threads
        return self


def copies_together(outputs: Sequence[jax.Array]) -> list[np.ndarray]:
    """Copy the results of one run from an accelerator: every transfer starts before the first is waited for.

    Args:
        outputs: of the run, which may still be going on.
    """
    for output in outputs:
        output.copy_to_host_async()
    return _views(outputs)


def _views(outputs: Sequence[jax.Array]) -> list[np.ndarray]:
    return [np.asarray(output) for output in outputs]


def check_shapes(signature: LoadedSignature, shapes: Shapes) -> None:
    """Find out whether a signature takes inputs of ``shapes``, without compiling.

    Args:
        signature: what would be compiled.
        shapes: of every input.

    Raises:
        InvalidArgumentError: the shapes break a rule that the signature was exported with.
    """
    arrays = [np.shape(value) for value in signature.values] + list(shapes)
    specs = [jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in zip(arrays, signature.dtypes, strict=True)]
    _lower(signature, shapes, specs)


def _lower(signature: LoadedSignature, shapes: Shapes, arguments: Sequence[Any]) -> Any:
    def call_exported(*arguments: Any) -> Any:
        return signature.function(*arguments)

    # JAX's caches keep what they made of a function as long as the function lives: with one of its own, a program that
    # is forgotten is freed (measured: 1.8 MB each).
    try:
        with jax.enable_x64(signature.is_wide):
            return jax.jit(call_exported).lower(*arguments)
    except ValueError as error:
        reason = str(error).partition(" Using the following")[0]
        raise InvalidArgumentError(
            f"inputs of signature {signature.name!r}: no program can be made for the shapes {shapes}: {reason} "
            "Send other sizes."
        ) from error


class XlaEngine(Engine):
    """All programs of one signature, compiled by XLA for the default device.

    Args:
        signature: what to compile.
        weights: device arrays of ``signature.variables``, in their order.
    """

    name = "xla"

    def __init__(self, signature: LoadedSignature, weights: Sequence[jax.Array]) -> None:
        self.compiler = ThreadPoolExecutor(1, "tenon-compile")
        self._programs = ProgramTable(lambda shapes: CompiledProgram(signature, weights, shapes))

    def prepare(self, shapes: Shapes) -> CompiledProgram:
        """Compile for ``shapes``; see ``Engine.prepare``."""
        return self._programs.pin(shapes)

    def find(self, shapes: Shapes) -> CompiledProgram | None:
        """Return the program for ``shapes`` if it is compiled; see ``Engine.find``."""
        return self._programs.find(shapes)

    def engine_for(self, rows: int) -> str:
        """Return the name, whatever the size; see ``Engine.engine_for``."""
        del rows
        return self.name

    def compile_and_run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Compile for new shapes and run; see ``Engine.compile_and_run``."""
        return self._programs.find_or_make(tuple(array.shape for array in inputs))(inputs)

    def close(self) -> None:
        """Forget the programs; see ``Engine.close``."""
        self.compiler.shutdown(wait=False, cancel_futures=True)
        self._programs.clear()


def weights_on_device(variables: Mapping[str, np.ndarray], dtypes: Mapping[str, np.dtype]) -> dict[str, Any]:
    """Copy every variable to the default device, once for all signatures and programs.

    Args:
        variables: the values by name.
        dtypes: the dtype of each on the device.
    """
    with jax.enable_x64(True):  # each in the dtype that is asked for
        return {name: jax.device_put(np.asarray(value, dtypes[name])) for name, value in variables.items()}
