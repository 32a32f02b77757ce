"""Keras's objects in checkpoints of tf.train; that TensorFlow reads them is proved in tests/interop."""

from __future__ import annotations

import numpy as np
import pytest

from tenon import keras
from tenon.base import InvalidArgumentError
from tenon.core.variables import Module, Variable, observers
from tenon.train import Checkpoint, list_variables, load_checkpoint, load_variable

X = np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]], np.float32)
Y = np.ones((2, 2), np.float32)


def sequential(built=True):
    layers = [
        keras.layers.Dense(4),
        keras.layers.Dropout(0.5),
        keras.layers.BatchNormalization(),
        keras.layers.Dense(2),
    ]
    return keras.Sequential([*([keras.Input((3,))] if built else []), *layers])


def trained(model=None):
    model = model or sequential()
    model.compile(keras.optimizers.Adam(0.1), "mse")
    model.fit(X, Y, epochs=2, verbose=0)
    return model


def names(path):
    return [name.removesuffix("/.ATTRIBUTES/VARIABLE_VALUE") for name, _ in list_variables(path)][1:]


def assert_same(one, other):
    for have, want in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(have, want)
    for have, want in zip(one.optimizer.variables, other.optimizer.variables, strict=True):
        np.testing.assert_array_equal(have, want)


def test_a_trained_model_comes_back_and_trains_on_alike(tmp_path):
    model = trained()
    path = Checkpoint(model=model, optimizer=model.optimizer).write(tmp_path / "c")
    other = trained()
    Checkpoint(model=other, optimizer=other.optimizer).read(path).assert_consumed()
    assert_same(other, model)


def test_a_model_that_is_built_later_comes_back_too(tmp_path):
    model = trained()
    path = Checkpoint(model=model, optimizer=model.optimizer).write(tmp_path / "c")
    other = sequential(built=False)
    other.compile(keras.optimizers.Adam(0.1), "mse")
    status = Checkpoint(model=other, optimizer=other.optimizer).read(path)
    np.testing.assert_allclose(other.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)
    other.optimizer.build(other.trainable_variables)
    status.assert_consumed()
    assert_same(other, model)


def test_a_model_that_fit_builds_is_trained_on_from_where_it_was(tmp_path):
    model = trained(keras.Sequential([keras.layers.Dense(2)]))
    path = Checkpoint(model=model, optimizer=model.optimizer).write(tmp_path / "c")
    other = keras.Sequential([keras.layers.Dense(2)])
    other.compile(keras.optimizers.Adam(0.1), "mse")
    status = Checkpoint(model=other, optimizer=other.optimizer).read(path)
    for each in (model, other):
        each.fit(X, Y, verbose=0, shuffle=False)
    status.assert_consumed()
    assert_same(other, model)
    assert int(other.optimizer.iterations) == 3


def test_a_callback_saves_what_the_training_has_reached(tmp_path):
    model = sequential()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    checkpoint = Checkpoint(optimizer=model.optimizer, z_model=model)
    seen = []

    def save(batch, logs):
        path = checkpoint.write(tmp_path / f"batch-{batch}")
        seen.append(int(load_variable(path, "optimizer/_iterations/.ATTRIBUTES/VARIABLE_VALUE")))

    model.fit(X, Y, batch_size=1, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=save)])
    assert seen == [1, 2]


def test_integers_are_as_wide_as_on_tensorflow(tmp_path):
    normalization = keras.layers.Normalization()
    normalization.adapt(X)
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
    optimizer.build([keras.Variable([1.0])])
    own = keras.Variable(3, dtype="int32")
    reader = load_checkpoint(Checkpoint(n=normalization, o=optimizer, own=own).write(tmp_path / "c"))
    dtypes = {key.split("/.A")[0]: dtype.name for key, dtype in reader.get_variable_to_dtype_map().items()}
    assert {name: dtype for name, dtype in dtypes.items() if dtype.startswith("int")} == {
        "n/count": "int64",
        "o/_iterations": "int64",
        "o/inner_optimizer/_iterations": "int64",
        "o/step_counter": "int64",
        "own": "int32",
    }
    other = keras.layers.Normalization()
    other.build((None, 3))
    Checkpoint(n=other).read(tmp_path / "c").expect_partial()
    np.testing.assert_array_equal(other.adapt_mean, normalization.adapt_mean)


def test_an_integer_that_does_not_fit_is_refused(tmp_path):
    path = Checkpoint(v=Variable(2**40, dtype="int64")).write(tmp_path / "c")
    with pytest.raises(InvalidArgumentError, match="expected dtype int32, but the checkpoint holds int64"):
        Checkpoint(v=keras.Variable(0, dtype="int32")).read(path)


def test_layers_in_lists_and_dicts_are_saved(tmp_path):
    class Blocks(keras.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [keras.layers.Dense(2), keras.layers.Dense(2)]
            self.table = {"a": keras.layers.Dense(2)}

        def call(self, x):
            return self.table["a"](self.blocks[1](self.blocks[0](x)))

    model, other = Blocks(), Blocks()
    model(X)
    path = Checkpoint(model).write(tmp_path / "c")
    assert names(path) == [
        *(f"blocks/{number}/{weight}" for number in (0, 1) for weight in ("_kernel", "bias")),
        *("table/a/_kernel", "table/a/bias"),
    ]
    status = Checkpoint(other).read(path)
    other(X)
    status.assert_consumed()
    np.testing.assert_array_equal(other(X), model(X))


def test_metrics_and_seeds_are_saved_when_they_are_given_but_not_as_parts_of_a_layer(tmp_path):
    mean, seed = keras.metrics.Mean(), keras.random.SeedGenerator(3)
    mean.update_state([1.0, 2.0])
    layer = keras.layers.Dropout(0.5, seed=3)
    held = Module()
    held.metrics = [mean]
    path = Checkpoint(mean=mean, seed=seed, layer=layer, held=held).write(tmp_path / "c")
    assert names(path) == ["mean/count", "mean/total", "seed/state"]
    other, other_seed = keras.metrics.Mean(), keras.random.SeedGenerator(5)
    Checkpoint(mean=other, seed=other_seed).read(path).expect_partial()
    assert float(other.result()) == 1.5
    np.testing.assert_array_equal(other_seed.state, seed.state)


def test_keras_layers_in_modules_and_tenons_variables_in_layers(tmp_path):
    def made(value):
        held = Module()
        held.layers = [keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(value))]
        held.layers[0].build((None, 1))
        held.layers[0].own = Variable(value)
        held.kerass = keras.Variable([value])
        return held

    path = Checkpoint(held=made(2.0)).write(tmp_path / "c")
    assert names(path) == ["held/kerass", "held/layers/0/_kernel", "held/layers/0/bias", "held/layers/0/own"]
    other = made(0.0)
    Checkpoint(held=other).read(path).assert_consumed()
    assert (float(other.layers[0].own), float(other.layers[0].kernel[0, 0]), float(other.kerass[0])) == (2, 2, 2)


def test_a_layer_that_is_appended_when_it_is_built_already_is_restored_before_it_is_called(tmp_path):
    held = Module()
    held.layers = [keras.layers.Dense(2)]
    held.layers[0].build((None, 3))
    path = Checkpoint(held=held).write(tmp_path / "c")
    other = Module()
    other.layers = []
    Checkpoint(held=other).read(path)
    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    other.layers.append(layer)
    np.testing.assert_array_equal(layer(X), held.layers[0](X))


def test_setting_attributes_of_keras_objects_tells_observers():
    class Notes:
        def __init__(self):
            self.names = []

        def attribute_set(self, _owner, name):
            self.names.append(name)

        def variable_used(self, _variable):
            pass

    notes = Notes()
    layer = keras.layers.Dense(2)
    observers.append(notes)
    try:
        layer.build((None, 3))
        keras.optimizers.SGD().anything = 1
        keras.metrics.Mean().other = 2
    finally:
        observers.remove(notes)
    assert {"_kernel", "bias", "built", "anything", "other"} <= set(notes.names)


def test_another_shape_is_refused_with_the_path_of_the_variable(tmp_path):
    path = Checkpoint(v=keras.Variable([1.0, 2.0])).write(tmp_path / "c")
    with pytest.raises(ValueError, match=r"restore variable with shape \(3,\) and name v_of_three"):
        Checkpoint(v=keras.Variable([1.0, 2.0, 3.0], name="v_of_three")).read(path)


def test_the_private_names_of_keras_that_hold_its_books_are_as_they_were():
    layer = keras.Layer()
    books = {"_trainable_variables", "_non_trainable_variables", "_layers", "_metrics", "_seed_generators", "_tracker"}
    assert books <= set(vars(layer))
    assert {"_variables", "_trainable_variables", "_trainable_variables_indices"} <= set(vars(keras.optimizers.SGD()))
