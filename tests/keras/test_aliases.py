import importlib
import inspect
import os
import subprocess
import sys

import numpy as np
import pytest

import tenon as tf
import tenon.keras
from tenon import keras
from tenon.keras._aliases import OVERRIDES, public_modules, public_names
from tenon.keras._backend import keras as original

MODULES = dict(public_modules())


def _own(value: object) -> object:
    """Return Keras's own function behind one that gives tensors; the name of a module."""
    return value.__name__.partition("keras.")[2] if inspect.ismodule(value) else inspect.unwrap(value)


def test_every_public_name_of_keras_is_kerass_own() -> None:
    for name in public_names():
        if name not in MODULES:
            assert getattr(keras, name) is getattr(original, name)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_public_module_imports_and_differs_only_where_tenon_adds(name: str) -> None:
    module = importlib.import_module(f"tenon.keras.{name}")
    added = OVERRIDES.get(name, {})
    for public in public_names(MODULES[name]):
        expected = added.get(public, getattr(MODULES[name], public))
        assert _own(getattr(module, public)) == _own(expected)
    assert set(public_names(MODULES[name])) <= set(dir(module))


def test_the_walk_reaches_the_modules_that_people_import() -> None:
    assert {"layers", "ops", "models", "applications.resnet50", "optimizers.schedules", "utils"} <= set(MODULES)


def test_every_override_replaces_something_of_keras() -> None:
    for module, names in OVERRIDES.items():
        for name, value in names.items():
            assert getattr(getattr(keras, module), name) is value
            assert getattr(getattr(original, module), name) is not value


def test_modules_import_in_every_form() -> None:
    import tenon.keras.applications.resnet50
    from tenon.keras import ops
    from tenon.keras.callbacks import TensorBoard
    from tenon.keras.layers import Dense

    assert Dense is original.layers.Dense
    assert ops.add is keras.ops.add
    assert tenon.keras.applications.resnet50.ResNet50 is original.applications.ResNet50
    assert TensorBoard is keras.callbacks.TensorBoard


def test_functions_give_tensors_and_keep_their_names() -> None:
    x = tf.constant([[1.0, -2.0]])
    assert tf.is_tensor(keras.ops.relu(x))
    assert tf.is_tensor(keras.activations.get("gelu")(x))
    assert keras.activations.get("gelu") is keras.activations.gelu
    assert keras.activations.get(keras.activations.relu) is keras.activations.relu
    layer = keras.layers.Dense(2, activation=keras.activations.relu)
    assert keras.layers.serialize(layer)["config"]["activation"] == "relu"
    assert keras.activations.get(abs) is abs


def test_tensorflows_older_names_are_there_and_compute() -> None:
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert keras.losses.MSE(x, 2.0 * x).numpy().tolist() == [2.5, 12.5]
    assert keras.backend.mean(x).numpy() == 2.5
    assert keras.backend.flatten(x).shape == [4]
    assert keras.backend.epsilon() == original.backend.epsilon()
    assert keras.preprocessing.text.Tokenizer(num_words=3).num_words == 3
    with pytest.raises(AttributeError, match="Tenon has no such operation"):
        _ = original.src.legacy.backend.tf.no_such_operation


def test_tensorflows_older_names_compute_in_a_layer_too() -> None:
    class Spread(keras.layers.Layer):
        def call(self, inputs):
            return inputs + keras.backend.std(inputs)

    inputs = keras.Input((2,))
    model = keras.Model(inputs, Spread()(inputs))
    assert model.predict(np.array([[1.0, 3.0]], np.float32), verbose=0).tolist() == [[2.0, 4.0]]


def test_functions_take_all_their_arguments_by_name() -> None:
    assert keras.random.normal(shape=(2, 3), seed=0).shape == (2, 3)
    assert keras.ops.add(x1=tf.constant(1.0), x2=2.0).numpy() == 3.0


def test_one_seed_is_for_keras_and_for_tensors() -> None:
    keras.utils.set_random_seed(3)
    first = tf.random.normal([3]).numpy()
    keras.utils.set_random_seed(3)
    assert (tf.random.normal([3]).numpy() == first).all()


@pytest.mark.parametrize(
    ("backend", "program"),
    [
        ("", "assert name == 'jax' and tf.is_tensor(keras.layers.Dense(1)(tf.ones([1, 1])))"),
        ("tensorflow", "assert name == 'jax' and os.environ['KERAS_BACKEND'] == 'tensorflow'"),
        ("numpy", "assert name == 'numpy'"),
    ],
)
def test_keras_behind_tenon_is_on_jax_unless_another_backend_is_asked_for(backend: str, program: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    environment |= {"KERAS_BACKEND": backend} if backend else {}
    program = f"import os; import tenon as tf; import keras; name = keras.backend.backend(); {program}"
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_door_lists_everything_and_nothing_private() -> None:
    assert set(public_names(original)) <= set(dir(tenon.keras))
    assert set(public_names(original)) <= set(tenon.keras.__all__)
    assert not [name for name in tenon.keras.__all__ if name.startswith("_")]
    assert keras.__version__ == original.__version__


def test_a_name_that_keras_lacks_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = keras.no_such_name


def test_star_imports_bring_kerass_names() -> None:
    space: dict[str, object] = {}
    exec("from tenon.keras import *", space)
    assert space["Sequential"] is original.Sequential
    assert "tenon.keras.layers" in sys.modules
