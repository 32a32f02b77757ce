"""A signature compiled by XLA, one program for each concrete set of input shapes."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.saved_model import LoadedSignature

Shapes = tuple[tuple[int, ...], ...]
"""The concrete shape of every input of a signature, in argument order."""

MAX_PROGRAMS_ON_DEMAND = 128
"""Programs kept for shapes that first came with a request (open dimensions besides the batch)."""


class CompiledProgram:
    """One compiled program; safe to call from many threads.

    Raises:
        InvalidArgumentError: the shapes break a rule that the signature was exported with, such as a size of 0.

    Attributes:
        seconds: how long one run took when it was warm.
    """

    def __init__(self, signature: LoadedSignature, weights: Sequence[jax.Array], shapes: Shapes) -> None:
        specs = [
            jax.ShapeDtypeStruct(shape, dtype) for shape, dtype in zip(shapes, signature.argument_dtypes, strict=True)
        ]
        self._weights = tuple(weights)
        self._is_wide = signature.is_wide
        self._compiled = _lower(signature, shapes, [*self._weights, *specs]).compile()
        zeros = [np.zeros(spec.shape, spec.dtype) for spec in specs]
        self(zeros)
        start = time.perf_counter()
        self(zeros)
        self.seconds = time.perf_counter() - start

    def __call__(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run on arrays of exactly the shapes and dtypes compiled for; blocks until the results are on the host."""
        if self._is_wide:  # JAX takes numbers of 64 bits as such in this mode only
            with jax.enable_x64(True):
                return [np.asarray(output) for output in self._compiled(*self._weights, *inputs)]
        return [np.asarray(output) for output in self._compiled(*self._weights, *inputs)]


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


class XlaEngine:
    """All programs of one signature.

    Args:
        signature: what to compile.
        weights: device arrays of ``signature.variables``, in their order; also an attribute.

    Attributes:
        compiler: the one thread in which ``compile_and_run`` belongs, so that new shapes never take the threads in
            which programs run.
    """

    def __init__(self, signature: LoadedSignature, weights: Sequence[jax.Array]) -> None:
        self._signature = signature
        self.weights = weights
        self.compiler = ThreadPoolExecutor(1, "tenon-compile")
        self._pinned: dict[Shapes, CompiledProgram] = {}
        self._on_demand: OrderedDict[Shapes, CompiledProgram] = OrderedDict()
        self._lock = Lock()

    def prepare(self, shapes: Shapes) -> CompiledProgram:
        """Compile for ``shapes`` now and keep the program for good. Blocks; call it before requests come."""
        program = self._pinned.get(shapes)
        if program is None:
            program = self._pinned[shapes] = CompiledProgram(self._signature, self.weights, shapes)
        return program

    def find(self, shapes: Shapes) -> CompiledProgram | None:
        """Return the program for ``shapes`` if it is compiled."""
        program = self._pinned.get(shapes)
        if program is None and self._on_demand:
            with self._lock:
                program = self._on_demand.get(shapes)
                if program is not None:
                    self._on_demand.move_to_end(shapes)
        return program

    def compile_and_run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run on arrays of shapes seen for the first time: compile, keep the program while there is room, run."""
        shapes: Shapes = tuple(array.shape for array in inputs)
        program = self.find(shapes)
        if program is None:
            program = CompiledProgram(self._signature, self.weights, shapes)
            with self._lock:
                self._on_demand[shapes] = program
                while len(self._on_demand) > MAX_PROGRAMS_ON_DEMAND:
                    self._on_demand.popitem(last=False)
        return program(inputs)


def weights_on_device(variables: Mapping[str, np.ndarray], dtypes: Mapping[str, np.dtype]) -> dict[str, Any]:
    """Copy every variable to the default device, once for all signatures and programs.

    Args:
        variables: the values by name.
        dtypes: the dtype of each on the device.
    """
    with jax.enable_x64(True):  # each in the dtype that is asked for
        return {name: jax.device_put(np.asarray(value, dtypes[name])) for name, value in variables.items()}
