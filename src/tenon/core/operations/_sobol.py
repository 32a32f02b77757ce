"""Sobol's sequence: points that fill a cube evenly."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np

from tenon.core.operations._table import operation


def _sobol_sample(dim: int, num_results: int, skip: int, dtype: Any) -> np.ndarray:
    statistics = importlib.import_module("scipy.stats")  # takes a second, and nobody else needs it
    sequence = statistics.qmc.Sobol(dim, scramble=False)
    sequence.fast_forward(skip + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # any number of points is fine here, not powers of 2 alone
        return np.asarray(sequence.random(num_results), dtype)


sobol_sample = operation(
    "math.sobol_sample",
    "dim, num_results, skip=0, dtype: dtype = tf.float32",
    _sobol_sample,
    "Returns points of Sobol's sequence, one a row, in the unit cube of ``dim`` dimensions.",
    "5, 10, 3",
    differentiable=False,
    composed=True,
)
