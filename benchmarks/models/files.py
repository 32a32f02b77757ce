"""Writes what the contenders read: configuration and initial weights of each model, and its SavedModel.

``python -m benchmarks.models.files FOLDER WORKLOAD ...`` runs with Tenon, once, before anything is measured.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.models.task import Task
from benchmarks.models.workloads import WORKLOADS, Kind
from tenon import keras


def write(task: Task) -> None:
    """Write the files of one workload."""
    task.folder.mkdir(parents=True)
    keras.utils.set_random_seed(0)
    model = task.workload.build(keras)
    if task.workload.kind is Kind.INFER:
        _keep_variance(model)
    task.config_file.write_text(model.to_json(), encoding="utf-8")
    np.savez(task.weights_file, *model.get_weights())
    if task.workload.kind is Kind.INFER:
        model.export(task.saved_model, verbose=False)


def _keep_variance(model: Any) -> None:
    """Draw kernels of convolutions so that values keep their size through the layers of a model that never learned.

    Keras's own vanish below 1e-10 in deep models, where every answer would agree with every other.
    """
    generator = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
            kernel, *others = layer.get_weights()
            depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
            inputs = np.prod(kernel.shape[: 2 if depthwise else 3])
            drawn = generator.standard_normal(kernel.shape) * np.sqrt(2 / inputs)
            layer.set_weights([drawn.astype(np.float32), *others])


if __name__ == "__main__":
    for name in sys.argv[2:]:
        write(Task(WORKLOADS[name], WORKLOADS[name].batches[0], Path(sys.argv[1]) / name, 1))
