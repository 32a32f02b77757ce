"""Directories become objects again, or it is said why not."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys

import numpy as np
import pytest

import tenon as tf
from tenon.saved_model import TensorSpec


class Tools(tf.Module):
    def __init__(self):
        super().__init__()
        self.offset = tf.Variable([1.0, 2.0], name="offset", trainable=False)

    @tf.function
    def add(self, x, times=1, *rest, scale=1.0, **others):
        return (x + self.offset) * times * scale

    @tf.function(input_signature=[tf.TensorSpec([2], tf.float32, "point"), tf.TensorSpec([], tf.int32)])
    def shift(self, point, by):
        return {"moved": point + tf.cast(by, tf.float32), "offset": self.offset.read_value()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    tools = Tools()
    tools.add(tf.constant([1.0, 2.0]))
    tools.add(tf.constant([1.0, 2.0]), 3, scale=2.0)
    path = tmp_path_factory.mktemp("tools") / "1"
    tf.saved_model.save(tools, path, {"shift": tools.shift})
    return path


def test_a_function_keeps_its_parameters(folder):
    loaded = tf.saved_model.load(folder)
    assert list(inspect.signature(loaded.add).parameters) == ["x", "times", "rest", "scale", "others"]
    x = tf.constant([1.0, 1.0])
    assert loaded.add(x).numpy().tolist() == [2.0, 3.0]
    assert loaded.add(scale=2.0, times=3, x=x).numpy().tolist() == [12.0, 18.0]
    with pytest.raises(TypeError, match=r"unexpected|multiple values|too many"):
        loaded.shift(x, 1, 2)


def test_arguments_that_nothing_takes_are_answered_with_what_there_is(folder):
    loaded = tf.saved_model.load(folder)
    with pytest.raises(
        ValueError, match=r"(?s)add: no program.*It has 2.*Option 1:.*Option 2:.*\n  \* 3\n  \* scale=2.0"
    ):
        loaded.add(tf.constant([1.0, 2.0]), 4)


def test_sizes_that_the_program_does_not_take_are_refused(tmp_path):
    module = tf.Module()
    specs = [tf.TensorSpec([None], tf.float32), tf.TensorSpec([None], tf.float32)]
    module.add = tf.function(lambda x, y: x + y, input_signature=specs)
    module.both = tf.function(lambda x, y: (x * 2.0, y * 2.0), input_signature=specs)
    tf.saved_model.save(module, tmp_path / "1")
    loaded = tf.saved_model.load(tmp_path / "1")
    assert [part.shape[0] for part in loaded.both(tf.ones([2]), tf.ones([3]))] == [2, 3]
    assert loaded.add(tf.ones([2]), tf.ones([2])).shape == [2]
    for wrong in ([2, 3], [0, 0]):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"lambda.*does not take tensors of the shapes"):
            loaded.add(*[tf.ones([size]) for size in wrong])


def test_a_loaded_function_is_traced_once_for_a_kind_of_arguments(folder):
    loaded = tf.saved_model.load(folder)
    for _ in range(3):
        loaded.shift(tf.constant([1.0, 1.0]), 2)
    assert loaded.shift.experimental_get_tracing_count() == 1
    assert loaded.shift.input_signature[0].shape == [2]


def test_a_loaded_function_runs_eagerly_too(folder):
    loaded = tf.saved_model.load(folder)
    tf.config.run_functions_eagerly(True)
    try:
        assert loaded.add(tf.constant([1.0, 1.0])).numpy().tolist() == [2.0, 3.0]
    finally:
        tf.config.run_functions_eagerly(False)


def test_signatures_are_concrete_functions(folder):
    loaded = tf.saved_model.load(folder)
    shift = loaded.signatures["shift"]
    assert shift.structured_input_signature == (
        (),
        {"point": tf.TensorSpec([2], tf.float32, "point"), "by": tf.TensorSpec([], tf.int32, "by")},
    )
    assert {name: spec.shape.as_list() for name, spec in shift.structured_outputs.items()} == {
        "moved": [2],
        "offset": [2],
    }
    assert shift.variables[0] is loaded.offset
    answer = shift(point=[1.0, 1.0], by=3)
    assert answer["moved"].numpy().tolist() == [4.0, 4.0]
    loaded.offset.assign([9.0, 9.0])
    assert shift(point=np.ones(2), by=np.int32(1))["offset"].numpy().tolist() == [9.0, 9.0]


def test_what_is_loaded_has_no_class_and_shows_what_it_has(folder):
    loaded = tf.saved_model.load(folder)
    assert not isinstance(loaded, tf.Module)
    assert not callable(loaded)
    assert repr(loaded) == "<LoadedObject with offset, add, shift, signatures>"
    assert "'shift'" in repr(loaded.signatures)
    assert isinstance(loaded.offset, tf.Variable)
    assert (loaded.offset.name, loaded.offset.trainable) == ("offset:0", False)


def test_variables_keep_their_names_inside_a_scope(folder):
    with tf.name_scope("elsewhere"):
        assert tf.saved_model.load(folder).offset.name == "offset:0"


def test_two_loads_are_two_objects(folder):
    one, other = tf.saved_model.load(folder), tf.saved_model.load(folder)
    one.offset.assign([0.0, 0.0])
    assert other.offset.numpy().tolist() == [1.0, 2.0]


def test_what_is_loaded_outlives_the_directory(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    loaded = tf.saved_model.load(tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy")
    x = tf.constant([1.0, 1.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = loaded.add(x, 3, scale=2.0)
    assert y.numpy().tolist() == [12.0, 18.0]
    assert tape.gradient(y, x).numpy().tolist() == [6.0, 6.0]


def test_a_function_with_specs_is_loaded_as_an_object(tmp_path):
    weights = {"w": np.float32([1, 2])}
    spec = {"serving_default": {"not a name": TensorSpec((None,), "float32"), "1": TensorSpec((), "float32")}}
    tf.saved_model.save(lambda v, **x: {"out put": x["not a name"] * x["1"]}, tmp_path / "1", spec, variables=weights)
    loaded = tf.saved_model.load(tmp_path / "1")
    assert [variable.numpy().tolist() for variable in loaded.variables] == [[1.0, 2.0]]
    assert loaded.trainable_variables[0] is loaded.variables[0]
    assert loaded.non_trainable_variables == []
    infer = loaded.signatures["serving_default"]
    assert infer(**{"not a name": [1.0, 2.0], "1": 3.0})["out put"].numpy().tolist() == [3.0, 6.0]
    with pytest.raises(TypeError, match="not a name"):
        infer(wrong=1.0)


@pytest.mark.parametrize("tags", [None, "serve", ["serve"], []])
def test_the_tag_is_serve(folder, tags):
    assert tf.saved_model.load(folder, tags).offset.shape == [2]


def test_another_tag_is_refused(folder):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"'serve'.*train"):
        tf.saved_model.load(folder, ["serve", "train"])


def test_an_empty_directory_is_no_model(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(OSError, match=r"no SavedModel at .* \(no saved_model\.pb\)"):
            tf.saved_model.load(path)
        with pytest.raises(tf.errors.NotFoundError):
            tf.saved_model.load(path)


def test_what_tensorflow_wrote_is_answered_with_what_can_be_done(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "1")
    shutil.rmtree(tmp_path / "1/assets.extra")
    with pytest.raises(tf.errors.UnimplementedError, match=r"tf\.train\.Checkpoint\(model\)\.restore.*load_checkpoint"):
        tf.saved_model.load(tmp_path / "1")
    other = Tools()
    other.offset.assign([0.0, 0.0])
    tf.train.Checkpoint(other).restore(str(tmp_path / "1")).expect_partial()
    assert other.offset.numpy().tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "pattern", ["*.jax_export", "program.json", "saved_model.pb", "variables.index", "manifest.json"]
)
def test_a_damaged_file_is_named(folder, tmp_path, pattern):
    shutil.copytree(folder, tmp_path / "1")
    path = sorted((tmp_path / "1").rglob(pattern))[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(tf.errors.DataLossError, match=path.name):
        tf.saved_model.load(tmp_path / "1")


def test_whoever_only_reads_needs_no_tensors(folder):
    code = "import sys; from tenon.saved_model import read; read(sys.argv[1]); print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True).stdout
    assert "tenon.saved_model" in found.split()
    assert {"tenon.core", "tenon.train", "keras"} & set(found.split()) == set()
