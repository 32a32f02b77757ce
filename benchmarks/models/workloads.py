"""What is measured: one table. NumPy alone, for every environment."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from benchmarks.models import architectures as models


class Kind(StrEnum):
    """What is done with a model."""

    FIT = "fit"
    PREDICT = "predict"
    INFER = "inference"


class Feature(ABC):
    """One input of a model."""

    @abstractmethod
    def draw(self, generator: np.random.Generator, rows: int) -> np.ndarray:
        """Return so many rows."""


@dataclass(frozen=True)
class Floats(Feature):
    """Numbers from 0 to ``high``.

    Args:
        shape: of a row.
        high: above them all.
    """

    shape: tuple[int, ...]
    high: float = 1.0

    def draw(self, generator: np.random.Generator, rows: int) -> np.ndarray:
        """See ``Feature.draw``."""
        return generator.random((rows, *self.shape), dtype=np.float32) * np.float32(self.high)


@dataclass(frozen=True)
class Indices(Feature):
    """Indices below ``count``, such as words.

    Args:
        shape: of a row.
        count: how many there are.
    """

    shape: tuple[int, ...]
    count: int

    def draw(self, generator: np.random.Generator, rows: int) -> np.ndarray:
        """See ``Feature.draw``."""
        return generator.integers(0, self.count, (rows, *self.shape), dtype=np.int32)


class Loss(StrEnum):
    """What training makes small; each frameworks has it under a name of its own."""

    CLASSES = "sparse categorical cross-entropy of logits"
    BINARY = "binary cross-entropy of logits"
    SQUARES = "mean squared error against the input"


@dataclass(frozen=True)
class Workload:
    """A model and what is done with it.

    Args:
        name: for flags and the report.
        kind: what is done.
        build: makes the model; one of ``architectures``.
        features: of a row.
        batches: sizes that are measured one after another.
        rows: of one timed call of ``fit`` or ``predict``.
        loss: of training.
        classes: that labels have.
        accuracy: whether training counts right answers too.
        check_rows: that the first call of training has; its loss is compared.
        tolerance: how far losses (as a share) or outputs (as a share of the largest) may be apart.
    """

    name: str
    kind: Kind
    build: Callable[[Any], Any]
    features: tuple[Feature, ...]
    batches: tuple[int, ...]
    rows: int = 0
    loss: Loss = Loss.CLASSES
    classes: int = 2
    accuracy: bool = False
    check_rows: int = 0
    tolerance: float = 1e-3

    def inputs(self, rows: int) -> list[np.ndarray]:
        """Return the first so many rows of each input, the same in every process."""
        return [feature.draw(np.random.default_rng(seed), rows) for seed, feature in enumerate(self.features)]

    def targets(self, inputs: list[np.ndarray]) -> np.ndarray:
        """Return what training is to learn: something that the first input tells."""
        first = inputs[0].reshape(len(inputs[0]), -1)[:, :16].astype(np.float32)
        if self.loss is Loss.SQUARES:
            return inputs[0]
        scores = (first - first.mean(0)) @ np.random.default_rng(99).standard_normal((first.shape[1], self.classes))
        labels = scores.argmax(1)
        return labels.astype(np.float32)[:, None] if self.loss is Loss.BINARY else labels.astype(np.int32)


_IMAGE_28, _IMAGE_224 = Floats((28, 28, 1)), Floats((224, 224, 3))
_WORDS, _TOKENS = Indices((models.WORDS,), models.VOCABULARY), Indices((models.TOKENS,), models.VOCABULARY)
_NUMBERS = Floats((models.NUMBERS,))
_CATEGORIES = Indices((models.CATEGORIES,), models.TABLE_ROWS)
_BAGS = (Indices((models.BAG_SIZE,), models.BAG_ROWS),) * models.BAGS


def _fit(name: str, build: Callable[[Any], Any], *features: Feature, batch: int, steps: int, **others: Any) -> Workload:
    chosen = {"check_rows": 4 * batch, "tolerance": 0.01} | others
    return Workload(name, Kind.FIT, build, features, (batch,), steps * batch, **chosen)


def _infer(name: str, build: Callable[[Any], Any], *features: Feature, batches: tuple[int, ...]) -> Workload:
    return Workload(f"{name}_inference", Kind.INFER, build, features, batches)


_TEN = {"classes": 10}
_BINARY = {"loss": Loss.BINARY}
_MLP = Floats((784,))

ALL = (
    Workload(
        "mlp_fit",
        Kind.FIT,
        models.mlp,
        (_MLP,),
        (32, 256),
        60_000,
        classes=10,
        accuracy=True,
        check_rows=12_800,
        tolerance=0.05,  # dropout draws other numbers everywhere
    ),
    _fit("cnn_fit", models.cnn, _IMAGE_28, batch=128, steps=10, accuracy=True, **_TEN),
    _fit("resnet20_fit", models.resnet20, Floats((32, 32, 3)), batch=64, steps=4, tolerance=0.05, **_TEN),
    _fit("mobilenet_v2_fit", models.mobilenet_v2_96, Floats((96, 96, 3)), batch=32, steps=4, tolerance=0.05, **_TEN),
    _fit("lstm_fit", models.lstm, _WORDS, batch=32, steps=16),
    _fit("gru_fit", models.gru, _WORDS, batch=32, steps=16),
    _fit("transformer_fit", models.transformer, _TOKENS, batch=32, steps=4),
    _fit("wide_and_deep_fit", models.wide_and_deep, _NUMBERS, _CATEGORIES, batch=256, steps=40, **_BINARY),
    _fit("dlrm_fit", models.dlrm, _NUMBERS, *_BAGS, batch=256, steps=40, **_BINARY),
    _fit("autoencoder_fit", models.autoencoder, _IMAGE_28, batch=128, steps=20, loss=Loss.SQUARES),
    Workload("mlp_predict", Kind.PREDICT, models.mlp, (_MLP,), (32,), 60_000),
    _infer("mlp", models.mlp, _MLP, batches=(1, 32)),
    _infer("mobilenet_v2", models.mobilenet_v2, _IMAGE_224, batches=(1, 16)),
    _infer("resnet50", models.resnet50, _IMAGE_224, batches=(1, 16)),
    _infer("efficientnet_b0", models.efficientnet_b0, Floats((224, 224, 3), 255.0), batches=(1, 16)),
    _infer("transformer", models.transformer, _TOKENS, batches=(1, 32)),
    _infer("lstm", models.lstm, _WORDS, batches=(1, 32)),
)
WORKLOADS = {workload.name: workload for workload in ALL}
"""By name, in the order of the report."""
