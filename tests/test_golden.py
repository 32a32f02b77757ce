"""What every released version wrote can still be read, with the same answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tenon as tf
from tenon import keras, saved_model
from tenon.formats import BundleReader, make_ndarray, read_events
from tenon.train import latest_checkpoint, load_checkpoint
from tools.write_golden import GOLDEN, TENSORS, X, golden_checkpoint, write_golden

VERSIONS = sorted(path.name for path in GOLDEN.iterdir())
NOW = "now"


@pytest.fixture(scope="module", params=[*VERSIONS, NOW])
def golden(request, tmp_path_factory) -> Path:
    if request.param == NOW:
        folder = tmp_path_factory.mktemp("golden") / NOW
        write_golden(folder)
        return folder
    return GOLDEN / request.param


def expected(golden: Path, name: str) -> list:
    return json.loads((golden / "answers.json").read_text())[name]


def test_the_present_version_has_golden_artifacts():
    assert tf.__version__ in VERSIONS


def test_a_function_answers_as_it_did(golden):
    loaded = saved_model.load(golden / "function")
    answer = loaded.signatures["serving_default"](x=X)["y"]
    np.testing.assert_allclose(answer, expected(golden, "function"), rtol=1e-6)
    assert {variable.name for variable in loaded.variables} == {"kernel:0", "bias:0"}
    assert saved_model.read(golden / "function").trainable == {"kernel", "bias"}


def test_a_loaded_function_goes_with_its_variables(golden):
    loaded = saved_model.load(golden / "function")
    for variable in loaded.variables:
        variable.assign(tf.zeros_like(variable))
    assert not loaded.signatures["serving_default"](x=X)["y"].numpy().any()


def test_a_keras_model_answers_and_trains_on(golden):
    model = keras.models.load_model(golden / "keras")
    np.testing.assert_allclose(model.predict(X, verbose=0), expected(golden, "keras"), rtol=1e-5)
    assert int(model.optimizer.iterations) == 2
    model.fit(X, np.ones((3, 2), np.float32), verbose=0)
    assert int(model.optimizer.iterations) == 3


def test_a_keras_models_signature_answers_alike(golden):
    (answer,) = saved_model.load(golden / "keras").signatures["serving_default"](x=X).values()
    np.testing.assert_allclose(answer, expected(golden, "keras"), rtol=1e-5)


@pytest.mark.parametrize("key", TENSORS)
def test_a_bundle_holds_the_same_tensors(golden, key):
    tensor = BundleReader(golden / "bundle" / "tensors").read(key)
    np.testing.assert_array_equal(tensor, TENSORS[key])
    assert tensor.dtype == TENSORS[key].dtype


def test_a_checkpoint_is_restored_to_the_last_value(golden, tmp_path):
    checkpoint = golden_checkpoint(0)
    checkpoint.restore(latest_checkpoint(golden / "checkpoint")).assert_consumed()
    assert int(checkpoint.save_counter) == 1
    restored, expected = (
        load_checkpoint(each.write(tmp_path / name)) for name, each in (("0", checkpoint), ("1", golden_checkpoint(1)))
    )
    for key in expected.get_variable_to_shape_map():
        if key != "_CHECKPOINTABLE_OBJECT_GRAPH":
            np.testing.assert_array_equal(restored.get_tensor(key), expected.get_tensor(key), err_msg=key)


def test_an_event_file_tells_the_same(golden):
    (path,) = (golden / "events").iterdir()
    version, *events = read_events(path)
    assert version.file_version == "brain.Event:2"
    values = {event.summary.value[0].tag: (event.step, make_ndarray(event.summary.value[0].tensor)) for event in events}
    assert {tag: step for tag, (step, _) in values.items()} == {"loss": 1, "weights": 2, "note": 3}
    assert values["loss"][1] == 0.25
    np.testing.assert_array_equal(values["weights"][1], [[0, 0.5, 1], [0.5, 1, 2]])
    assert values["note"][1].tolist() == b"golden"


def test_golden_artifacts_name_no_file_of_the_machine_that_wrote_them():
    files = [path for version in VERSIONS for path in (GOLDEN / version).rglob("*") if path.is_file()]
    assert [path for path in files if b"site-packages" in path.read_bytes()] == []


def test_golden_artifacts_are_small():
    for version in VERSIONS:
        assert sum(path.stat().st_size for path in (GOLDEN / version).rglob("*") if path.is_file()) < 50_000
