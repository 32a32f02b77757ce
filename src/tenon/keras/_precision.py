"""Who computes in bfloat16 on a CPU, or quantizes weights alone, is told what it costs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, Final

import jax

from tenon.keras._backend import keras

POLICIES: Final = frozenset({"mixed_bfloat16", "bfloat16"})

WEIGHTS_ALONE: Final = frozenset({"int4", "gptq", "awq"})
"""Modes of Keras's quantization with which products are made in floating point."""

_log = logging.getLogger("tenon.keras")


def install() -> None:
    """Have models look at their policy before they first train or predict, or are quantized; to be called once."""
    keras.Model.make_train_function = _telling(keras.Model.make_train_function)
    keras.Model.make_predict_function = _telling(keras.Model.make_predict_function)
    keras.Model.quantize = _telling_of_weights(keras.Model.quantize)


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
        "bfloat16 on a CPU is mostly slower than float32: XLA multiplies it fast in large products of forward passes "
        "only. Measured, of float32's speed in training: dense layers 0.7 to 1.0, transformer 1.0, LeNet 0.8, "
        "LSTM 0.3, ResNet-20 1.2; in prediction: dense layers 0.9 to 1.4, transformer 0.9 to 1.2, LeNet 0.9, "
        "LSTM 0.5, ResNet-20 1.1. Use keras.config.set_dtype_policy('float32') here, 'mixed_bfloat16' on accelerators."
    )


def _telling_of_weights(quantize: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(quantize)
    def quantized(model: Any, *arguments: Any, **options: Any) -> Any:
        result = quantize(model, *arguments, **options)
        if _has_quantized_weights_alone(model) and jax.default_backend() == "cpu":
            _tell_of_weights()
        return result

    return quantized


def _has_quantized_weights_alone(model: Any) -> bool:
    return any(map(_turns_weights_back, model._flatten_layers()))


def _turns_weights_back(layer: Any) -> bool:
    """Tell whether a layer turns its weights to floating point in each call: those for int8 have a quantizer if not."""
    mode = layer.quantization_mode
    return mode in WEIGHTS_ALONE or (mode == "int8" and getattr(layer, "inputs_quantizer", layer) is None)


@cache
def _tell_of_weights() -> None:
    """Once a process. The figures are in docs/decisions/below_xla.md."""
    _log.warning(
        "quantized weights without quantized activations save memory, not time, on a CPU: each call turns them to "
        "floating point. Measured, of float32's speed, for 1 row and for 32: int8 weights 0.5 and 0.9, int4 weights "
        "0.3 and 0.7. model.quantize('int8') quantizes activations too, and large layers are faster than in float32."
    )
