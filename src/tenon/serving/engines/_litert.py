"""A LiteRT flatbuffer run by interpreters, some for each set of input shapes."""

from __future__ import annotations

import importlib
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Semaphore
from typing import Any

import numpy as np

from tenon.base import UnimplementedError, require_extra
from tenon.saved_model import LoadedSignature
from tenon.serving.engines._converter import SIGNATURE, input_name, output_name
from tenon.serving.engines._engine import Engine, Program, Shapes
from tenon.serving.engines._program_table import MAX_PROGRAMS_ON_DEMAND, ProgramTable

MAX_INTERPRETERS = 2
"""Interpreters of one program, where nobody says how many."""

ON_DEMAND_BYTES = 2**29
"""Packed weights of all programs for shapes that came with requests."""

SLOW_SECONDS = 0.02
"""A first run that takes longer is not repeated to be timed."""

Fallback = Callable[[Sequence[np.ndarray]], list[np.ndarray]]
"""Answers what LiteRT refuses."""

_log = logging.getLogger("tenon.serving")


@dataclass(frozen=True)
class Flatbuffer:
    """A program for LiteRT and how to call it.

    Args:
        content: the bytes of a ``.tflite`` file.
        key: the name of its signature to run; ``None`` runs the model without one, and names are those of tensors.
        inputs: names of the inputs, in argument order.
        outputs: names of the outputs, in result order.
        dtypes: of the inputs.
    """

    content: bytes
    key: str | None
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    dtypes: tuple[np.dtype, ...]

    @classmethod
    def of(cls, content: bytes, signature: LoadedSignature) -> Flatbuffer:
        """Return the flatbuffer that ``signature`` was converted to.

        Args:
            content: what ``convert`` returned for it.
            signature: the signature.
        """
        inputs = tuple(input_name(index) for index in range(len(signature.inputs)))
        outputs = tuple(output_name(index) for index in range(len(signature.outputs)))
        return cls(content, SIGNATURE, inputs, outputs, signature.argument_dtypes)

    def open(self, threads: int) -> Any:
        """Return a new interpreter.

        Args:
            threads: that one run uses.

        Raises:
            UnimplementedError: LiteRT cannot run the program; the message says why.
            MissingExtraError: the extra ``lite`` is not installed.
        """
        require_extra("lite")
        module = importlib.import_module("ai_edge_litert.interpreter")
        try:
            return module.Interpreter(model_content=self.content, num_threads=threads)
        except (ValueError, RuntimeError) as error:
            raise UnimplementedError(f"LiteRT cannot run the program: {_one_line(error)}") from error


class LiteRtProgram(Program):
    """A flatbuffer for one set of input shapes.

    Args:
        flatbuffer: the program.
        shapes: of every input.
        threads: that one run uses.
        fallback: answers inputs that LiteRT refuses; without one the refusal is an error.
        interpreters: runs at once; each has its own copy of activations and packed weights.

    Raises:
        UnimplementedError: LiteRT cannot run these shapes; the message says why.
    """

    engine = "litert"

    def __init__(
        self,
        flatbuffer: Flatbuffer,
        shapes: Shapes,
        threads: int,
        fallback: Fallback | None = None,
        interpreters: int = MAX_INTERPRETERS,
    ) -> None:
        self._flatbuffer, self._shapes, self._threads, self._fallback = flatbuffer, shapes, threads, fallback
        self._idle: list[_Interpreter] = []
        self._may_run = Semaphore(interpreters)
        zeros = [_zeros(shape, dtype) for shape, dtype in zip(shapes, flatbuffer.dtypes, strict=True)]
        try:
            self.seconds = self._run_seconds(zeros)
            if self.seconds < SLOW_SECONDS:
                self.seconds = self._run_seconds(zeros)
        except (ValueError, RuntimeError) as error:
            raise UnimplementedError(
                f"LiteRT cannot run the program for the shapes {shapes}: {_one_line(error)}"
            ) from error

    def __call__(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run on an interpreter that nobody uses, or wait for one; see ``Program``.

        Raises:
            RuntimeError: an operation refuses the values, such as an index out of its range, and there is no fallback.
        """
        try:
            return self._run(inputs)
        except RuntimeError as error:
            if self._fallback is None:
                raise
            _log.debug("LiteRT refuses an input, the fallback answers: %s", _one_line(error))
            return self._fallback(inputs)

    def _run_seconds(self, inputs: Sequence[np.ndarray]) -> float:
        start = time.perf_counter()
        self._run(inputs)
        return time.perf_counter() - start

    def _run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        with self._may_run:
            try:
                interpreter = self._idle.pop()
            except IndexError:
                kind = _Model if self._flatbuffer.key is None else _Signature
                interpreter = kind(self._flatbuffer, self._shapes, self._threads)
            outputs = interpreter.run(inputs)
            self._idle.append(interpreter)  # one that failed is dropped: nobody knows what it holds
            return outputs


class LiteRtEngine(Engine):
    """All programs of one signature, interpreted by LiteRT on the CPU.

    Args:
        flatbuffer: the program for all shapes.
        threads: that one run uses.
        fallback: as for a program.
        check: raises ``InvalidArgumentError`` for shapes that the signature does not take, where LiteRT would not know.
        interpreters: runs at once of one program.
    """

    name = "litert"

    def __init__(
        self,
        flatbuffer: Flatbuffer,
        threads: int,
        fallback: Fallback | None = None,
        check: Callable[[Shapes], object] | None = None,
        interpreters: int = MAX_INTERPRETERS,
    ) -> None:
        def make(shapes: Shapes) -> LiteRtProgram:
            if check is not None:
                check(shapes)
            return LiteRtProgram(flatbuffer, shapes, threads, fallback, interpreters)

        self.compiler = ThreadPoolExecutor(1, "tenon-compile")
        room = ON_DEMAND_BYTES // max(1, len(flatbuffer.content))
        self._programs = ProgramTable(make, max(2, min(MAX_PROGRAMS_ON_DEMAND, room)))

    def prepare(self, shapes: Shapes) -> LiteRtProgram:
        """Make an interpreter for ``shapes``; see ``Engine.prepare``."""
        return self._programs.pin(shapes)

    def find(self, shapes: Shapes) -> LiteRtProgram | None:
        """Return the program for ``shapes`` if there is one; see ``Engine.find``."""
        return self._programs.find(shapes)

    def engine_for(self, rows: int) -> str:
        """Return the name, whatever the size; see ``Engine.engine_for``."""
        del rows
        return self.name

    def compile_and_run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Make an interpreter for new shapes and run; see ``Engine.compile_and_run``."""
        return self._programs.find_or_make(tuple(array.shape for array in inputs))(inputs)

    def close(self) -> None:
        """Forget the programs; see ``Engine.close``."""
        self.compiler.shutdown(wait=False, cancel_futures=True)
        self._programs.clear()


class _Interpreter(ABC):
    """One of LiteRT's interpreters, for one run at a time."""

    @abstractmethod
    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run on arrays in argument order."""


class _Signature(_Interpreter):
    """Runs a signature of a flatbuffer."""

    def __init__(self, flatbuffer: Flatbuffer, shapes: Shapes, threads: int) -> None:
        del shapes  # they are the inputs' each time; that they stay the same makes it quick
        self._runner = flatbuffer.open(threads).get_signature_runner(flatbuffer.key)
        kept = self._runner.get_input_details()
        self._inputs = [(index, name) for index, name in enumerate(flatbuffer.inputs) if name in kept]
        self._outputs = flatbuffer.outputs

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        results = self._runner(**{name: inputs[index] for index, name in self._inputs})
        return [results[name] for name in self._outputs]


class _Model(_Interpreter):
    """Runs a flatbuffer that has no signatures, by the names of its tensors."""

    def __init__(self, flatbuffer: Flatbuffer, shapes: Shapes, threads: int) -> None:
        self._interpreter = interpreter = flatbuffer.open(threads)
        self._inputs = _indices(interpreter.get_input_details(), flatbuffer.inputs)
        self._outputs = _indices(interpreter.get_output_details(), flatbuffer.outputs)
        for index, shape in zip(self._inputs, shapes, strict=True):
            interpreter.resize_tensor_input(index, shape)
        interpreter.allocate_tensors()

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        for index, array in zip(self._inputs, inputs, strict=True):
            self._interpreter.set_tensor(index, array)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]


def _indices(details: Sequence[dict[str, Any]], names: Sequence[str]) -> list[int]:
    found = {each["name"]: int(each["index"]) for each in details}
    return [found[name] for name in names]


def _zeros(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    return np.full(shape, b"", dtype) if dtype.kind == "O" else np.zeros(shape, dtype)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:400]
