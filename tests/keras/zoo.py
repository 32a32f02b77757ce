"""Small models of every kind, each with a batch that it takes; made anew by every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tenon import keras

layers = keras.layers


def _rows(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).normal(size=shape).astype(np.float32)


def sequential() -> tuple[Any, Any]:
    return keras.Sequential([keras.Input((4,), name="x"), layers.Dense(3)]), _rows(8, 4)


def dropout_and_batch_norm() -> tuple[Any, Any]:
    parts = [layers.Dense(5), layers.BatchNormalization(), layers.Dropout(0.5, seed=7), layers.Dense(2)]
    return keras.Sequential([keras.Input((4,)), *parts]), _rows(8, 4)


def normalization() -> tuple[Any, Any]:
    rows = _rows(8, 4) * 3 + 1
    adapted = layers.Normalization()
    adapted.adapt(rows)
    return keras.Sequential([keras.Input((4,)), adapted, layers.Dense(1)]), rows


def embedding_and_lstm() -> tuple[Any, Any]:
    model = keras.Sequential([keras.Input((None,), dtype="int32", name="ids"), layers.Embedding(9, 3), layers.LSTM(2)])
    return model, np.arange(12, dtype=np.int32).reshape(3, 4) % 9


def two_inputs_two_outputs() -> tuple[Any, Any]:
    left, right = keras.Input((4,), name="left"), keras.Input((2,), name="right")
    joined = layers.Concatenate()([layers.Dense(3)(left), right])
    model = keras.Model([left, right], [layers.Dense(2, name="a")(joined), layers.Dense(1, name="b")(joined)])
    return model, [_rows(8, 4), _rows(8, 2)]


def dicts() -> tuple[Any, Any]:
    inputs = {name: keras.Input((4,), name=name) for name in ("age", "income")}
    shared = layers.Dense(3)
    model = keras.Model(inputs, {name: shared(tensor) for name, tensor in inputs.items()})
    return model, {"age": _rows(8, 4), "income": _rows(8, 4)[::-1].copy()}


def nested() -> tuple[Any, Any]:
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)], name="inner")
    x = keras.Input((4,), name="x")
    return keras.Model(x, layers.Dense(1)(inner(x) + inner(x * 2.0))), _rows(8, 4)


@keras.saving.register_keras_serializable("zoo")
class Subclassed(keras.Model):  # type: ignore[misc]
    def __init__(self, units: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units)
        self.drop = layers.Dropout(0.3, seed=3)

    def call(self, features: Any, training: bool = False) -> Any:
        return self.drop(self.dense(features), training=training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def subclassed() -> tuple[Any, Any]:
    model, rows = Subclassed(), _rows(8, 4)
    model(rows)
    return model, rows


def mixed_bfloat16() -> tuple[Any, Any]:
    policy = keras.DTypePolicy("mixed_bfloat16")
    parts = [layers.Dense(3, dtype=policy), layers.Dense(2, dtype=policy)]
    return keras.Sequential([keras.Input((4,), name="x"), *parts]), _rows(8, 4)


ZOO: dict[str, Callable[[], tuple[Any, Any]]] = {
    factory.__name__: factory
    for factory in (
        sequential,
        dropout_and_batch_norm,
        normalization,
        embedding_and_lstm,
        two_inputs_two_outputs,
        dicts,
        nested,
        subclassed,
        mixed_bfloat16,
    )
}


def targets(model: Any, batch: Any) -> Any:
    """Return zeros of the shapes that the model gives for ``batch``."""
    return keras.tree.map_structure(lambda output: np.zeros(output.shape, np.float32), model.predict(batch, verbose=0))
