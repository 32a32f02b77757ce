"""ONNX Runtime on a file that PyTorch exported."""

from __future__ import annotations

import numpy as np
import onnxruntime

from benchmarks.models.task import Runner, Task


def runner(task: Task) -> Runner:
    """Return the task, ready to run."""
    return _Infer(task)


class _Infer(Runner):
    """A session with all optimizations, its default."""

    def __init__(self, task: Task) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = task.threads
        self._session = onnxruntime.InferenceSession(task.onnx_file, options, ["CPUExecutionProvider"])
        names = [each.name for each in self._session.get_inputs()]
        self._feed = dict(zip(names, task.inputs, strict=True))

    def first(self) -> np.ndarray:
        return self.call()

    def call(self) -> np.ndarray:
        answer: np.ndarray = self._session.run(None, self._feed)[0]
        return answer
