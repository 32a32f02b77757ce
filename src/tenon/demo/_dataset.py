"""Rows to learn from, whatever they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Dataset:
    """Named inputs and one label a row.

    Args:
        name: what the model is called on the server.
        inputs: by name, float32 ``[rows, ...]``; NaN is a missing value.
        labels: int64 ``[rows]``, positions in ``classes``; or float32 ``[rows]`` where there are no classes.
        classes: the names of the classes in the order of the model's output; ``None`` for numbers to estimate.
        notes: what a person should know about how the rows were read, one sentence each.
    """

    name: str
    inputs: Mapping[str, np.ndarray]
    labels: np.ndarray
    classes: tuple[str, ...] | None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def rows(self, index: np.ndarray | slice) -> Dataset:
        """Return the rows that ``index`` selects, as NumPy indexing does."""
        inputs = {name: values[index] for name, values in self.inputs.items()}
        return replace(self, inputs=inputs, labels=self.labels[index])


def hold_out(dataset: Dataset, seed: int = 0) -> tuple[Dataset, Dataset]:
    """Split off every fifth row, in the order of the labels so that both parts hold alike shares of every label.

    Args:
        dataset: at least 3 rows.
        seed: decides among rows of one label; the same seed gives the same split.

    Returns:
        Rows to train on and rows held out, each in the order of ``dataset``.

    Example:
        >>> rows = Dataset("x", {"x": np.arange(10.0)}, np.arange(10) % 2, ("even", "odd"))
        >>> train, held_out = hold_out(rows)
        >>> len(train), held_out.labels.tolist()
        (8, [0, 1])
    """
    ties = np.random.default_rng(seed).random(len(dataset))
    held_out = np.zeros(len(dataset), bool)
    held_out[np.lexsort((ties, dataset.labels))[2::5]] = True
    return dataset.rows(~held_out), dataset.rows(held_out)
