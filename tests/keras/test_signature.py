from typing import Any

import numpy as np
import pytest

from tenon import keras
from tenon.base import FailedPreconditionError, InvalidArgumentError, UnimplementedError
from tenon.keras._signature import call_signature, names_of, unique
from tests.keras.zoo import ZOO, Subclassed

layers = keras.layers
ROWS = np.zeros((2, 4), np.float32)


def inputs(model: object, input_signature: object = None) -> dict[str, tuple[tuple[int | None, ...], str]]:
    specs = call_signature(model, input_signature).specs
    return {name: (spec.shape, spec.dtype.name) for name, spec in specs.items()}


@pytest.mark.parametrize(
    ("kind", "expected"),
    {
        "sequential": {"x": ((None, 4), "float32")},
        "embedding_and_lstm": {"ids": ((None, None), "int32")},
        "two_inputs_two_outputs": {"left": ((None, 4), "float32"), "right": ((None, 2), "float32")},
        "dicts": {"age": ((None, 4), "float32"), "income": ((None, 4), "float32")},
        "subclassed": {"features": ((None, 4), "float32")},
        "mixed_bfloat16": {"x": ((None, 4), "float32")},
    }.items(),
)
def test_inputs_have_the_names_that_their_owner_knows(kind: str, expected: dict) -> None:
    assert inputs(ZOO[kind]()[0]) == expected


def test_an_unnamed_input_is_named_by_its_input_layer_which_stays_when_the_model_is_loaded() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    assert list(inputs(model)) == [model.layers[0]._inbound_nodes[0].input_tensors[0]._keras_history.operation.name]
    assert list(inputs(keras.Sequential.from_config(model.get_config()))) == list(inputs(model))


def test_nested_functional_inputs_take_their_keys() -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    model = keras.Model([{"a": a}, b], layers.Add()([a, b]))
    assert list(inputs(model)) == ["a", "b"]
    assert call_signature(model).call(model, {"a": ROWS, "b": ROWS + 1}).tolist() == (ROWS + 1).tolist()


class Pair(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(3)

    def call(self, left: Any, right: object) -> object:
        return self.dense(left["a"] if isinstance(left, dict) else left), right


class BuildsBoth(Pair):
    def build(self, left_shape: tuple, right_shape: tuple) -> None:
        assert right_shape
        self.dense.build(left_shape)


def test_two_arguments_of_call_are_two_inputs() -> None:
    model = BuildsBoth()
    model(ROWS, ROWS[:, :2])
    assert inputs(model) == {"left": ((None, 4), "float32"), "right": ((None, 2), "float32")}
    assert call_signature(model).call(model, {"left": ROWS, "right": ROWS[:, :2]})[1].shape == (2, 2)


def test_two_arguments_of_call_are_known_without_a_build_of_the_class() -> None:
    model = Pair()
    model({"a": ROWS}, np.zeros((2,), np.int64))
    assert inputs(model) == {"a": ((None, 4), "float32"), "right": ((None,), "int32")}


def test_an_argument_that_was_no_tensor_is_named() -> None:
    class Scaled(Pair):
        def call(self, left: Any, right: Any) -> Any:
            return self.dense(left) * right

    model = Scaled()
    model(ROWS, right=2.0)
    with pytest.raises(FailedPreconditionError, match=r"also needs \['right'\].*build\(left_shape, right_shape\)"):
        call_signature(model)


class Table(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.table = layers.Embedding(5, 2)

    def call(self, ids: object) -> object:
        return self.table(ids)


@pytest.mark.parametrize("make", [Table, lambda: keras.Sequential([layers.Embedding(5, 2)])])
@pytest.mark.parametrize(
    ("given", "expected"),
    [("int64", "int32"), ("uint8", "uint8"), ("bool", "bool"), ("float64", "float32"), ("float16", "float32")],
)
def test_the_first_call_decides_between_integers_and_floats(make: Any, given: str, expected: str) -> None:
    model = make()
    model(np.zeros((2, 3), given))
    model(np.zeros((2, 3), "float32"))
    assert list(inputs(model).values()) == [((None, 3), expected)]


class Nested(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(3)

    def call(self, batch: object) -> object:
        parts = list(batch.values()) if isinstance(batch, dict) else batch
        return self.dense(parts[0]) + self.dense(parts[1])


def test_a_list_argument_is_numbered_and_a_dict_argument_keeps_its_keys() -> None:
    listed, keyed = Nested(), Nested()
    listed([ROWS, ROWS])
    keyed({"one": ROWS, "two": ROWS})
    assert list(inputs(listed)) == ["batch_0", "batch_1"]
    assert list(inputs(keyed)) == ["one", "two"]


def test_a_subclassed_model_may_declare_its_dtype() -> None:
    class Words(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.input_spec = keras.layers.InputSpec(shape=(None, None), dtype="int32")
            self.table = layers.Embedding(5, 2)

        def call(self, ids: object) -> object:
            return self.table(ids)

    model = Words()
    model(np.zeros((2, 3), np.int32))
    assert inputs(model) == {"ids": ((None, None), "int32")}


def test_an_input_signature_replaces_shapes_and_dtypes() -> None:
    model, _ = ZOO["subclassed"]()
    assert inputs(model, keras.InputSpec(shape=(1, 4), dtype="float64")) == {"features": ((None, 4), "float64")}
    assert inputs(model, [np.zeros((3, 4), np.float16)]) == {"features": ((None, 4), "float16")}


def test_a_late_built_mixed_precision_model_takes_float32() -> None:
    model = keras.Sequential([layers.Dense(3, dtype=keras.DTypePolicy("mixed_bfloat16"))])
    model.dtype_policy = keras.DTypePolicy("mixed_bfloat16")
    model(ROWS)
    assert [dtype for _, dtype in inputs(model).values()] == ["float32"]


def test_an_input_signature_of_another_size_is_refused() -> None:
    model, _ = ZOO["two_inputs_two_outputs"]()
    with pytest.raises(InvalidArgumentError, match=r"input_signature: must describe the 2 inputs .*received 1 specs"):
        call_signature(model, [keras.InputSpec(shape=(None, 4), dtype="float32")])
    with pytest.raises(InvalidArgumentError, match="every leaf needs a shape and a dtype"):
        call_signature(model, ["left", "right"])


def test_a_model_without_variables_yet_is_refused() -> None:
    with pytest.raises(FailedPreconditionError, match=r"is not built.*Call it on a batch of data"):
        call_signature(Subclassed())


def test_a_model_whose_shapes_nobody_recorded_is_refused() -> None:
    model = Subclassed()
    model.dense.build((None, 4))
    model.built = True
    with pytest.raises(FailedPreconditionError, match=r"shapes of the inputs .* are not known"):
        call_signature(model)


def test_a_string_input_is_refused_with_the_way_out() -> None:
    words = keras.Input((1,), dtype="string", name="words")
    model = keras.Model(words, layers.Identity()(words))
    with pytest.raises(UnimplementedError, match="string inputs cannot be compiled by XLA"):
        call_signature(model)


def test_names_are_made_unique_in_order() -> None:
    assert unique(["a", "a", "a_1", "b", "a"]) == ["a", "a_1", "a_1_1", "b", "a_2"]
    assert names_of([(0, "k", 1), (1,)], ["x", "y"]) == ["k_1", "y"]
