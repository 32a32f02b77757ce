"""Keras on JAX without Tenon; inference is one compiled call of JAX, which is quicker than Keras's own ``predict``."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import keras
import numpy as np

from benchmarks.models.frameworks.keras_models import model_of, whole_arrays
from benchmarks.models.task import Runner, Task
from benchmarks.models.workloads import Kind


def runner(task: Task) -> Runner:
    """Return the task, ready to run."""
    return _Infer(task) if task.workload.kind is Kind.INFER else whole_arrays(keras, task)


class _Infer(Runner):
    """``jax.jit`` of ``stateless_call``, with the weights as arguments."""

    def __init__(self, task: Task) -> None:
        model = model_of(keras, task)
        self._inputs = task.inputs
        variables = [[v.value for v in each] for each in (model.trainable_variables, model.non_trainable_variables)]

        @jax.jit
        def run(variables: Any, inputs: Any) -> Any:
            return model.stateless_call(*variables, inputs if len(inputs) > 1 else inputs[0], training=False)[0]

        self._run = partial(run, variables)

    def first(self) -> np.ndarray:
        return self.call()

    def call(self) -> np.ndarray:
        return np.asarray(self._run(self._inputs))
