"""Who trains in bfloat16 on a CPU is told what it costs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, Final

import jax

from tenon.keras._backend import keras

POLICIES: Final = frozenset({"mixed_bfloat16", "bfloat16"})

_log = logging.getLogger("tenon.keras")


def install() -> None:
    """Have models look at their policy when they make their training function; to be called once."""
    keras.Model.make_train_function = _telling(keras.Model.make_train_function)


def _telling(make: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(make)
    def made(model: Any, force: bool = False) -> Any:
        if _computes_in_bfloat16(model) and jax.default_backend() == "cpu":
            _tell()
        return make(model, force)

    return made


def _computes_in_bfloat16(model: Any) -> bool:
    return any(layer.dtype_policy.name in POLICIES for layer in model._flatten_layers())


@cache
def _tell() -> None:
    """Once a process. The figures are in docs/decisions/below_xla.md."""
    _log.warning(
        "training in bfloat16 on a CPU is mostly slower than in float32: XLA multiplies bfloat16 fast in forward "
        "passes only. Measured, of float32's speed: dense layers 0.7 to 1.0, transformer 1.0, LeNet 0.8, LSTM 0.3, "
        "ResNet-20 1.2. Use keras.config.set_dtype_policy('float32') here, and 'mixed_bfloat16' on accelerators."
    )
