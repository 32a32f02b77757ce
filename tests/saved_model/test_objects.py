"""Objects are saved with all that they hold, or it is said what cannot be."""

from __future__ import annotations

import json
import logging
import operator
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

import tenon as tf
from tenon.formats import message_class
from tenon.saved_model import read

FLOAT = tf.TensorSpec([], tf.float32)
VECTOR = tf.TensorSpec([None], tf.float32)


def save_and_load(obj, path, *args, **kwargs):
    tf.saved_model.save(obj, path, *args, **kwargs)
    return tf.saved_model.load(path)


def functions_of(path):
    """The names of the programs in a SavedModel."""
    return list(json.loads((path / "assets.extra/tenon/program.json").read_text())["functions"])


class Scale(tf.Module):
    def __init__(self, factor=2.0):
        super().__init__()
        self.factor = tf.Variable(factor, name="factor")

    @tf.function(input_signature=[VECTOR])
    def __call__(self, x):
        return x * self.factor


def test_the_only_function_with_a_signature_is_the_default_one(tmp_path):
    loaded = save_and_load(Scale(), tmp_path / "1")
    assert list(loaded.signatures) == ["serving_default"]
    assert loaded.signatures["serving_default"](x=[1.0])["output_0"].numpy().tolist() == [2.0]


def test_of_two_functions_none_is_the_default_one(tmp_path):
    scale = Scale()
    scale.other = tf.function(lambda x: x, input_signature=[FLOAT])
    assert dict(save_and_load(scale, tmp_path / "1").signatures) == {}


def test_functions_that_return_nothing_are_no_signatures(tmp_path):
    scale = Scale()
    scale.reset = tf.function(lambda: scale.factor.assign(0.0, read_value=False), input_signature=[])
    loaded = save_and_load(scale, tmp_path / "1")
    assert list(loaded.signatures) == ["serving_default"]
    assert loaded.reset() is None
    assert float(loaded.factor) == 0.0


def test_a_function_and_a_signature_of_it_are_one_program(tmp_path):
    scale = Scale()
    tf.saved_model.save(scale, tmp_path / "1", signatures={"a": scale.__call__, "b": scale.__call__})
    assert functions_of(tmp_path / "1") == ["__inference___call___0"]


def test_a_signature_may_be_no_attribute(tmp_path):
    scale = Scale()
    twice = tf.function(lambda x: {"twice": 2.0 * scale(x)}, input_signature=[VECTOR])
    loaded = save_and_load(scale, tmp_path / "1", twice)
    assert loaded.signatures["serving_default"](x=[1.0])["twice"].numpy().tolist() == [4.0]


def test_signatures_of_objects_are_read_and_served_as_those_of_models(tmp_path):
    tf.saved_model.save(Scale(), tmp_path / "1")
    signature = read(tmp_path / "1").signatures["serving_default"]
    assert signature.batched
    assert signature(x=[1.0, 2.0])["output_0"].tolist() == [2.0, 4.0]


def test_types_of_64_bits_are_computed_as_such_by_signatures_that_are_read(tmp_path):
    module = tf.Module()
    module.f = tf.function(lambda n: n + 2**40, input_signature=[tf.TensorSpec([None], tf.int64, "n")])
    tf.saved_model.save(module, tmp_path / "1")
    signature = read(tmp_path / "1").signatures["serving_default"]
    assert signature.is_wide
    assert signature.argument_dtypes == (np.dtype("int64"),)
    assert signature(n=[1])["output_0"].tolist() == [2**40 + 1]


def test_a_signature_that_assigns_tells_so_when_it_is_read(tmp_path):
    counter = tf.Module()
    counter.n = tf.Variable(0)
    counter.up = tf.function(lambda by: counter.n.assign_add(by), input_signature=[tf.TensorSpec([], tf.int32)])
    tf.saved_model.save(counter, tmp_path / "1")
    signature = read(tmp_path / "1").signatures["serving_default"]
    assert signature.written == ("n",)
    assert [int(signature(by=2)["output_0"]) for _ in range(2)] == [2, 2]


def test_what_was_loaded_is_saved_again_with_its_new_values(tmp_path):
    first = save_and_load(Scale(), tmp_path / "1")
    first.factor.assign(5.0)
    again = save_and_load(first, tmp_path / "2", signatures=first.signatures["serving_default"])
    assert again(tf.constant([1.0])).numpy().tolist() == [5.0]
    assert again.signatures["serving_default"](x=[1.0])["output_0"].numpy().tolist() == [5.0]
    with tf.GradientTape() as tape:
        y = again(tf.constant([3.0]))
    assert float(tape.gradient(y, again.factor)) == 3.0


def test_what_was_loaded_may_be_a_part_of_a_module(tmp_path):
    whole = tf.Module()
    whole.part = save_and_load(Scale(3.0), tmp_path / "1")
    whole.f = tf.function(lambda x: whole.part(x) + 1.0, input_signature=[VECTOR])
    loaded = save_and_load(whole, tmp_path / "2")
    loaded.part.factor.assign(10.0)
    assert loaded.f(tf.constant([2.0])).numpy().tolist() == [21.0]
    assert loaded.part(tf.constant([2.0])).numpy().tolist() == [20.0]


def test_the_checkpoint_inside_restores_the_object(tmp_path):
    tf.saved_model.save(Scale(7.0), tmp_path / "1")
    other = Scale()
    tf.train.Checkpoint(other).read(str(tmp_path / "1/variables/variables")).assert_consumed()
    assert float(other.factor) == 7.0
    assert [name for name, _ in tf.train.list_variables(str(tmp_path / "1/variables/variables"))] == [
        "_CHECKPOINTABLE_OBJECT_GRAPH",
        "factor/.ATTRIBUTES/VARIABLE_VALUE",
    ]


def test_layers_and_models_of_keras_are_parts(tmp_path):
    class Holder(tf.Module):
        def __init__(self):
            super().__init__()
            self.model = tf.keras.Sequential([tf.keras.Input([3]), tf.keras.layers.Dense(2, activation="tanh")])
            self.norm = tf.keras.layers.BatchNormalization()
            self.norm.build([None, 2])

        @tf.function(input_signature=[tf.TensorSpec([None, 3])])
        def __call__(self, x):
            return self.norm(self.model(x), training=False)

        @tf.function(input_signature=[tf.TensorSpec([None, 3])])
        def train(self, x):
            return self.norm(self.model(x), training=True)

    holder, x = Holder(), tf.constant([[1.0, 2.0, 3.0], [0.0, -1.0, 0.5]])
    loaded = save_and_load(holder, tmp_path / "1")
    np.testing.assert_allclose(loaded(x), holder(x), rtol=1e-5)
    np.testing.assert_allclose(loaded.train(x), holder.train(x), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(loaded(x), holder(x), rtol=1e-5)
    assert isinstance(loaded.norm.gamma, tf.Variable)
    with tf.GradientTape() as tape:
        y = loaded(x)
    assert tape.gradient(y, loaded.norm.gamma).shape == [2]


def test_a_keras_model_may_have_signatures_that_are_functions(tmp_path):
    model = tf.keras.Sequential([tf.keras.Input([3]), tf.keras.layers.Dense(2)])

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, "rows")])
    def serve(rows):
        return {"scores": tf.nn.softmax(model(rows))}

    loaded = save_and_load(model, tmp_path / "1", {"serving_default": serve})
    x = np.ones([2, 3], np.float32)
    np.testing.assert_allclose(
        loaded.signatures["serving_default"](rows=x)["scores"], tf.nn.softmax(model(x)), rtol=1e-5
    )


def test_random_numbers_go_on_where_the_loaded_function_is(tmp_path):
    dice = tf.Module()
    dice.roll = tf.function(lambda: tf.random.uniform([3]), input_signature=[])
    loaded = save_and_load(dice, tmp_path / "1")
    first, second = loaded.roll().numpy(), loaded.roll().numpy()
    assert not np.array_equal(first, second)
    again = save_and_load(loaded, tmp_path / "2")
    assert not np.array_equal(again.roll(), first)


def test_a_generator_is_a_part_and_its_state_goes_on(tmp_path):
    dice = tf.Module()
    dice.generator = tf.random.Generator.from_seed(3)
    dice.roll = tf.function(lambda: dice.generator.uniform([2]), input_signature=[])
    loaded = save_and_load(dice, tmp_path / "1")
    for _ in range(2):
        np.testing.assert_array_equal(loaded.roll(), dice.roll())


def test_a_training_step_with_an_optimizer_and_dropout_goes_on(tmp_path):
    class Trainer(tf.Module):
        def __init__(self):
            super().__init__()
            layers = [tf.keras.layers.Dense(8, "relu"), tf.keras.layers.Dropout(0.2), tf.keras.layers.Dense(1)]
            self.model = tf.keras.Sequential([tf.keras.Input([3]), *layers])
            self.optimizer = tf.keras.optimizers.Adam(0.05)
            self.optimizer.build(self.model.trainable_variables)

        @tf.function(input_signature=[tf.TensorSpec([None, 3]), tf.TensorSpec([None, 1])])
        def train(self, x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((self.model(x, training=True) - y) ** 2)
            weights = self.model.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            return loss

    rng = np.random.default_rng(1)
    x = rng.random((64, 3)).astype("float32")
    y = x.sum(1, keepdims=True)
    loaded = save_and_load(Trainer(), tmp_path / "1")
    losses = [float(loaded.train(x, y)) for _ in range(40)]
    assert losses[-1] < 0.3 * losses[0]
    again = save_and_load(loaded, tmp_path / "2")
    assert int(again.optimizer._iterations) == 40
    assert float(again.train(x, y)) < 0.5 * losses[0]


def test_nothing_but_a_model_is_replaced(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/thesis.txt").write_text("words")
    with pytest.raises(tf.errors.AlreadyExistsError, match="precious"):
        tf.saved_model.save(Scale(), tmp_path / "precious")
    assert (tmp_path / "precious/thesis.txt").read_text() == "words"
    (tmp_path / "empty").mkdir()
    tf.saved_model.save(Scale(), tmp_path / "empty")
    tf.saved_model.save(Scale(4.0), tmp_path / "empty")
    assert float(tf.saved_model.load(tmp_path / "empty").factor) == 4.0


def test_saving_inside_a_function_is_refused(tmp_path):
    @tf.function
    def save():
        tf.saved_model.save(Scale(), tmp_path / "1")

    with pytest.raises(tf.errors.UnimplementedError, match="outside"):
        save()


def test_a_checkpoint_of_what_was_loaded_is_restored(tmp_path):
    loaded = save_and_load(Scale(), tmp_path / "1")
    checkpoint = tf.train.Checkpoint(model=loaded)
    path = checkpoint.save(str(tmp_path / "checkpoint"))
    loaded.factor.assign(0.0)
    checkpoint.restore(path).assert_consumed()
    assert float(loaded.factor) == 2.0


def test_captured_arrays_become_constants(tmp_path):
    table = tf.constant(np.arange(6.0), tf.float32)
    module = tf.Module()
    module.look = tf.function(lambda place: tf.gather(table, place), input_signature=[tf.TensorSpec([], tf.int32)])
    assert float(save_and_load(module, tmp_path / "1").look(4)) == 4.0


def test_assets_are_copied_and_found(tmp_path):
    for folder, text in (("a", "one"), ("b", "two")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "vocabulary.txt").write_text(text)
    module = Scale()
    module.words = tf.saved_model.Asset(tmp_path / "a/vocabulary.txt")
    module.more = [tf.saved_model.Asset(str(tmp_path / "b/vocabulary.txt")), module.words]
    tf.saved_model.save(module, tmp_path / "1")
    (tmp_path / "1").rename(tmp_path / "moved")
    loaded = tf.saved_model.load(tmp_path / "moved")
    paths = [loaded.words.asset_path, loaded.more[0].asset_path]
    assert [Path(path).read_text() for path in paths] == ["one", "two"]
    assert all(path.startswith(str(tmp_path / "moved/assets")) for path in paths)
    assert loaded.more[1] is loaded.words


def test_a_missing_asset_is_named(tmp_path):
    module = tf.Module()
    module.words = tf.saved_model.Asset(tmp_path / "words.txt")
    with pytest.raises(tf.errors.NotFoundError, match=r"words\.txt"):
        tf.saved_model.save(module, tmp_path / "1")


def test_variables_of_text_and_of_open_shapes_are_saved(tmp_path):
    module = tf.Module()
    module.words = tf.Variable(["a", "ö"])
    module.open = tf.Variable([1.0, 2.0], shape=[None])
    module.any = tf.Variable([[1]], shape=tf.TensorShape(None))
    module.sum = tf.function(lambda: tf.reduce_sum(module.open), input_signature=[])
    module.size = tf.function(lambda: tf.size(module.any), input_signature=[])
    loaded = save_and_load(module, tmp_path / "1")
    assert loaded.words.numpy().tolist() == [b"a", "ö".encode()]
    assert [loaded.open.shape.as_list(), loaded.any.shape.rank] == [[None], None]
    assert float(loaded.sum()) == 3.0
    loaded.open.assign([3.0, 4.0, 5.0])
    assert float(loaded.sum()) == 12.0
    assert int(loaded.size()) == 1
    loaded.any.assign([1, 2])
    with pytest.raises(ValueError, match=r"had the shape \(1, 1\)"):
        loaded.size()


def test_a_variable_of_open_shape_may_grow(tmp_path):
    module = tf.Module()
    module.log = tf.Variable(tf.zeros([0]), shape=[None])

    @tf.function(input_signature=[VECTOR])
    def append(x):
        module.log.assign(tf.concat([module.log, x], 0))
        return tf.reduce_sum(module.log)

    module.append = append
    loaded = save_and_load(module, tmp_path / "1")
    assert [float(loaded.append([1.0, 2.0])), float(loaded.append([3.0]))] == [3.0, 6.0]
    assert loaded.log.numpy().tolist() == [1.0, 2.0, 3.0]


def test_shared_and_cyclic_objects_stay_so(tmp_path):
    a, b = tf.Module(), tf.Module()
    a.b, b.a, a.self = b, a, a
    a.v = b.w = tf.Variable(1.0)
    loaded = save_and_load(a, tmp_path / "1")
    assert loaded.b.a is loaded.self is loaded
    assert loaded.v is loaded.b.w


def test_deep_nesting_is_no_problem(tmp_path):
    root = inner = tf.Module()
    for _ in range(1500):
        inner.next = tf.Module()
        inner = inner.next
    inner.v = tf.Variable(1.0)
    loaded = save_and_load(root, tmp_path / "1")
    for _ in range(1500):
        loaded = loaded.next
    assert float(loaded.v) == 1.0


def test_names_of_every_kind_come_back(tmp_path):
    names = ["a/b", "a.b", ".", "/", "ünï", "", "a b", "__x__", "0", "-", "a" * 300, "\n"]
    root = tf.Module()
    root.table = {name: tf.Variable(float(place)) for place, name in enumerate(names)}
    loaded = save_and_load(root, tmp_path / "1")
    assert {name: float(value) for name, value in loaded.table.items()} == {
        name: float(place) for place, name in enumerate(names)
    }


def test_functions_that_were_never_traced_are_named_in_the_log(tmp_path, caplog):
    scale = Scale()
    scale.later = tf.function(lambda x: x)
    with caplog.at_level(logging.WARNING, "tenon.saved_model"):
        loaded = save_and_load(scale, tmp_path / "1")
    assert "later" in caplog.text
    with pytest.raises(ValueError, match="never traced"):
        loaded.later(tf.constant(1.0))


Point = namedtuple("Point", "x y")


def untraceable(function, *specs):
    module = tf.Module()
    module.culprit = tf.function(function, input_signature=list(specs))
    return module


def with_attribute(name, value):
    module = tf.Module()
    setattr(module, name, value)
    return module


def traced_with(value):
    module = tf.Module()
    module.culprit = tf.function(lambda x, option: x)
    module.culprit.get_concrete_function(FLOAT, value)
    return module


def traced_with_size():
    module = tf.Module()
    module.culprit = tf.function(lambda x: tf.constant(np.ones(operator.index(x.value.shape[0]))))
    module.culprit.get_concrete_function(VECTOR)
    return module


ELSEWHERE = tf.Variable(1.0, name="elsewhere")

RAGGED = tf.RaggedTensor.from_row_lengths

REFUSED = {
    "ragged": (
        lambda: untraceable(lambda x: RAGGED(x, [2, 1]), tf.TensorSpec([3])),
        "'culprit'.*made of several tensors",
    ),
    "no object": (lambda: 3, "received 3 of type int"),
    "print": (lambda: untraceable(lambda x: tf.print(x) or x, FLOAT), "'culprit'.*calls Python"),
    "py_function": (lambda: untraceable(lambda x: tf.py_function(lambda y: y, [x], tf.float32), FLOAT), "calls Python"),
    "text that is computed with": (
        lambda: untraceable(lambda x: tf.strings.lower(x), tf.TensorSpec([], tf.string)),
        "'culprit'.*tf.strings.lower.*cannot go through it",
    ),
    "any rank": (lambda: untraceable(lambda x: x, tf.TensorSpec(None)), "'culprit'.*any rank"),
    "variable elsewhere": (lambda: untraceable(lambda x: x * ELSEWHERE, FLOAT), "'culprit'.*'elsewhere:0'"),
    "variable as argument": (lambda: traced_with(tf.Variable(1.0)), "'culprit'.*takes a variable"),
    "object as argument": (lambda: traced_with(Point), "'culprit'.*cannot stand in a SavedModel"),
    "default": (
        lambda: with_attribute("culprit", tf.function(lambda x, option=Point: x)),
        "'culprit'.*default value.*cannot stand in",
    ),
    "sizes": (lambda: untraceable(lambda x: tf.boolean_mask(x, x > 0), VECTOR), "while the function 'culprit'"),
    "traced sizes": (lambda: traced_with_size(), "'culprit'.*Give dimensions that are None a size"),
    "signatures": (lambda: with_attribute("signatures", [tf.Variable(1.0)]), "attribute 'signatures'"),
    "keys": (lambda: with_attribute("table", {1: tf.Variable(1.0)}), "strings as the keys"),
    "keys of functions": (lambda: with_attribute("table", {1: tf.function(lambda: 1)}), "text as keys.*1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_saved_is_named(case, tmp_path):
    build, reason = REFUSED[case]
    with pytest.raises((tf.errors.InvalidArgumentError, tf.errors.UnimplementedError), match=f"(?s){reason}"):
        tf.saved_model.save(build(), tmp_path / "1")
    assert list(tmp_path.iterdir()) == []


REFUSED_SIGNATURES = {
    "no specs": (lambda scale: tf.function(lambda x: x), "input_signature"),
    "no function": (lambda scale: {"a": 3}, "signatures\\['a'\\].*received 3"),
    "nested output": (lambda scale: tf.function(lambda x: {"a": (x, x)}, input_signature=[FLOAT]), "a dict of tensors"),
    "keys": (lambda scale: tf.function(lambda x: {1: x}, input_signature=[FLOAT]), "cannot stand|text as keys"),
}


@pytest.mark.parametrize("case", REFUSED_SIGNATURES)
def test_what_is_no_signature_is_named(case, tmp_path):
    build, reason = REFUSED_SIGNATURES[case]
    scale = Scale()
    with pytest.raises(ValueError, match=f"(?s){reason}"):
        tf.saved_model.save(scale, tmp_path / "1", signatures=build(scale))


def test_the_graph_assigns_variables_after_the_program(tmp_path):
    counter = tf.Module()
    counter.n = tf.Variable(0)
    counter.up = tf.function(lambda: counter.n.assign_add(1), input_signature=[])
    tf.saved_model.save(counter, tmp_path / "1")
    saved = message_class("tensorflow.SavedModel").FromString((tmp_path / "1/saved_model.pb").read_bytes())
    function = saved.meta_graphs[0].graph_def.library.function[0]
    assert [node.op for node in function.node_def] == [
        "ReadVariableOp",
        "XlaCallModule",
        "Identity",
        "AssignVariableOp",
    ]
    assert list(function.control_ret) == ["AssignVariableOp_3"]


def test_matrix_decompositions_are_saved_with_a_warning(tmp_path, caplog):
    module = tf.Module()
    module.inverse = tf.function(tf.linalg.inv, input_signature=[tf.TensorSpec([2, 2])])
    loaded = save_and_load(module, tmp_path / "1")
    assert "LAPACK" in caplog.text
    np.testing.assert_allclose(loaded.inverse(tf.constant([[2.0, 0.0], [0.0, 4.0]])), [[0.5, 0.0], [0.0, 0.25]])
