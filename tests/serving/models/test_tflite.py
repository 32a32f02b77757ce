"""TFLite models answer as TensorFlow Serving lets them: their own signatures, or one that is made up."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tenon.base import DataLossError, InvalidArgumentError, UnimplementedError
from tenon.formats import message_class
from tenon.saved_model import TensorSpec, save
from tenon.serving import ServableId
from tenon.serving.models import LoadingOptions, SavedModelLoader, TfLiteLoader, model_loader
from tenon.serving.models._tflite_model import read_tflite
from tests.serving.batchings import batching
from tests.serving.engines.signatures import expected
from tests.serving.models.tflite_files import modern, with_custom_operation, with_metadata, without_signatures

X = np.random.default_rng(2).standard_normal((5, 4)).astype("f4")


@pytest.fixture(scope="module")
def way():
    with batching(1, 2, 4, threads=2) as made:
        yield made


@pytest.fixture
def load(tmp_path, way):
    loaded = []

    def load_one(content):
        (tmp_path / "model.tflite").write_bytes(content)
        loaded.append(TfLiteLoader(ServableId("m", 1), tmp_path, way).load())
        return loaded[-1]

    yield load_one
    for servable in loaded:
        servable.close()


def ask(servable, name, **inputs):
    return asyncio.run(servable.run(name, inputs))


def old_definition():
    definition = message_class("tensorflow.SignatureDef")(method_name="tensorflow/serving/predict")
    definition.inputs["image"].name = "x:0"
    definition.outputs["label"].name = "y:0"
    return definition.SerializeToString()


@pytest.mark.parametrize(
    ("content", "signature", "given", "answered"),
    [
        (lambda: modern("depthwise"), "signature", "input_0", "output_0"),
        (lambda: without_signatures("depthwise"), "serving_default", "x", "y"),
        (lambda: without_signatures("depthwise", batch=1), "serving_default", "x", "y"),
        (lambda: with_metadata("depthwise", {"classify": old_definition()}), "classify", "image", "label"),
    ],
    ids=["signatures of its own", "no signatures", "a batch of 1", "signatures in the metadata"],
)
def test_every_kind_of_file_answers_batches_of_any_size(load, content, signature, given, answered):
    servable = load(content())
    assert list(servable.signatures) == [signature]
    images = np.random.default_rng(0).standard_normal((3, 32, 32, 16)).astype("f4")
    for rows in (1, 3):
        got = ask(servable, signature, **{given: images[:rows]})[answered]
        np.testing.assert_allclose(got, expected("depthwise", images[:rows])[0], rtol=1e-4, atol=1e-4)


def test_the_description_is_the_file_s(load):
    description = load(modern("kinds")).signatures["signature"]
    assert [spec.dtype.name for spec in description.inputs.values()] == ["float32", "int32", "bool", "uint8"]
    assert description.inputs["input_0"] == TensorSpec((None, 2), "float32", "input_0")
    assert description.engine == "litert"
    info = description.definition.inputs["input_3"]
    assert [dim.size for dim in info.tensor_shape.dim] == [-1, 3]
    assert description.definition.method_name == "tensorflow/serving/predict"


def test_a_scalar_is_never_batched(load):
    assert ask(load(modern("scalar")), "signature", input_0=np.asarray(np.float32(3)))["output_0"] == 6


def test_open_sizes_are_what_requests_bring(load):
    servable = load(modern("sequence"))
    for length in (3, 7):
        x = np.ones((2, length), "f4")
        np.testing.assert_allclose(ask(servable, "signature", input_0=x)["output_0"], np.full_like(x, 1 / length))


def test_a_shape_that_does_not_fit_is_refused(load):
    with pytest.raises(InvalidArgumentError, match=r"must have the shape \[\?,4\]; received \[1,5\]"):
        ask(load(modern("dense")), "signature", input_0=np.ones((1, 5), "f4"))


@pytest.mark.parametrize("content", [b"", b"TFL3", bytes(1000), "cut"])
def test_a_file_that_is_no_model_is_not_loaded(load, content):
    content = modern("dense")[:400] if content == "cut" else content
    with pytest.raises(DataLossError, match=r"model\.tflite: is no TFLite model"):
        load(content)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(DataLossError, match=r"model\.tflite: the file cannot be read"):
        read_tflite(tmp_path / "model.tflite")


@pytest.mark.parametrize(
    ("saved_model", "tflite", "prefer", "kind"),
    [
        (True, True, False, SavedModelLoader),
        (True, True, True, TfLiteLoader),
        (True, False, True, SavedModelLoader),
        (False, True, False, TfLiteLoader),
        (False, False, True, SavedModelLoader),
    ],
)
def test_the_loader_is_that_of_the_files(tmp_path, way, saved_model, tflite, prefer, kind):
    if saved_model:
        (tmp_path / "saved_model.pb").touch()
    if tflite:
        (tmp_path / "model.tflite").touch()
    options = LoadingOptions(prefer_tflite=prefer)
    assert type(model_loader(ServableId("m", 1), tmp_path, way, options=options)) is kind


def test_a_saved_model_beside_it_answers_unless_tflite_is_preferred(tmp_path, way):
    save(lambda x: {"y": x + 1}, tmp_path / "1", {"serving_default": {"x": TensorSpec((None,), "float32")}})
    (tmp_path / "1" / "model.tflite").write_bytes(modern("dense"))
    for prefer, name in ((False, "serving_default"), (True, "signature")):
        options = LoadingOptions(prefer_tflite=prefer)
        servable = model_loader(ServableId("m", 1), tmp_path / "1", way, options=options).load()
        assert list(servable.signatures) == [name]
        servable.close()


def test_a_model_with_an_operation_that_nobody_registered_is_refused_when_it_is_loaded(load):
    with pytest.raises(UnimplementedError, match="needs the custom operation 'ParseExampleV2', which"):
        load(with_custom_operation("ParseExampleV2"))
