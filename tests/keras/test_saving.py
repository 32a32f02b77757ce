import io
import json
from pathlib import Path

import numpy as np
import pytest

from tenon import keras, saved_model
from tenon.base import (
    AlreadyExistsError,
    DataLossError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    TensorSpec,
    UnimplementedError,
)
from tests.keras.zoo import ZOO, targets

layers = keras.layers
schedules = keras.optimizers.schedules

OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.01),
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "schedule": lambda: keras.optimizers.RMSprop(schedules.ExponentialDecay(0.1, 2, 0.5)),
    "decayed": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1, clipnorm=1.0),
    "scaled": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01)),
}


def train(model: object, batch: object, goal: object, epochs: int = 1) -> None:
    model.fit(batch, goal, epochs=epochs, batch_size=4, shuffle=False, verbose=0)


def compiled(kind: str, optimizer: str = "adam") -> tuple[object, object, object]:
    model, batch = ZOO[kind]()
    goal = keras.tree.map_structure(lambda zeros: zeros + 1, targets(model, batch))
    model.compile(OPTIMIZERS[optimizer](), "mse")
    return model, batch, goal


def state(model: object) -> list[np.ndarray]:
    return [np.asarray(one.value) for one in (*model.variables, *model.optimizer.variables)]


def assert_same_state(one: object, other: object) -> None:
    for left, right in zip(state(one), state(other), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize(
    ("kind", "optimizer"), [*((kind, "adam") for kind in ZOO), *(("sequential", name) for name in OPTIMIZERS)]
)
def test_training_goes_on_from_a_saved_model_as_if_it_had_never_stopped(
    kind: str, optimizer: str, tmp_path: Path
) -> None:
    model, batch, goal = compiled(kind, optimizer)
    train(model, batch, goal, epochs=2)
    model.save(tmp_path / "1")
    loaded = keras.models.load_model(tmp_path / "1")
    assert_same_state(model, loaded)
    for one, other in zip(*(keras.tree.flatten(m.predict(batch, verbose=0)) for m in (model, loaded)), strict=True):
        np.testing.assert_array_equal(one, other)
    train(model, batch, goal, epochs=2)
    train(loaded, batch, goal, epochs=2)
    assert_same_state(model, loaded)


@pytest.mark.parametrize("kind", ZOO)
def test_what_is_served_from_the_directory_is_what_keras_predicts(kind: str, tmp_path: Path) -> None:
    model, batch = ZOO[kind]()
    model.export(tmp_path / "1")
    signature = saved_model.read(tmp_path / "1").signatures["serving_default"]
    served = signature(**dict(zip(signature.inputs, keras.tree.flatten(batch), strict=True)))
    expected = keras.tree.flatten(model.predict(batch, verbose=0))
    for name, want in zip(sorted(served), expected, strict=True):
        np.testing.assert_allclose(
            np.asarray(served[name], np.float32), np.asarray(want, np.float32), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("kind", ZOO)
def test_no_weight_is_stored_twice(kind: str, tmp_path: Path) -> None:
    model, batch, goal = compiled(kind)
    train(model, batch, goal)
    model.save(tmp_path / "1")
    index = json.loads((tmp_path / "1/assets.extra/tenon/keras/state.json").read_text())
    places = [
        place for path, entries in index["saveables"].items() if path != "optimizer" for place in entries.values()
    ]
    assert {place["variable"] for place in places} == set(saved_model.read(tmp_path / "1").variables)


def test_a_model_that_was_compiled_and_not_trained_keeps_its_fresh_optimizer(tmp_path: Path) -> None:
    model, batch, goal = compiled("sequential")
    model.save(tmp_path / "1")
    loaded = keras.models.load_model(tmp_path / "1")
    train(model, batch, goal)
    train(loaded, batch, goal)
    assert_same_state(model, loaded)


def test_a_model_without_compilation_stays_so(tmp_path: Path) -> None:
    model, batch = ZOO["sequential"]()
    model.save(tmp_path / "1")
    loaded = keras.saving.load_model(tmp_path / "1")
    assert not loaded.compiled
    np.testing.assert_array_equal(model.predict(batch, verbose=0), loaded.predict(batch, verbose=0))


def test_compilation_can_be_left_out(tmp_path: Path) -> None:
    model, batch, goal = compiled("sequential")
    train(model, batch, goal)
    model.save(tmp_path / "1")
    assert not keras.models.load_model(tmp_path / "1", compile=False).compiled


def test_an_optimizer_that_no_longer_fits_is_named(tmp_path: Path) -> None:
    model, batch, goal = compiled("sequential")
    train(model, batch, goal)
    model.save(tmp_path / "1")
    extras = tmp_path / "1/assets.extra/tenon/keras"
    index = json.loads((extras / "state.json").read_text())
    index["saveables"]["optimizer"].pop("0")
    (extras / "state.json").write_text(json.dumps(index))
    from tenon.keras._state import read_model

    loaded = {one.name: np.asarray(one.value) for one in model.__tenon_program__().variables}
    with pytest.raises(FailedPreconditionError, match=r"saved optimizer has 5 variables and 'adam.*' .* has 6"):
        read_model(extras.parent, loaded, None, compiled=True, safe_mode=True)


@pytest.mark.parametrize("before", [True, False])
def test_a_model_frozen_or_thawed_after_compile_comes_back_with_a_fresh_optimizer(
    before: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model, batch = ZOO["sequential"]()
    model.layers[0].trainable = before
    model.compile("adam", "mse")
    train(model, batch, targets(model, batch))
    model.layers[0].trainable = not before
    model.save(tmp_path / "1")
    assert "`trainable` was changed after compile()" in caplog.text
    loaded = keras.models.load_model(tmp_path / "1")
    np.testing.assert_array_equal(model.predict(batch, verbose=0), loaded.predict(batch, verbose=0))
    assert int(loaded.optimizer.iterations.value) == 0
    train(loaded, batch, targets(loaded, batch))


@keras.saving.register_keras_serializable("tests")
class Shrinking(keras.Model):
    bias = True

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.dense = layers.Dense(3, use_bias=self.bias, name="shrunk")

    def call(self, x: object) -> object:
        return self.dense(x)


def test_a_class_that_lost_a_variable_is_named(tmp_path: Path) -> None:
    model = Shrinking()
    model(np.zeros((1, 4), np.float32))
    model.save(tmp_path / "1")
    Shrinking.bias = False
    with pytest.raises(FailedPreconditionError, match=r"the saved state does not fit \['shrunk'\].*has changed"):
        keras.models.load_model(tmp_path / "1")


@keras.saving.register_keras_serializable("tests")
class Lookup(keras.Model):
    """Two arguments and no ``build``: Keras records the shape of the first argument only."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.dense = layers.Dense(2)
        self.table = layers.Embedding(5, 2)
        self.unused = layers.Identity()

    def call(self, x: object, ids: object) -> object:
        return self.dense(x) + self.table(ids)


def test_a_subclassed_model_of_two_arguments_comes_back_and_keeps_its_integers(tmp_path: Path) -> None:
    x, ids = np.ones((3, 4), np.float32), np.array([4, 0, 2])
    model = Lookup()
    expected = model(x, ids)
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "1")
    loaded = keras.models.load_model(tmp_path / "1")
    np.testing.assert_array_equal(loaded(x, ids), expected)
    assert_same_state(model, loaded)
    loaded.save(tmp_path / "2")
    signature = saved_model.read(tmp_path / "2").signatures["serving_default"]
    assert {name: spec.dtype.name for name, spec in signature.inputs.items()} == {"x": "float32", "ids": "int32"}
    np.testing.assert_allclose(signature(x=x, ids=ids)["output_0"], expected, rtol=1e-6)


def test_a_model_that_comes_back_without_a_weight_is_refused(tmp_path: Path) -> None:
    model = Lookup()
    model.unused = layers.Dense(2)
    model.unused.build((None, 4))
    model(np.ones((3, 4), np.float32), np.zeros(3, np.int32))
    model.save(tmp_path / "1")
    with pytest.raises(FailedPreconditionError, match=r"5 weights were saved and 'lookup.*' .* has 3"):
        keras.models.load_model(tmp_path / "1")


def test_files_of_layers_come_back(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable("tests")
    class Remembers(layers.Layer):
        word = ""

        def call(self, x: object) -> object:
            return x

        def save_assets(self, folder: str) -> None:
            (Path(folder) / "word.txt").write_text(self.word)

        def load_assets(self, folder: str) -> None:
            self.word = (Path(folder) / "word.txt").read_text()

    model = keras.Sequential([keras.Input((4,)), Remembers(name="memory")])
    model.get_layer("memory").word = "tenon"
    model.save(tmp_path / "1")
    assert keras.models.load_model(tmp_path / "1").get_layer("memory").word == "tenon"


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_kerass_own_files_go_to_keras(name: str, tmp_path: Path) -> None:
    model, batch = ZOO["sequential"]()
    model.save(tmp_path / name)
    assert (tmp_path / name).is_file()
    loaded = keras.models.load_model(tmp_path / name)
    np.testing.assert_array_equal(model.predict(batch, verbose=0), loaded.predict(batch, verbose=0))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_kerass_own_folders_go_to_keras(tmp_path: Path) -> None:
    model, batch = ZOO["sequential"]()
    keras.models.save_model(model, tmp_path / "folder", zipped=False)
    assert (tmp_path / "folder/config.json").exists()
    loaded = keras.models.load_model(str(tmp_path / "folder"))
    np.testing.assert_array_equal(model.predict(batch, verbose=0), loaded.predict(batch, verbose=0))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_an_open_file_goes_to_keras() -> None:
    model, _ = ZOO["sequential"]()
    with pytest.raises(ValueError, match="Invalid filepath extension"):
        model.save(io.BytesIO())


def test_other_export_formats_go_to_keras(tmp_path: Path) -> None:
    model, _ = ZOO["sequential"]()
    with pytest.raises(ValueError, match="LiteRT export requires"):
        model.export(tmp_path / "m.tflite", format="litert")


def test_the_functions_and_the_adapter_of_saved_model_write_the_same_program(tmp_path: Path) -> None:
    model, batch = ZOO["sequential"]()
    keras.saving.save_model(model, tmp_path / "a")
    saved_model.save(model, tmp_path / "b")
    one, other = (saved_model.read(tmp_path / name).signatures["serving_default"](batch) for name in "ab")
    np.testing.assert_array_equal(one["output_0"], other["output_0"])


def test_overwrite_replaces_a_model_only_when_it_may(tmp_path: Path) -> None:
    model, _ = ZOO["sequential"]()
    model.save(tmp_path / "1")
    before = (tmp_path / "1/saved_model.pb").stat().st_mtime_ns
    with pytest.raises(AlreadyExistsError, match="exists and overwrite is False"):
        model.save(tmp_path / "1", overwrite=False)
    assert (tmp_path / "1/saved_model.pb").stat().st_mtime_ns == before
    model.save(tmp_path / "1")
    assert (tmp_path / "1/saved_model.pb").stat().st_mtime_ns != before


@pytest.mark.parametrize("method", ["save", "export"])
def test_what_is_no_saved_model_is_never_overwritten(method: str, tmp_path: Path) -> None:
    model, _ = ZOO["sequential"]()
    (tmp_path / "thesis.txt").write_text("years of work")
    for target in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(AlreadyExistsError, match="is no SavedModel, so it is not overwritten"):
            getattr(model, method)(target)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_an_exported_directory_says_that_it_holds_no_keras_model(tmp_path: Path) -> None:
    model, _ = ZOO["sequential"]()
    model.export(tmp_path / "1")
    with pytest.raises(FailedPreconditionError, match="holds no Keras model: it was written by export"):
        keras.models.load_model(tmp_path / "1")


def test_a_saved_model_of_another_program_says_so(tmp_path: Path) -> None:
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(FailedPreconditionError, match="or by another program"):
        keras.models.load_model(tmp_path)


def test_a_path_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no model at"):
        keras.models.load_model(tmp_path / "none")


def test_a_folder_of_versions_and_a_file_say_what_to_load(tmp_path: Path) -> None:
    model, _ = ZOO["sequential"]()
    model.save(tmp_path / "m/1")
    with pytest.raises(NotFoundError, match=r"'.*/m' is no model, it holds models; load one of \['.*/m/1'\]"):
        keras.models.load_model(tmp_path / "m")
    (tmp_path / "note").touch()
    with pytest.raises(NotFoundError, match=r"there is no model at '.*note'; give the directory"):
        keras.models.load_model(tmp_path / "note")


def test_a_remote_directory_is_refused_with_the_way_out() -> None:
    model, _ = ZOO["sequential"]()
    with pytest.raises(UnimplementedError, match=r"received 'gs://bucket/m'.*local or mounted directory"):
        model.save("gs://bucket/m")
    with pytest.raises(UnimplementedError, match="received 's3://bucket/m'"):
        model.export("s3://bucket/m")


@pytest.mark.parametrize("name", ["config.json", "state.json", "state.data-00000-of-00001"])
def test_a_flipped_byte_of_the_state_is_reported_with_the_files_name(name: str, tmp_path: Path) -> None:
    model, batch, goal = compiled("sequential")
    train(model, batch, goal)
    model.save(tmp_path / "1")
    file = tmp_path / "1/assets.extra/tenon/keras" / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(DataLossError, match=name):
        keras.models.load_model(tmp_path / "1")


def test_unknown_arguments_are_refused(tmp_path: Path) -> None:
    model, _ = ZOO["sequential"]()
    with pytest.raises(InvalidArgumentError, match=r"save: .* takes no argument \['colour'\]"):
        model.save(tmp_path / "1", colour="red")
    with pytest.raises(InvalidArgumentError, match=r"export: .* takes no argument \['is_static'\]"):
        model.export(tmp_path / "1", is_static=True)


def test_an_input_signature_decides_what_is_written(tmp_path: Path) -> None:
    model, _ = ZOO["subclassed"]()
    model.export(tmp_path / "1", input_signature=keras.InputSpec(shape=(None, 4), dtype="float16"))
    spec = saved_model.read(tmp_path / "1").signatures["serving_default"].inputs["features"]
    assert spec == TensorSpec((None, 4), "float16", "features")


def test_a_verbose_export_prints_the_signature(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, _ = ZOO["sequential"]()
    model.export(tmp_path / "1", verbose=True)
    assert "x: float32 (None, 4)" in capsys.readouterr().out
    model.export(tmp_path / "1")
    assert capsys.readouterr().out == ""


def test_python_lambdas_are_refused_unless_they_are_trusted(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x * 2)])
    model.save(tmp_path / "1")
    with pytest.raises(ValueError, match="safe_mode"):
        keras.models.load_model(tmp_path / "1")
    assert keras.models.load_model(tmp_path / "1", safe_mode=False).layers
