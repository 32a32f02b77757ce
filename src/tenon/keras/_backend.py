"""Keras, imported with the JAX backend whatever the environment says. Import Keras from here and nowhere else."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, Final

from tenon.base import FailedPreconditionError
from tenon.keras._startup import without_looking_for_garbage

_VARIABLE = "KERAS_BACKEND"


def _import_keras() -> Any:
    if "keras" not in sys.modules:
        return _import_with_jax()
    module = importlib.import_module("keras")
    if module.backend.backend() != "jax":
        raise FailedPreconditionError(
            f"Keras was imported before tenon.keras, with the backend {module.backend.backend()!r}; Tenon needs 'jax'. "
            f"Import tenon.keras before keras, or set {_VARIABLE}=jax before the first import of keras."
        )
    return module


def _import_with_jax() -> Any:
    """Import Keras with the variable set for the moment of the import only: child processes inherit the user's."""
    before = os.environ.get(_VARIABLE)
    os.environ[_VARIABLE] = "jax"
    try:
        with without_looking_for_garbage():
            return importlib.import_module("keras")
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before


was_there: Final = "keras" in sys.modules
"""Whether Keras was imported before Tenon, so that objects of Keras may exist already."""

keras: Any = _import_keras()
