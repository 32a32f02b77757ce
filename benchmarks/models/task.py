"""One model, one batch size, and where its files are; what a framework makes of it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.models.devices import ON_THE_CPU, Computing
from benchmarks.models.workloads import Kind, Workload

LEARNING_RATE = 1e-3
BETAS = (0.9, 0.999)
EPSILON = 1e-7
"""Of Adam, which all workloads train with: Keras's defaults."""


class RefusedError(Exception):
    """A framework cannot do a task; the message says why, for the report."""


@dataclass(frozen=True)
class Task:
    """What a worker is to do.

    Args:
        workload: which.
        batch: one of its sizes.
        folder: where the workload's files are.
        threads: that the framework may use.
        compiled: whether the framework is to compile, where it may also not.
        computing: on which device and in which precision.
    """

    workload: Workload
    batch: int
    folder: Path
    threads: int
    compiled: bool = False
    computing: Computing = ON_THE_CPU

    @property
    def config_file(self) -> Path:
        """Keras's configuration of the model, as JSON."""
        return self.folder / "model.json"

    @property
    def weights_file(self) -> Path:
        """The initial weights, in the order of Keras's ``get_weights``."""
        return self.folder / "weights.npz"

    @property
    def saved_model(self) -> Path:
        """The model as Tenon exports it."""
        return self.folder / "saved_model"

    @property
    def onnx_file(self) -> Path:
        """The model as PyTorch exports it, for the batch size."""
        return self.folder / f"{self.batch}.onnx"

    @property
    def tflite_file(self) -> Path:
        """The model as TensorFlow converts it, for the batch size."""
        return self.folder / f"{self.batch}.tflite"

    def config(self) -> dict[str, Any]:
        """Return Keras's configuration."""
        config: dict[str, Any] = json.loads(self.config_file.read_text(encoding="utf-8"))
        return config

    def weights(self) -> list[np.ndarray]:
        """Return the initial weights."""
        with np.load(self.weights_file) as stored:
            return [stored[name] for name in stored.files]

    def draw(self) -> None:
        """Make the arrays, so that no later use has to."""
        assert len(self.inputs[0]) == len(self.targets)

    @cached_property
    def inputs(self) -> list[np.ndarray]:
        """The rows of one call."""
        return self.workload.inputs(self.batch if self.workload.kind is Kind.INFER else self.workload.rows)

    @cached_property
    def targets(self) -> np.ndarray:
        """What training learns of them."""
        return self.workload.targets(self.inputs)


class Runner(ABC):
    """A task, ready to be run again and again.

    Attributes:
        note: what the report says about how it is run, if there is anything to say.
    """

    note: str = ""

    @abstractmethod
    def first(self) -> np.ndarray:
        """Run for the first time, compiling what needs to be; return what is compared with the other frameworks.

        Training returns the loss of its first ``check_rows``, in their order. The others return the outputs.
        """

    @abstractmethod
    def call(self) -> object:
        """Run once more, until the result is there."""
