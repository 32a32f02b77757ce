"""Fit a model, and say how good it is on rows that it has not seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import tenon.keras as keras
from tenon.demo._dataset import Dataset
from tenon.demo._models import batch_size


def fit(model: Any, train: Dataset, held_out: Dataset, epochs: int, logs: Path, callbacks: Sequence[Any] = ()) -> None:
    """Train, and write scalars, histograms and the graph for TensorBoard.

    The last batch of an epoch is filled up with rows from the start: a smaller one would be compiled on its own.

    Args:
        model: a compiled model.
        train: rows to learn from.
        held_out: rows to validate on after every epoch.
        epochs: passes over ``train``.
        logs: folder of the runs ``train`` and ``validation``.
        callbacks: further Keras callbacks.
    """
    size = batch_size(len(train))
    filled = train.rows(np.arange(math.ceil(len(train) / size) * size) % len(train))
    model.fit(
        dict(filled.inputs),
        filled.labels,
        validation_data=(dict(held_out.inputs), held_out.labels),
        batch_size=size,
        validation_batch_size=len(held_out),
        epochs=epochs,
        verbose=0,
        callbacks=[keras.callbacks.TensorBoard(logs, histogram_freq=1), *callbacks],
    )


def predict(model: Any, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the model's output for inputs by name, all rows in one batch."""
    rows = len(next(iter(inputs.values())))
    return np.asarray(model.predict(dict(inputs), verbose=0, batch_size=rows))


@dataclass(frozen=True)
class Score:
    """How good a model is on held-out rows.

    Args:
        measure: ``"accuracy"`` (more is better) or ``"mean absolute error"`` (in the label's unit; less is better).
        value: of the model.
        baseline: of always giving the same answer, the best one for the training rows.
        baseline_answer: that answer: the most frequent class, or the median.
    """

    measure: str
    value: float
    baseline: float
    baseline_answer: str

    def __str__(self) -> str:
        return (
            f"{self.measure} {self.value:.4g} on held-out data; "
            f"always answering {self.baseline_answer} would give {self.baseline:.4g}"
        )


def score(outputs: np.ndarray, train: Dataset, held_out: Dataset) -> Score:
    """Compare a model's outputs for ``held_out`` with its labels.

    Example:
        >>> train = Dataset("x", {}, np.array([1.0, 2.0, 9.0], np.float32), None)
        >>> print(score(np.array([4.0, 6.0]), train, Dataset("x", {}, np.array([5.0, 6.0], np.float32), None)))
        mean absolute error 0.5 on held-out data; always answering 2 would give 3.5
    """
    if held_out.classes is None:
        median = float(np.median(train.labels))
        error, baseline = (float(np.mean(np.abs(given - held_out.labels))) for given in (outputs, median))
        return Score("mean absolute error", error, baseline, f"{median:.6g}")
    common = int(np.argmax(np.bincount(train.labels)))
    accuracy, baseline = (float(np.mean(given == held_out.labels)) for given in (outputs.argmax(axis=-1), common))
    return Score("accuracy", accuracy, baseline, repr(held_out.classes[common]))
