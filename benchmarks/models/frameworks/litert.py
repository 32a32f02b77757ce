"""LiteRT on a file that TensorFlow's own converter wrote: what a user of TensorFlow deploys."""

from __future__ import annotations

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from benchmarks.models.task import Runner, Task


def runner(task: Task) -> Runner:
    """Return the task, ready to run."""
    return _Infer(task)


class _Infer(Runner):
    """An interpreter with XNNPACK, its default."""

    def __init__(self, task: Task) -> None:
        self._inputs = task.inputs
        self._interpreter = Interpreter(model_path=str(task.tflite_file), num_threads=task.threads)
        self._places = [int(each["index"]) for each in self._interpreter.get_input_details()]
        self._interpreter.allocate_tensors()
        self._output = int(self._interpreter.get_output_details()[0]["index"])

    def first(self) -> np.ndarray:
        return self.call()

    def call(self) -> np.ndarray:
        for place, array in zip(self._places, self._inputs, strict=True):
            self._interpreter.set_tensor(place, array)
        self._interpreter.invoke()
        answer: np.ndarray = self._interpreter.get_tensor(self._output)
        return answer
