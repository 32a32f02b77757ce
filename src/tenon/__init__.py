"""Tenon: train, export, serve and watch models on OpenXLA, with TensorFlow's files and protocols.

Every name loads when it is first used: ``import tenon`` imports neither JAX nor Keras.

    >>> import tenon
    >>> "saved_model" in dir(tenon)
    True
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_FOLDERS = ("base", "formats", "keras", "saved_model", "serving", "summary", "xla")
"""Parts that are attributes under their own name."""

_EXTRAS = {"serving": "serving"}
"""Parts that need an extra; without it they fail with the line that installs it."""

_NAMES = {"TensorSpec": "base", "TenonError": "base"}
"""Names at the front door and the part that each comes from."""

__all__ = ["TenonError", "TensorSpec", "__version__", *_FOLDERS]


def __getattr__(name: str) -> Any:
    if name in _EXTRAS:
        importlib.import_module("tenon.base").require_extra(_EXTRAS[name])
    if name in _FOLDERS:
        return importlib.import_module(f"tenon.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"tenon.{_NAMES[name]}"), name)
    raise AttributeError(f"module 'tenon' has no attribute {name!r}; it has {sorted(__all__)}.")


def __dir__() -> list[str]:
    return sorted(__all__)
