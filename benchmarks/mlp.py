"""The model behind every server of the benchmark: a tiny MLP, in NumPy alone so that peers need nothing of Tenon."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

SIZES = (4, 64, 64, 3)
"""Units of the input, the two hidden layers and the output."""

INSTANCES = [[1.0, 2.0, 3.0, 4.0]]
"""The one row of every request."""

BODY = b'{"instances": [[1.0,2.0,3.0,4.0]]}'
"""The same row as the servers receive it over HTTP."""

TOLERANCE = 1e-4


def kernels() -> list[np.ndarray]:
    """Return the three weights, the same in every process."""
    generator = np.random.default_rng(0)
    return [(generator.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32) for shape in pairwise(SIZES)]


def forward(weights: list[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Return the answers, of shape ``(rows, 3)``, to rows of shape ``(rows, 4)``."""
    for kernel in weights[:-1]:
        rows = np.maximum(rows @ kernel, np.float32(0))
    answers: np.ndarray = rows @ weights[-1]
    return answers


def check(predictions: Any) -> None:
    """Refuse an answer to ``INSTANCES`` that is not the model's.

    Raises:
        SystemExit: it differs by more than ``TOLERANCE``.
    """
    want = forward(kernels(), np.asarray(INSTANCES, np.float32))
    have = np.asarray(predictions, np.float32)
    if have.shape != want.shape or not np.allclose(have, want, rtol=0, atol=TOLERANCE):
        raise SystemExit(f"a server answers wrongly: {have.tolist()} instead of {want.tolist()}")
