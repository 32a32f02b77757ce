"""TensorFlow and its Keras, in their defaults: no ``jit_compile`` on a CPU, where it is slower."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from benchmarks.models.frameworks.keras_models import model_of, whole_arrays
from benchmarks.models.task import Runner, Task
from benchmarks.models.workloads import Kind


def runner(task: Task) -> Runner:
    """Return the task, ready to run."""
    tf.config.threading.set_intra_op_parallelism_threads(task.threads)
    tf.config.threading.set_inter_op_parallelism_threads(task.threads)
    return _Infer(task) if task.workload.kind is Kind.INFER else whole_arrays(keras, task)


class _Infer(Runner):
    """A ``tf.function`` for one shape."""

    def __init__(self, task: Task) -> None:
        self._inputs, self._run = task.inputs, _for_one_shape(model_of(keras, task), task)

    def first(self) -> np.ndarray:
        return self.call()

    def call(self) -> np.ndarray:
        answer: np.ndarray = self._run(*map(tf.constant, self._inputs)).numpy()
        return answer


def _for_one_shape(model: Any, task: Task) -> Any:
    specs = [tf.TensorSpec(array.shape, array.dtype, f"input_{place}") for place, array in enumerate(task.inputs)]
    function = tf.function(lambda *inputs: model(list(inputs) if len(inputs) > 1 else inputs[0], training=False))
    return function.get_concrete_function(*specs)


def convert(task: Task) -> None:
    """Write the task's model for LiteRT, with TensorFlow's own converter."""
    frozen = convert_variables_to_constants_v2(_for_one_shape(model_of(keras, task), task))
    task.tflite_file.write_bytes(tf.lite.TFLiteConverter.from_concrete_functions([frozen]).convert())
