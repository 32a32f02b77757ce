"""MobileNetV2 of Keras, with random weights: a model that takes the processor more than any server does.

``python mobilenet.py FOLDER SIZE`` writes what every contender reads: the SavedModel, the weights in Keras's own file
for TensorFlow, one image and the right answer to it. This module needs NumPy alone until then.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TOLERANCE = 1e-4
CLASSES = 1000


@dataclass(frozen=True)
class MobileNet:
    """The model for one size of images.

    Args:
        size: pixels of an edge.
    """

    size: int

    @property
    def name(self) -> str:
        """What the server calls it."""
        return f"mobilenet_{self.size}"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one image."""
        return (self.size, self.size, 3)

    def weights(self, folder: Path) -> Path:
        """Return where Keras's file of weights lies."""
        return folder / f"{self.name}.weights.h5"

    def image(self) -> np.ndarray:
        """Return a batch of one image, the same in every process."""
        return np.random.default_rng(0).uniform(-1, 1, (1, *self.shape)).astype(np.float32)

    def check(self, folder: Path, answers: np.ndarray) -> None:
        """Refuse answers to images like ``image`` that are not the model's.

        Raises:
            SystemExit: one differs by more than ``TOLERANCE``.
        """
        want = np.load(self._answer(folder))
        if answers.shape[1:] != want.shape[1:] or not np.allclose(answers, want, rtol=0, atol=TOLERANCE):
            raise SystemExit(f"{self.name} is answered wrongly")

    def export(self, folder: Path) -> None:
        """Write everything."""
        from tenon import keras

        keras.utils.set_random_seed(0)
        model = keras.applications.MobileNetV2(self.shape, weights=None, classes=CLASSES)
        np.save(self._answer(folder), model.predict(self.image(), verbose=0))
        model.save_weights(self.weights(folder))
        model.export(folder / self.name / "1", verbose=False)

    def _answer(self, folder: Path) -> Path:
        return folder / f"{self.name}.npy"


if __name__ == "__main__":
    MobileNet(int(sys.argv[2])).export(Path(sys.argv[1]))
