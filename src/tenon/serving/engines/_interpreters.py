"""LiteRT's interpreters of one flatbuffer: some for each number of threads, for inputs of any shape."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock, Semaphore
from typing import Any

import numpy as np

from tenon.base import UnimplementedError, require_extra
from tenon.saved_model import LoadedSignature
from tenon.serving.engines._converter import SIGNATURE, input_name, output_name
from tenon.serving.engines._engine import Shapes


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
            raise UnimplementedError(f"LiteRT cannot run the program: {one_line(error)}") from error


class Interpreters:
    """Interpreters with the same number of threads, as many as may run at once.

    Each has its own copy of the packed weights, so there is none for each shape: to resize one takes a hundredth of
    what a run does.

    Args:
        flatbuffer: the program.
        threads: that one run uses.
        limit: runs at once.
    """

    def __init__(self, flatbuffer: Flatbuffer, threads: int, limit: int) -> None:
        self._flatbuffer, self._threads, self._limit = flatbuffer, threads, limit
        self._may_run, self._lock = Semaphore(limit), Lock()
        self._idle: list[tuple[Shapes, _Interpreter]] = []

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run on an interpreter that nobody uses, if possible one that ran these shapes last, or wait for one.

        Args:
            inputs: an array per input.

        Raises:
            UnimplementedError: LiteRT cannot run the program.
            ValueError: it cannot run it for these shapes.
            RuntimeError: the same, or an operation refuses the values.
        """
        shapes = tuple([array.shape for array in inputs])
        with self._may_run:
            interpreter = self._take(shapes) or self._made()
            outputs = interpreter.run(inputs)
            with self._lock:
                self._idle.append((shapes, interpreter))  # one that failed is dropped: nobody knows what it holds
            return outputs

    def fill(self, inputs: Sequence[np.ndarray]) -> None:
        """Make all interpreters now, so that no request waits for one; to be called before there are any.

        Args:
            inputs: which all of them run.

        Raises:
            UnimplementedError: see ``run``.
            ValueError: see ``run``.
            RuntimeError: see ``run``.
        """
        shapes = tuple([array.shape for array in inputs])

        def make(_: int) -> tuple[Shapes, _Interpreter]:
            interpreter = self._made()
            interpreter.run(inputs)
            return shapes, interpreter

        with ThreadPoolExecutor(self._limit, "tenon-compile") as pool:
            self._idle.extend(pool.map(make, range(self._limit)))

    def _take(self, shapes: Shapes) -> _Interpreter | None:
        with self._lock:
            if not self._idle:
                return None
            same = [index for index, (last, _) in enumerate(self._idle) if last == shapes]
            return self._idle.pop(same[-1] if same else 0)[1]

    def _made(self) -> _Interpreter:
        kind = _Model if self._flatbuffer.key is None else _Signature
        return kind(self._flatbuffer, self._threads)


class _Interpreter(ABC):
    """One of LiteRT's interpreters, for one run at a time."""

    @abstractmethod
    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Run on arrays in argument order."""


class _Signature(_Interpreter):
    """Runs a signature of a flatbuffer; its runner resizes the inputs where they differ from the last ones."""

    def __init__(self, flatbuffer: Flatbuffer, threads: int) -> None:
        self._runner = flatbuffer.open(threads).get_signature_runner(flatbuffer.key)
        kept = self._runner.get_input_details()
        self._inputs = [(index, name) for index, name in enumerate(flatbuffer.inputs) if name in kept]
        self._outputs = flatbuffer.outputs

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        results = self._runner(**{name: inputs[index] for index, name in self._inputs})
        return [results[name] for name in self._outputs]


class _Model(_Interpreter):
    """Runs a flatbuffer that has no signatures, by the names of its tensors."""

    def __init__(self, flatbuffer: Flatbuffer, threads: int) -> None:
        self._interpreter = interpreter = flatbuffer.open(threads)
        self._inputs = _indices(interpreter.get_input_details(), flatbuffer.inputs)
        self._outputs = _indices(interpreter.get_output_details(), flatbuffer.outputs)
        self._shapes: Shapes | None = None

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        shapes = tuple([array.shape for array in inputs])
        if shapes != self._shapes:
            self._resize(shapes)
        for index, array in zip(self._inputs, inputs, strict=True):
            self._interpreter.set_tensor(index, array)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]

    def _resize(self, shapes: Shapes) -> None:
        for index, shape in zip(self._inputs, shapes, strict=True):
            self._interpreter.resize_tensor_input(index, shape)
        self._interpreter.allocate_tensors()
        self._shapes = shapes


def _indices(details: Sequence[dict[str, Any]], names: Sequence[str]) -> list[int]:
    found = {each["name"]: int(each["index"]) for each in details}
    return [found[name] for name in names]


def one_line(error: Exception) -> str:
    """Return what LiteRT says in several lines, or the beginning of it."""
    return " ".join(str(error).split())[:400]
