"""One test for each private name of Keras that Tenon uses: a new release of Keras breaks the test that names it."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

from tenon import keras
from tenon.base import FailedPreconditionError
from tenon.keras import _keras_internals as internals
from tests.keras.zoo import ZOO

saving_lib = keras.src.saving.saving_lib


class Memory:
    def __init__(self) -> None:
        self.saveables: dict[str, dict] = {}

    def make(self, path: str) -> dict:
        return self.saveables.setdefault(path, {})

    def get(self, path: str) -> dict:
        return self.saveables.get(path, {})

    def has(self, path: str) -> bool:
        return path in self.saveables


def test_stores_of_keras_have_the_methods_that_are_replaced() -> None:
    assert list(inspect.signature(saving_lib.NpzIOStore.make).parameters) == ["self", "path", "metadata"]
    assert list(inspect.signature(saving_lib.NpzIOStore.get).parameters) == ["self", "path"]
    assert list(inspect.signature(saving_lib.NpzIOStore.has_path).parameters) == ["self", "path"]


def test_serialize_model_as_json_and_model_from_config_are_inverse() -> None:
    model, _ = ZOO["sequential"]()
    config, metadata = internals.model_to_json(model)
    assert json.loads(metadata)["keras_version"] == keras.__version__
    rebuilt = internals.model_from_json(config, None, True, True)
    assert [(weight.name, weight.shape) for weight in rebuilt.weights] == [(w.name, w.shape) for w in model.weights]


def test_save_state_hands_over_keras_variables_and_load_state_restores_them(tmp_path: Path) -> None:
    model, batch = ZOO["sequential"]()
    memory = Memory()
    internals.save_state(model, memory, str(tmp_path))
    assert memory.saveables["layers/dense"] == {"0": model.weights[0], "1": model.weights[1]}
    memory.saveables["layers/dense"] = {key: np.asarray(one.value) for key, one in memory.get("layers/dense").items()}
    other, _ = ZOO["sequential"]()
    internals.load_state(other, memory, str(tmp_path))
    np.testing.assert_array_equal(model.predict(batch, verbose=0), other.predict(batch, verbose=0))


def test_load_state_leaves_alone_what_it_is_told_to_skip(tmp_path: Path) -> None:
    model, _ = ZOO["sequential"]()
    internals.load_state(model, Memory(), str(tmp_path), skip=[model])


def test_load_state_names_what_refuses_its_state(tmp_path: Path) -> None:
    model, _ = ZOO["sequential"]()
    with pytest.raises(FailedPreconditionError, match=r"does not fit \['dense.*First reason: Layer 'dense"):
        internals.load_state(model, Memory(), str(tmp_path))


def test_to_numpy_takes_variables_and_tensors_alike() -> None:
    variable = keras.Variable(np.arange(3, dtype=np.float32))
    np.testing.assert_array_equal(internals.to_numpy(variable), internals.to_numpy(variable.value))


def test_optimizer_of_is_none_until_the_model_is_compiled() -> None:
    model, _ = ZOO["sequential"]()
    assert internals.optimizer_of(model) is None
    model.compile("sgd", "mse")
    assert internals.optimizer_of(model) is model.optimizer


def test_functional_of_finds_the_graph_of_functional_and_sequential_models_only() -> None:
    assert internals.functional_of(ZOO["nested"]()[0]).inputs
    assert internals.functional_of(ZOO["sequential"]()[0]).inputs
    assert internals.functional_of(ZOO["subclassed"]()[0]) is None


def test_call_nodes_yields_every_call_after_those_it_needs() -> None:
    model, _ = ZOO["nested"]()
    seen: set[int] = set()
    for node in internals.call_nodes(model):
        assert {id(tensor) for tensor in node.inputs} <= seen
        seen |= {id(tensor) for tensor in node.outputs}
    assert {id(tensor) for tensor in model.outputs} <= seen


def test_input_struct_keeps_the_structure_and_producer_finds_the_input_layer() -> None:
    model, _ = ZOO["dicts"]()
    struct = internals.input_struct(model)
    assert {key: internals.producer(tensor).name for key, tensor in struct.items()} == {
        "age": "age",
        "income": "income",
    }


def test_build_shapes_are_those_of_the_first_call() -> None:
    model, batch = ZOO["subclassed"]()
    assert list(internals.build_shapes(model).values()) == [batch.shape]
    assert internals.build_shapes(keras.layers.Dense(1)) == {}


def test_models_remember_the_tensors_of_their_first_call_and_tell_them_as_json() -> None:
    model, batch = ZOO["subclassed"]()
    told = json.loads(json.dumps(internals.call_to_json(model)))
    other = type(model)()
    internals.build_by_call(other, told)
    for one in (model, other):
        assert [(name, t.shape, t.dtype) for name, t in internals.first_call(one).items()] == [
            ("features", batch.shape, "float32")
        ]
    assert [weight.shape for weight in other.weights] == [weight.shape for weight in model.weights]


def test_models_hand_the_tensors_of_a_call_to_maybe_build() -> None:
    assert keras.Model._maybe_build is internals._maybe_build
    assert list(inspect.signature(internals._keras_maybe_build).parameters) == ["self", "call_spec"]
    assert internals.first_call(ZOO["sequential"]()[0]) == {}


def test_an_optimizer_fits_while_the_weights_that_it_was_built_for_are_the_trainable_ones() -> None:
    model, _ = ZOO["sequential"]()
    assert not internals.optimizer_fits(model)
    for optimizer in ("sgd", keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())):
        model.compile(optimizer, "mse")
        assert not internals.optimizer_fits(model)
        model.optimizer.build(model.trainable_variables)
        assert internals.optimizer_fits(model)
    model.layers[0].trainable = False
    assert not internals.optimizer_fits(model)
