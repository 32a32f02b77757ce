"""PyTorch, eager or with ``torch.compile``: a training loop without a data loader, which is the quickest there is."""

from __future__ import annotations

import contextlib
import shutil
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its name everywhere

from benchmarks.models.devices import Device
from benchmarks.models.frameworks.pytorch_layers import module_of
from benchmarks.models.task import BETAS, EPSILON, LEARNING_RATE, RefusedError, Runner, Task
from benchmarks.models.workloads import Kind, Loss

_LOSSES = {
    Loss.CLASSES: F.cross_entropy,
    Loss.BINARY: F.binary_cross_entropy_with_logits,
    Loss.SQUARES: F.mse_loss,
}


def runner(task: Task) -> Runner:
    """Return the task, ready to run.

    Raises:
        RefusedError: it is to be compiled and there is no compiler of C++.
    """
    torch.set_num_threads(task.threads)
    if task.computing.device is Device.GPU and not torch.cuda.is_available():
        raise RefusedError("this PyTorch finds no GPU")
    torch.set_float32_matmul_precision("high")  # tensor cores, as XLA takes them by default; nothing on processors
    torch.backends.cudnn.allow_tf32 = True
    if task.compiled and not any(map(shutil.which, ("g++", "clang++", "c++"))):
        raise RefusedError("torch.compile needs a compiler of C++, and there is none")
    return {Kind.FIT: _Fit, Kind.PREDICT: _Predict, Kind.INFER: _Infer}[task.workload.kind](task)


def _network(task: Task) -> Any:
    network = module_of(task.config(), task.weights()).to(_place(task))
    return torch.compile(network) if task.compiled else network


def _place(task: Task) -> str:
    return "cuda" if task.computing.device is Device.GPU else "cpu"


def _tensors(arrays: list[np.ndarray], place: str = "cpu") -> list[torch.Tensor]:
    return [torch.from_numpy(array).to(place) for array in arrays]


def _precision(task: Task) -> contextlib.AbstractContextManager[Any]:
    """Return what computes as Keras's policy does: with weights in single precision."""
    return torch.autocast(_place(task), torch.bfloat16, enabled=task.computing.policy == "mixed_bfloat16")


class _Fit(Runner):
    """Epochs over shuffled rows with Adam in its fused form; loss and accuracy are added up as Keras does."""

    def __init__(self, task: Task) -> None:
        self._task, self._network = task, _network(task)
        self._network.train()
        parameters = self._network.parameters()
        self._optimizer = torch.optim.Adam(parameters, LEARNING_RATE, BETAS, EPSILON, fused=True)
        self._loss = _LOSSES[task.workload.loss]
        self._place = _place(task)
        self._inputs, self._targets = _tensors(task.inputs, self._place), *_tensors([task.targets], self._place)
        if task.workload.loss is Loss.CLASSES:
            self._targets = self._targets.long()

    def first(self) -> np.ndarray:
        return np.asarray([self._epoch(torch.arange(self._task.workload.check_rows))])

    def call(self) -> object:
        return self._epoch(torch.randperm(len(self._targets)))

    def _epoch(self, order: torch.Tensor) -> float:
        total, right = torch.zeros((), device=self._place), torch.zeros((), dtype=torch.long, device=self._place)
        for rows in order.to(self._place).split(self._task.batch):
            targets = self._targets[rows]
            with _precision(self._task):
                outputs = self._network(*(each[rows] for each in self._inputs))
            loss = self._loss(outputs.float(), targets)
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            total += loss.detach() * len(rows)
            if self._task.workload.accuracy:
                right += (outputs.detach().argmax(1) == targets).sum()
        right.item()
        return total.item() / len(order)


class _Predict(Runner):
    """All rows in batches."""

    def __init__(self, task: Task) -> None:
        self._task, self._network, self._inputs = task, _network(task).eval(), _tensors(task.inputs)

    def first(self) -> np.ndarray:
        return self.call()

    @torch.inference_mode()
    def call(self) -> np.ndarray:
        place, batches = _place(self._task), zip(*(each.split(self._task.batch) for each in self._inputs), strict=True)
        with _precision(self._task):
            return (
                torch.cat([self._network(*(part.to(place) for part in batch)) for batch in batches])
                .float()
                .numpy(force=True)
            )


class _Infer(Runner):
    """One call, from NumPy and to NumPy."""

    def __init__(self, task: Task) -> None:
        self._task, self._network = task, _network(task).eval()

    def first(self) -> np.ndarray:
        return self.call()

    @torch.inference_mode()
    def call(self) -> np.ndarray:
        with _precision(self._task):
            answer = self._network(*_tensors(self._task.inputs, _place(self._task)))
        found: np.ndarray = answer.float().numpy(force=True)
        return found


def convert(task: Task) -> None:
    """Write the task's model for ONNX Runtime."""
    network = module_of(task.config(), task.weights()).eval()
    torch.onnx.export(network, tuple(_tensors(task.inputs)), task.onnx_file, dynamo=True, external_data=False)
