"""What Keras does alike on every backend: ``fit`` and ``predict`` of a model with given weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.models.task import BETAS, EPSILON, LEARNING_RATE, Runner, Task
from benchmarks.models.workloads import Kind, Loss


def model_of(keras: Any, task: Task) -> Any:
    """Return the task's model with the weights that all frameworks have."""
    keras.config.set_dtype_policy(task.computing.policy)
    model = task.workload.build(keras)
    model.set_weights(task.weights())
    return model


def whole_arrays(keras: Any, task: Task) -> Runner:
    """Return ``fit`` or ``predict`` of the task's model.

    Args:
        keras: the module.
        task: of one of these kinds.
    """
    return {Kind.FIT: _Fit, Kind.PREDICT: _Predict}[task.workload.kind](keras, task)


class _Fit(Runner):
    """``model.fit`` of NumPy arrays; a call is an epoch."""

    def __init__(self, keras: Any, task: Task) -> None:
        losses = {
            Loss.CLASSES: lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            Loss.BINARY: lambda: keras.losses.BinaryCrossentropy(from_logits=True),
            Loss.SQUARES: keras.losses.MeanSquaredError,
        }
        self._task, self._model = task, model_of(keras, task)
        optimizer = keras.optimizers.Adam(LEARNING_RATE, *BETAS, epsilon=EPSILON)
        metrics = ["accuracy"] if task.workload.accuracy else None
        self._model.compile(optimizer=optimizer, loss=losses[task.workload.loss](), metrics=metrics)
        self._inputs = task.inputs if len(task.inputs) > 1 else task.inputs[0]

    def first(self) -> np.ndarray:
        rows = self._task.workload.check_rows
        inputs, targets = [array[:rows] for array in self._task.inputs], self._task.targets[:rows]
        return np.asarray(self._epoch(inputs if len(inputs) > 1 else inputs[0], targets, False).history["loss"])

    def call(self) -> object:
        return self._epoch(self._inputs, self._task.targets, True)

    def _epoch(self, inputs: Any, targets: np.ndarray, shuffle: bool) -> Any:
        return self._model.fit(inputs, targets, batch_size=self._task.batch, epochs=1, shuffle=shuffle, verbose=0)


class _Predict(Runner):
    """``model.predict`` of NumPy arrays."""

    def __init__(self, keras: Any, task: Task) -> None:
        self._model, self._batch = model_of(keras, task), task.batch
        self._inputs = task.inputs if len(task.inputs) > 1 else task.inputs[0]

    def first(self) -> np.ndarray:
        return np.asarray(self.call())

    def call(self) -> object:
        return self._model.predict(self._inputs, batch_size=self._batch, verbose=0)
