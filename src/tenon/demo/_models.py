"""The two small models. All preparation of the inputs is inside the graph, so that serving is what training was."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import tenon.keras as keras
from tenon.demo._dataset import Dataset

_layers = keras.layers


def batch_size(rows: int) -> int:
    """Return a power of two from 32 to 512 that makes some hundred steps an epoch of many rows.

    Example:
        >>> [batch_size(rows) for rows in (20, 1438, 12000, 10**6)]
        [32, 32, 64, 512]
    """
    return min(max(1 << int(math.log2(max(rows // 128, 1))), 32), 512)


def build_digits_model(train: Dataset, epochs: int) -> Any:
    """Return a compiled convolutional network for ``image``, ``[None, 8, 8]`` with pixels from 0 to 16.

    Args:
        train: digits to train on.
        epochs: over how many the learning rate falls to 0.

    Returns:
        A model whose output is ``[None, 10]``: probabilities.
    """
    image = keras.Input((8, 8), name="image")
    hidden = _layers.Rescaling(1 / 16)(image)
    hidden = _layers.Reshape((8, 8, 1))(hidden)
    for filters in (16, 32):
        hidden = _layers.Conv2D(filters, 3, padding="same", use_bias=False)(hidden)
        hidden = _layers.BatchNormalization()(hidden)
        hidden = _layers.ReLU()(hidden)
        if filters == 16:
            hidden = _layers.MaxPooling2D()(hidden)
    hidden = _layers.Dropout(0.4)(_layers.Flatten()(hidden))
    hidden = _layers.Dropout(0.4)(_layers.Dense(64, activation="relu")(hidden))
    model = keras.Model({"image": image}, _head(train)(hidden), name="digits")
    return _compiled(model, train, epochs)


def build_table_model(train: Dataset, epochs: int) -> Any:
    """Return a compiled multilayer perceptron with one input ``[None]`` for every column.

    A missing value (NaN) counts as the mean of its column in ``train``.

    Args:
        train: columns ``[rows]`` of numbers.
        epochs: over how many the learning rate falls to 0.

    Returns:
        A model whose output is ``[None, classes]``, probabilities; or ``[None]``, in the unit of the labels.
    """
    inputs = {name: keras.Input((), name=name) for name in train.inputs}
    body = _table_body(train)
    return _compiled(keras.Model(inputs, body(list(inputs.values())), name="table"), train, epochs)


def _table_body(train: Dataset) -> Any:
    """Build the model behind the inputs: a model of its own, so that a column may be called like one of its layers."""
    columns = [keras.Input(()) for _ in train.inputs]
    means, variances = np.transpose([_mean_and_variance(values) for values in train.inputs.values()])
    hidden = keras.ops.stack(columns, axis=-1)
    hidden = _layers.Normalization(mean=means.tolist(), variance=variances.tolist())(hidden)
    hidden = keras.ops.nan_to_num(hidden, nan=0.0)  # 0 is the column's mean here
    for _ in range(2):
        hidden = _layers.Dropout(0.1)(_layers.Dense(64, activation="relu")(hidden))
    return keras.Model(columns, _head(train)(hidden), name=_free_name("network", train))


def _mean_and_variance(values: np.ndarray) -> tuple[float, float]:
    found = values[~np.isnan(values)].astype(np.float64)
    if not found.size:
        return 0.0, 1.0
    return float(found.mean()), float(found.var()) or 1.0


def _free_name(name: str, train: Dataset) -> str:
    while name in train.inputs:
        name += "_"
    return name


def _head(train: Dataset) -> Any:
    """Return what turns the last hidden layer into the output."""
    if train.classes is not None:
        return _layers.Dense(len(train.classes), activation="softmax")
    mean, variance = _mean_and_variance(train.labels)
    return keras.Sequential(
        [_layers.Dense(1), _layers.Rescaling(math.sqrt(variance), mean), _layers.Reshape(())], name="estimate"
    )


def _compiled(model: Any, train: Dataset, epochs: int) -> Any:
    steps = epochs * math.ceil(len(train) / batch_size(len(train)))
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(3e-3, steps))
    if train.classes is None:
        model.compile(optimizer, "mean_absolute_error")
    else:
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
