"""A small classifier, its data and its weights, which several topics train."""

import numpy as np


def data(rows=48, features=4):
    rng = np.random.default_rng(17)
    x = rng.uniform(-1.0, 1.0, size=(rows, features)).astype(np.float32)
    return x, (np.abs(x).sum(axis=1) > features / 2).astype(np.int32)


def with_weights(model, seed=3, scale=0.6):
    rng = np.random.default_rng(seed)
    model.set_weights(
        [rng.uniform(-scale, scale, size=weight.shape).astype(np.float32) for weight in model.get_weights()]
    )
    return model


def classifier(tf, units=6):
    inputs = tf.keras.Input(shape=(4,), name="features")
    x = tf.keras.layers.Dense(units, activation="relu", name="dense_1")(inputs)
    x = tf.keras.layers.Dense(units, activation="tanh", name="dense_2")(x)
    return with_weights(tf.keras.Model(inputs, tf.keras.layers.Dense(2, name="predictions")(x)))


def batches(tf, x, labels, size=16):
    for start in range(0, len(x), size):
        yield tf.constant(x[start : start + size]), tf.constant(labels[start : start + size])
