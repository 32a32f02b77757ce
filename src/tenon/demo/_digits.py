"""The handwritten digits that come with scikit-learn."""

from __future__ import annotations

import importlib

import numpy as np

from tenon.base import require_extra
from tenon.demo._dataset import Dataset


def read_digits() -> Dataset:
    """Return 1797 digits written by 43 people: the test part of UCI's "Optical Recognition of Handwritten Digits".

    The input ``image`` is ``[rows, 8, 8]``; a pixel is the ink in it, from 0 to 16. The classes are "0" to "9".

    Raises:
        MissingExtraError: scikit-learn is not installed; the message holds the install line.

    Example:
        >>> read_digits().inputs["image"].shape
        (1797, 8, 8)
    """
    require_extra("demo")
    digits = importlib.import_module("sklearn.datasets").load_digits()
    classes = tuple(str(name) for name in digits.target_names)
    return Dataset("digits", {"image": digits.images.astype(np.float32)}, digits.target.astype(np.int64), classes)
