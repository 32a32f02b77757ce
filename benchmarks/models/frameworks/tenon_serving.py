"""Tenon as it serves: a SavedModel in the engine that the server would choose, without server, batching or Keras."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.models.task import RefusedError, Runner, Task
from tenon.saved_model import read
from tenon.serving.engines import BlobCache, Engine, EngineMaker, weights_on_device
from tenon.xla import enable_compile_cache, run_in_calling_thread


def runner(task: Task) -> Runner:
    """Return the task, ready to run."""
    run_in_calling_thread()
    return _Infer(task)


class _Infer(Runner):
    """One program of the chosen engine."""

    def __init__(self, task: Task) -> None:
        self._inputs = task.inputs
        engine = _engine(task.workload.name, task)
        self._program = engine.prepare(tuple(array.shape for array in task.inputs))
        self.note = engine.engine_for(task.batch)

    def first(self) -> np.ndarray:
        return self.call()

    def call(self) -> np.ndarray:
        return self._program(self._inputs)[0]


_engines: dict[str, Engine] = {}


def _engine(name: str, task: Task) -> Engine:
    """Return the engine for all batch sizes of a workload, made once as at a server's start."""
    if name not in _engines:
        folder = enable_compile_cache()
        if folder is None:
            raise RefusedError("the compile cache cannot be written")
        model = read(task.saved_model)
        signature = model.signatures["serving_default"]
        names = dict(zip(signature.variables, signature.variable_dtypes, strict=True))
        weights = weights_on_device({name: model.variables[name] for name in names}, names)
        maker = EngineMaker(cache=BlobCache(folder / "engine"), cores=task.threads)
        samples = [task.workload.inputs(batch) for batch in task.workload.batches]
        _engines[name], report = maker.make(signature, [weights[each] for each in names], name, lambda: samples)
        print(report, file=sys.stderr)  # into the log
    return _engines[name]
