"""Keras's objects among tensors, tapes and JAX's own transformations."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tenon as tf
from tenon import keras

X = np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(4, 3)
Y = X.sum(1, keepdims=True)


@pytest.fixture
def model():
    keras.utils.set_random_seed(1)
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)])


def test_eager_calls_give_tensors(model):
    outputs = [model(X), model.layers[0](tf.constant(X)), keras.losses.MeanSquaredError()(Y, model(X))]
    metric = keras.metrics.Mean()
    metric.update_state(outputs[2])
    assert all(isinstance(output, tf.Tensor) for output in [*outputs, metric.result(), metric(1.0)])
    assert outputs[0].numpy().shape == (4, 1)
    assert metric.result().numpy() == pytest.approx((outputs[2].numpy() + 1.0) / 2)


def test_jax_transformations_get_arrays(model):
    weights = [variable.value for variable in model.trainable_variables]

    def loss(weights):
        outputs, _ = model.stateless_call(weights, [], X)
        assert isinstance(outputs, jax.Array)
        return keras.losses.MeanSquaredError()(Y, outputs)

    gradients = jax.jit(jax.grad(loss))(weights)
    with tf.GradientTape() as tape:
        value = keras.losses.MeanSquaredError()(Y, model(X))
    for ours, theirs in zip(tape.gradient(value, model.trainable_variables), gradients, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-5, atol=1e-7)


def test_a_tape_sees_jax_numpy_and_raw_primitives(model):
    kernel = model.layers[0].kernel
    with tf.GradientTape() as tape:
        loss = jax.lax.reduce_sum(jnp.square(kernel.value), axes=(0, 1)) * 2.0
    np.testing.assert_allclose(tape.gradient(loss, kernel).numpy(), 4.0 * kernel.numpy(), rtol=1e-6)


def test_an_assigned_variable_is_followed_by_the_tape(model):
    bias = model.layers[1].bias
    with tf.GradientTape() as tape:
        first = tf.square(bias)
        bias.assign([3.0])
        second = tf.square(bias)
    np.testing.assert_allclose(tape.gradient([first, second], bias).numpy(), [6.0])


def test_variables_that_are_not_trainable_are_not_watched():
    layer = keras.layers.BatchNormalization()
    layer.build((None, 3))
    with tf.GradientTape() as tape:
        outputs = tf.reduce_sum(tf.square(layer(X, training=False)))
    assert [variable.name for variable in tape.watched_variables()] == ["gamma", "beta"]
    assert tape.gradient(outputs, layer.moving_mean) is None


def test_optimizers_change_variables_of_tenon_and_of_keras(model):
    own = tf.Variable([1.0, 2.0])
    optimizer = keras.optimizers.SGD(0.5)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(own)) + tf.reduce_sum(model(X)) * 0.0
    variables = [own, *model.trainable_variables]
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
    np.testing.assert_allclose(own.numpy(), [0.0, 0.0])


def test_a_module_lists_the_variables_of_the_keras_layers_it_holds(model):
    class Wrapper(tf.Module):
        def __init__(self):
            super().__init__()
            self.model = model
            self.scale = tf.Variable(1.0)

    assert len(Wrapper().trainable_variables) == 5
    assert Wrapper().submodules == ()


class Scaled(keras.layers.Layer):
    """A layer that a user of TensorFlow wrote."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, inputs):
        return tf.multiply(inputs, self.scale) + tf.ones(tf.shape(inputs)[-1:])


def test_a_layer_written_with_tensorflows_operations_works_everywhere(tmp_path):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, Scaled()(inputs))
    np.testing.assert_allclose(model(X).numpy(), X + 1.0)
    model.compile("sgd", "mse")
    model.fit(X, X, verbose=0)
    np.testing.assert_allclose(model.predict(X, verbose=0), model(X).numpy(), rtol=1e-6)
    model.export(tmp_path / "1", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "1").signatures["serving_default"](X)
    np.testing.assert_allclose(next(iter(loaded.values())), model(X).numpy(), rtol=1e-6)


def test_tensors_are_data_for_fit_and_predict(model):
    model.compile("sgd", "mse")
    history = model.fit(tf.constant(X), tf.constant(Y), epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"][0])
    assert isinstance(model.predict(tf.constant(X), verbose=0), np.ndarray)


def test_masks_survive_between_layers():
    embedded = keras.layers.Embedding(5, 2, mask_zero=True)(tf.constant([[1, 2, 0, 0]]))
    np.testing.assert_allclose(
        keras.layers.GlobalAveragePooling1D()(embedded).numpy(), embedded.numpy()[:, :2].mean(1), rtol=1e-6
    )


@pytest.mark.parametrize("name", ["_raw_value", "_value"])
def test_private_names_of_keras_variables_still_mean_the_array(model, name):
    variable = model.layers[0].kernel
    assert isinstance(getattr(variable, name), jax.Array)


def test_a_variable_made_of_a_constant_while_a_function_is_traced_keeps_it():
    made = []

    @tf.function
    def drawn(x):
        if not made:
            made.append(tf.keras.layers.Dropout(0.5, seed=1))
        return made[0](x, training=True)

    assert drawn(tf.ones([2, 3])).shape == [2, 3]


def test_tensors_know_the_mask_that_keras_keeps_for_them():
    ids = np.array([[4, 2, 0], [1, 0, 0]])
    masked = keras.layers.Embedding(5, 2, mask_zero=True)(ids)
    assert masked._keras_mask.numpy().tolist() == [[True, True, False], [True, False, False]]
    assert not hasattr(tf.constant(1.0), "_keras_mask")


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64, tf.uint8])
def test_embeddings_take_indices_of_every_width(dtype):
    embedding = keras.layers.Embedding(3, 2, mask_zero=True)
    rows = tf.function(embedding)(tf.constant([2, 0], dtype))
    np.testing.assert_array_equal(rows, embedding.embeddings.numpy()[[2, 0]])
    np.testing.assert_array_equal(embedding(tf.constant([2, 0], dtype)), rows)
    assert embedding(tf.constant([2, 0], dtype))._keras_mask.numpy().tolist() == [True, False]


def test_variables_of_keras_become_arrays_as_numpy_asks():
    variable = keras.Variable([1.0, 2.0])
    assert np.array(variable).tolist() == [1.0, 2.0]
    assert np.asarray(variable, np.float64).dtype == np.float64


def test_schedules_of_the_user_give_tensors_to_the_user_and_arrays_to_keras():
    class Rising(keras.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step):
            return tf.cast(step, tf.float32) * 0.5

    rising = Rising()
    assert tf.is_tensor(rising(tf.constant(3)))
    weight = keras.Variable(1.0)
    keras.optimizers.SGD(Rising()).apply([tf.constant(1.0)], [weight])
    assert float(weight) == 1.0, "the rate of step 0 is 0"
