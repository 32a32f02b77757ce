"""Keras's TensorBoard callback without TensorFlow."""

# ruff: noqa: ARG002  # the methods have the signatures that Keras calls

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.keras._backend import keras
from tenon.keras._keras_internals import optimizer_of, to_numpy
from tenon.keras._layer_graph import layer_graph
from tenon.keras._profiler import BatchProfiler, BatchRange
from tenon.summary import SummaryWriter

Logs = Mapping[str, Any] | None


class TensorBoard(keras.callbacks.Callback):  # type: ignore[misc]  # Keras has no types
    """Write what ``fit`` and ``evaluate`` do for TensorBoard, as ``keras.callbacks.TensorBoard`` does on TensorFlow.

    Runs are the folders ``train`` and ``validation`` below ``log_dir``. Tags: ``epoch_loss`` and ``epoch_<metric>`` in
    both, ``epoch_learning_rate`` in ``train``, with the epoch as the step; ``batch_loss`` and ``batch_<metric>`` in
    ``train``, with the number of the batch since ``fit`` began; ``evaluation_<metric>_vs_iterations`` in
    ``validation``, with the optimizer's iterations. What was written is flushed at the end of every epoch and every
    evaluation: an exception in ``fit``, or a kill, loses nothing before it.

    Args:
        log_dir: folder of the runs; another callback must not write there.
        histogram_freq: epochs between histograms of the weights (``<path>/histogram``), 0 for none.
        write_graph: write the graph of the layers.
        write_images: write weights as pictures (``<path>/image``), together with the histograms.
        write_steps_per_second: write ``epoch_steps_per_second`` and, with batches, ``batch_steps_per_second``.
        update_freq: ``"epoch"``; or a number of batches after which batch tags are written; ``"batch"`` is 1.
        profile_batch: a batch or a pair of first and last batch to profile with ``jax.profiler``; 0 for none.
        embeddings_freq: must be 0.
        embeddings_metadata: must be ``None``.

    Raises:
        InvalidArgumentError: ``update_freq``, ``histogram_freq`` or ``profile_batch`` is not understood.
        UnimplementedError: the embedding projector is asked for.

    Example:
        >>> import tempfile
        >>> callback = TensorBoard(tempfile.mkdtemp(), histogram_freq=1)
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> _ = model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0, callbacks=[callback])
        >>> os.listdir(callback.log_dir)
        ['train']
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: int | str = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        if embeddings_freq or embeddings_metadata is not None:
            raise UnimplementedError(
                "embeddings_freq, embeddings_metadata: the embedding projector is not supported; pass 0 and None. "
                "Histograms of the embeddings are written with histogram_freq=1."
            )
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = _frequency(histogram_freq)
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = _batches_between(update_freq)
        self._profile = BatchRange.parse(profile_batch)
        self._profiler = BatchProfiler(self._run_dir("train"), None)
        self._writers: dict[str, SummaryWriter] = {}
        self._training = False
        self._batch = 0
        self._batch_began = 0.0
        self._epoch_began = 0.0
        self._epoch_iterations = 0

    def set_model(self, model: Any) -> None:
        """Begin with a model (called by Keras)."""
        super().set_model(model)
        self._close_writers()

    def on_train_begin(self, logs: Logs = None) -> None:
        """Write the graph and count batches from 1."""
        self._training = True
        self._batch = 0
        self._profiler.stop()  # an exception in the last fit may have left it running
        self._profiler = BatchProfiler(self._run_dir("train"), self._profile)
        if self.write_graph:
            self._writer("train").graph(layer_graph(self.model))

    def on_train_end(self, logs: Logs = None) -> None:
        """Close everything."""
        self._training = False
        self._profiler.stop()
        self._close_writers()

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Count the batch, profile it when asked to."""
        self._batch += 1
        self._batch_began = time.perf_counter()
        self._profiler.before_batch(self._batch)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Write the batch when it is its turn."""
        self._profiler.after_batch(self._batch, logs)
        if self.update_freq is None or self._batch % self.update_freq:
            return
        values = dict(logs or {})
        if self.write_steps_per_second:
            values["steps_per_second"] = 1.0 / max(time.perf_counter() - self._batch_began, 1e-9)
        self._scalars("train", "batch_{}", values, self._batch)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Begin to measure the epoch."""
        self._epoch_began = time.perf_counter()
        self._epoch_iterations = self._iterations()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write the metrics and the weights of the epoch, and flush."""
        logs = logs or {}
        train = {name: value for name, value in logs.items() if not name.startswith("val_")} | self._learning_rates()
        validation = {name.removeprefix("val_"): value for name, value in logs.items() if name.startswith("val_")}
        if self.write_steps_per_second:
            seconds = max(time.perf_counter() - self._epoch_began, 1e-9)
            train["steps_per_second"] = (self._iterations() - self._epoch_iterations) / seconds
        self._scalars("train", "epoch_{}", train, epoch)
        self._scalars("validation", "epoch_{}", validation, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._weights(epoch)
        self._flush()

    def on_test_end(self, logs: Logs = None) -> None:
        """Write the evaluation over the optimizer's iterations, and flush."""
        if optimizer_of(self.model) is not None:
            self._scalars("validation", "evaluation_{}_vs_iterations", dict(logs or {}), self._iterations())
        self._flush() if self._training else self._close_writers()

    def _run_dir(self, run: str) -> str:
        return str(Path(self.log_dir, run))

    def _writer(self, run: str) -> SummaryWriter:
        if run not in self._writers:
            self._writers[run] = SummaryWriter(self._run_dir(run))
        return self._writers[run]

    def _flush(self) -> None:
        for writer in self._writers.values():
            writer.flush()

    def _close_writers(self) -> None:
        while self._writers:
            self._writers.popitem()[1].close()

    def _scalars(self, run: str, tag: str, values: Mapping[str, Any], step: int) -> None:
        for name, value in values.items():
            self._writer(run).scalar(tag.format(name), np.asarray(value), step)

    def _iterations(self) -> int:
        optimizer = optimizer_of(self.model)
        return 0 if optimizer is None else int(_number(optimizer.iterations))

    def _learning_rates(self) -> dict[str, float]:
        optimizer = optimizer_of(self.model)
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        several = getattr(optimizer, "optimizers", None)
        if several is not None:
            return {f"learning_rate_{one.name}": _number(one.learning_rate) for one in several}
        return {} if optimizer is None else {"learning_rate": _number(optimizer.learning_rate)}

    def _weights(self, epoch: int) -> None:
        writer = self._writer("train")
        for weight in _layer_weights(self.model):
            tag, values = weight.path.replace(":", "_"), to_numpy(weight)
            writer.histogram(f"{tag}/histogram", values, epoch)
            picture = _picture(values) if self.write_images else None
            if picture is not None:
                writer.image(f"{tag}/image", picture, epoch)


def _number(value: Any) -> float:
    return float(to_numpy(value))


def _layer_weights(model: Any) -> list[Any]:
    """Return the weights of the model's layers, each once."""
    return list({id(weight): weight for layer in model.layers for weight in layer.weights}.values())


def _picture(values: np.ndarray) -> np.ndarray | None:
    """Return a weight as pictures ``[k, height, width, channels]``, or None where its rank has none.

    Vectors are one row, matrices lie on their longer side, and every slice of a rank 3 weight is one picture.
    """
    weight = np.squeeze(values).astype(np.float32)
    if weight.ndim == 1:
        return weight.reshape(1, -1, 1, 1)
    if weight.ndim == 2:
        return (weight.T if weight.shape[0] > weight.shape[1] else weight)[None, :, :, None]
    if weight.ndim == 3:
        slices = np.moveaxis(weight, -1, 0) if keras.config.image_data_format() == "channels_last" else weight
        return slices[..., None]
    return weight if weight.ndim == 4 and weight.shape[-1] in (1, 3, 4) else None


def _frequency(histogram_freq: int) -> int:
    if not isinstance(histogram_freq, int) or histogram_freq < 0:
        raise InvalidArgumentError(f"histogram_freq: must be a number of epochs or 0; received {histogram_freq!r}.")
    return histogram_freq


def _batches_between(update_freq: int | str) -> int | None:
    """Return the batches between two writes of batch tags; None for none."""
    if update_freq == "epoch":
        return None
    if update_freq == "batch":
        return 1
    if not isinstance(update_freq, int) or update_freq < 1:
        raise InvalidArgumentError(
            f"update_freq: must be 'epoch', 'batch' or a number of batches; received {update_freq!r}."
        )
    return update_freq
