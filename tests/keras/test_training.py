"""``train_step(data)``, ``test_step(data)``, ``predict_step(data)`` as TensorFlow's users write them."""

from __future__ import annotations

import numpy as np
import pytest

import tenon as tf
from tenon import keras

X = np.random.default_rng(0).random((32, 4)).astype(np.float32)
Y = X.sum(1, keepdims=True)


class WithTape(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        for metric in self.metrics:
            metric.update_state(loss) if metric.name == "loss" else metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


class WithSuper(keras.Model):
    def train_step(self, data):
        return super().train_step(data)

    def test_step(self, data):
        return super().test_step(data)

    def predict_step(self, data):
        return super().predict_step(data)


class WithState(keras.Model):
    def train_step(self, state, data):
        return super().train_step(state, data)


class OwnLoss(keras.Model):
    """The guide's lowest level: no compiled loss, metrics of the model's own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.tracker = keras.metrics.Mean(name="own_loss")

    @property
    def metrics(self):
        return [self.tracker]

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self(x, training=True)))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.tracker.update_state(loss)
        return {"own_loss": self.tracker.result()}

    def test_step(self, data):
        x, y = data
        self.tracker.update_state(tf.reduce_mean(tf.square(y - self(x, training=False))))
        return {"own_loss": self.tracker.result()}


def fitted(kind, **options):
    keras.utils.set_random_seed(0)
    inputs = keras.Input((4,))
    hidden = keras.layers.BatchNormalization()(keras.layers.Dense(8, activation="relu")(inputs))
    model = kind(inputs, keras.layers.Dense(1)(keras.layers.Dropout(0.2)(hidden)))
    model.compile(optimizer="adam", **{"loss": "mse", "metrics": ["mae"], **options})
    history = model.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0)
    return model, history.history


@pytest.mark.parametrize("kind", [WithTape, WithSuper, WithState])
def test_each_form_trains_as_keras_itself_does(kind):
    plain, expected = fitted(keras.Model)
    model, history = fitted(kind)
    for name, values in expected.items():
        np.testing.assert_allclose(history[name], values, rtol=1e-5)
    for ours, theirs in zip(model.variables, plain.variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-4, atol=1e-6)


def test_evaluate_and_predict_use_the_users_steps():
    plain, _ = fitted(keras.Model)
    model, _ = fitted(WithSuper)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), plain.evaluate(X, Y, verbose=0), rtol=1e-4)
    np.testing.assert_allclose(model.predict(X, verbose=0), plain.predict(X, verbose=0), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_step_with_a_loss_and_metrics_of_its_own(eagerly):
    model, history = fitted(OwnLoss, loss=None, metrics=None, run_eagerly=eagerly)
    assert history["own_loss"][1] < history["own_loss"][0]
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(np.mean((Y - model.predict(X, verbose=0)) ** 2), rel=1e-4)
