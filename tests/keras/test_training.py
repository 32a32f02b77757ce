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


class TwoNetworks(keras.Model):
    """Two networks with an optimizer each, a counter, and no ``call``: the form of adversarial training."""

    def __init__(self):
        super().__init__()
        self.maker, self.judge = keras.layers.Dense(4), keras.layers.Dense(1)
        self.losses_seen = {name: keras.metrics.Mean(name=name) for name in ("maker", "judge")}
        self.steps = tf.Variable(0)

    @property
    def metrics(self):
        return list(self.losses_seen.values())

    def compile(self, **optimizers):
        super().compile()
        self.optimizers = optimizers

    def train_step(self, real):
        made = self.maker(tf.ones((tf.shape(real)[0], 3)))
        self.steps.assign_add(1)
        for name, network, sign in (("judge", self.judge, 1.0), ("maker", self.maker, -1.0)):
            with tf.GradientTape() as tape:
                made = self.maker(tf.ones((tf.shape(real)[0], 3)))
                loss = sign * tf.reduce_mean(tf.tanh(self.judge(made)) - tf.tanh(self.judge(real)))
            weights = network.trainable_weights
            self.optimizers[name].apply(tape.gradient(loss, weights), weights)
            self.losses_seen[name].update_state(loss)
        return {name: metric.result() for name, metric in self.losses_seen.items()}


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_model_without_call_trains_with_optimizers_of_its_own(eagerly):
    model = TwoNetworks()
    adams = {name: keras.optimizers.Adam(0.01) for name in ("maker", "judge")}
    model.compile(**adams)
    model.run_eagerly = eagerly
    history = model.fit(X, epochs=2, batch_size=8, verbose=0).history
    assert sorted(history) == ["judge", "maker"]
    assert [int(adam.iterations) for adam in adams.values()] == [8, 8]
    assert all(np.any(adam.variables[2].numpy()) for adam in adams.values()), "Adam remembers the gradients"
    assert int(model.steps) == 8


def test_steps_of_tensorflows_form_run_several_at_a_time_and_on_single_batches():
    plain, _ = fitted(keras.Model, steps_per_execution=2)
    model, _ = fitted(WithSuper, steps_per_execution=2)
    np.testing.assert_allclose(model.predict(X, verbose=0), plain.predict(X, verbose=0), rtol=1e-4, atol=1e-6)
    for method in ("train_on_batch", "test_on_batch"):
        np.testing.assert_allclose(getattr(model, method)(X, Y), getattr(plain, method)(X, Y), rtol=1e-4)
    np.testing.assert_allclose(model.predict_on_batch(X), plain.predict_on_batch(X), rtol=1e-4, atol=1e-6)


class OldNames(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            with pytest.warns(UserWarning, match="use model.compute_loss"):
                loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        with pytest.warns(UserWarning, match=r"metrics of model\.metrics"):
            self.compiled_metrics.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


def test_the_names_of_older_steps_are_known():
    _, expected = fitted(keras.Model)
    _, history = fitted(OldNames)
    assert set(history) == set(expected)
    np.testing.assert_allclose(history["mae"], expected["mae"], rtol=1e-5)


class Endpoint(keras.layers.Layer):
    """A layer that computes a loss and a metric of its own."""

    def __init__(self):
        super().__init__()
        self.error = keras.metrics.MeanAbsoluteError(name="error")

    def call(self, targets, predictions):
        self.add_loss(tf.reduce_mean(tf.square(targets - predictions)))
        self.error.update_state(targets, predictions)
        return predictions


@pytest.mark.parametrize("eagerly", [False, True])
def test_layers_update_metrics_of_their_own_in_fit_and_evaluate(eagerly):
    inputs, targets = keras.Input((4,), name="inputs"), keras.Input((1,), name="targets")
    model = keras.Model([inputs, targets], Endpoint()(targets, keras.layers.Dense(1)(inputs)))
    model.compile(optimizer="sgd", run_eagerly=eagerly)
    data = {"inputs": X, "targets": Y}
    history = model.fit(data, epochs=2, batch_size=8, verbose=0).history
    assert history["error"][1] < history["error"][0]
    error = np.mean(np.abs(Y - model.predict(data, verbose=0)))
    assert model.evaluate(data, verbose=0, return_dict=True)["error"] == pytest.approx(error, rel=1e-4)


class StepAsFunction(WithTape):
    @tf.function
    def train_step(self, data):
        return super().train_step(data)


def test_a_step_may_be_a_function_of_tensorflow():
    _, expected = fitted(WithTape)
    model, history = fitted(StepAsFunction)
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-5)
    assert tf.is_tensor(model.train_step((tf.constant(X), tf.constant(Y)))["loss"])
