import jax
import numpy as np
import pytest

from tenon import keras
from tenon.keras import program_of
from tests.keras.zoo import ZOO

layers = keras.layers


def run(model: object, batch: object) -> dict[str, np.ndarray]:
    """Compile the model's program and run it on ``batch``, given as the model itself takes it."""
    program = program_of(model)
    signature = program.signatures["serving_default"]
    flat = keras.tree.flatten(batch)
    inputs = {
        name: value.astype(spec.dtype) for (name, spec), value in zip(signature.inputs.items(), flat, strict=True)
    }
    outputs = jax.jit(signature.function)({one.name: one.value for one in program.variables}, inputs)
    return {name: np.asarray(value, np.float32) for name, value in outputs.items()}


@pytest.mark.parametrize("kind", ZOO)
def test_the_program_predicts_what_keras_predicts(kind: str) -> None:
    model, batch = ZOO[kind]()
    expected = keras.tree.flatten(model.predict(batch, verbose=0))
    for found, want in zip(run(model, batch).values(), expected, strict=True):
        np.testing.assert_allclose(found, np.asarray(want, np.float32), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "outputs"),
    [("sequential", ["output_0"]), ("two_inputs_two_outputs", ["output_0", "output_1"]), ("dicts", ["age", "income"])],
)
def test_outputs_have_the_names_that_export_gives_in_tensorflow(kind: str, outputs: list[str]) -> None:
    assert list(run(*ZOO[kind]())) == outputs


def test_nested_outputs_are_named_by_their_path() -> None:
    x = keras.Input((4,), name="x")
    model = keras.Model(x, {"p": [layers.Dense(1)(x), layers.Dense(2)(x)], "q": layers.Dense(3)(x)})
    assert list(run(model, np.zeros((2, 4), np.float32))) == ["p_0", "p_1", "q"]


def test_variables_are_the_weights_by_path_with_their_trainable_flag() -> None:
    model, _ = ZOO["dropout_and_batch_norm"]()
    program = program_of(model)
    assert [one.name for one in program.variables] == [weight.path for weight in model.weights]
    frozen = [one.name.rpartition("/")[2] for one in program.variables if not one.trainable]
    assert frozen == ["moving_mean", "moving_variance"]


def test_a_frozen_layer_has_no_trainable_variable() -> None:
    model, _ = ZOO["nested"]()
    model.get_layer("inner").trainable = False
    assert [one.trainable for one in program_of(model).variables] == [False, False, True, True]


def test_layers_of_one_name_give_variables_of_different_names() -> None:
    class Twins(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="twins")
            self.one, self.two = layers.Dense(1, name="same"), layers.Dense(1, name="same")

        def call(self, x: object) -> object:
            return self.two(self.one(x))

    model = Twins()
    model(np.zeros((1, 1), np.float32))
    names = [one.name for one in program_of(model).variables]
    assert len(set(names)) == 4
    assert names[2] == f"{names[0]}_1"


def test_the_program_is_pure_it_computes_with_the_variables_that_it_is_given() -> None:
    model, batch = ZOO["sequential"]()
    program = program_of(model)
    signature = program.signatures["serving_default"]
    zeros = {one.name: np.zeros_like(one.value) for one in program.variables}
    assert not np.asarray(signature.function(zeros, {"x": batch})["output_0"]).any()
    assert model.predict(batch, verbose=0).any()


def test_a_seed_generator_in_inference_does_not_break_the_program_and_is_no_variable() -> None:
    class Noisy(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.seed = keras.random.SeedGenerator(5)
            self.dense = layers.Dense(1)

        def call(self, x: object) -> object:
            return self.dense(x + keras.random.normal((4,), seed=self.seed))

    model = Noisy()
    batch = np.zeros((2, 4), np.float32)
    model(batch)
    state = np.asarray(model.seed.state.value)
    assert len(program_of(model).variables) == 2
    np.testing.assert_array_equal(run(model, batch)["output_0"], run(model, batch)["output_0"])
    np.testing.assert_array_equal(np.asarray(model.seed.state.value), state)


def test_an_output_that_is_none_is_left_out() -> None:
    class Optional(keras.Model):
        def call(self, x: object) -> object:
            return {"value": x, "scores": None}

    model = Optional()
    model(np.zeros((2, 4), np.float32))
    assert list(run(model, np.zeros((2, 4), np.float32))) == ["value"]


def test_the_program_keeps_the_weights_of_its_moment_while_the_model_trains_on() -> None:
    model, batch = ZOO["sequential"]()
    before = [np.array(weight.value) for weight in model.weights]
    program = program_of(model)
    model.compile("sgd", "mse")
    model.fit(batch, batch[:, :3], verbose=0)
    for variable, want in zip(program.variables, before, strict=True):
        np.testing.assert_array_equal(variable.value, want)
    assert any((np.asarray(one.value) != two).any() for one, two in zip(model.weights, before, strict=True))
