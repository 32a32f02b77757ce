"""TFLite files and warm-up files that TensorFlow wrote are served."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tenon.saved_model import TensorSpec, save
from tenon.serving import ServableId
from tenon.serving.models import LoadingOptions, SavedModelLoader, TfLiteLoader
from tenon.serving.models._warmup import WARMUP_FILE, read_warmup
from tests.serving.batchings import batching

pytestmark = pytest.mark.interop

WRITE = """
import pathlib, sys
import numpy as np, tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

root = pathlib.Path(sys.argv[1])

class Module(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
    def scale(self, x):
        return {"y": tf.nn.softmax(x * 2.0)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
    def echo(self, text):
        return {"same": tf.identity(text), "first": tf.gather(text, [0])}

module = Module()

def write(name, *functions):
    concrete = [each.get_concrete_function() for each in functions]
    converter = tf.lite.TFLiteConverter.from_concrete_functions(concrete, module)
    (root / name).mkdir()
    (root / name / "model.tflite").write_bytes(converter.convert())

tf.saved_model.save(module, str(root / "saved"), signatures={"scale": module.scale, "echo": module.echo})
converter = tf.lite.TFLiteConverter.from_saved_model(str(root / "saved"))
(root / "signatures").mkdir()
(root / "signatures/model.tflite").write_bytes(converter.convert())
write("plain", module.scale)

x = np.arange(8, dtype="f4").reshape(2, 4)
np.save(root / "x.npy", x)
np.save(root / "y.npy", module.scale(x)["y"].numpy())
with tf.io.TFRecordWriter(str(root / "warmup")) as writer:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "m"
    request.inputs["x"].CopyFrom(tf.make_tensor_proto(x))
    writer.write(prediction_log_pb2.PredictionLog(predict_log=prediction_log_pb2.PredictLog(request=request)).SerializeToString())
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory, run_in_tensorflow):
    root = tmp_path_factory.mktemp("tflite")
    run_in_tensorflow(WRITE, root)
    return root


@pytest.fixture
def load():
    with batching(1, 2, 4) as way:
        yield lambda path: TfLiteLoader(ServableId("m", 1), path, way).load()


def ask(servable, name, **inputs):
    return asyncio.run(servable.run(name, inputs))


def test_signatures_that_tensorflow_wrote_answer_as_tensorflow_does(written, load):
    servable = load(written / "signatures")
    assert sorted(servable.signatures) == ["echo", "scale"]
    x, y = np.load(written / "x.npy"), np.load(written / "y.npy")
    np.testing.assert_allclose(ask(servable, "scale", x=x)["y"], y, rtol=1e-5)


def test_strings_go_through(written, load):
    servable = load(written / "signatures")
    text = np.array([b"a", b"\xff\x00", b""], object)
    answer = ask(servable, "echo", text=text)
    assert answer["same"].tolist() == text.tolist()
    assert answer["first"].tolist() == [b"a"]


def test_a_file_without_signatures_gets_one(written, load):
    servable = load(written / "plain")
    [(name, description)] = servable.signatures.items()
    assert name == "serving_default"
    [alias] = description.inputs
    [answer] = ask(servable, name, **{alias: np.load(written / "x.npy")}).values()
    np.testing.assert_allclose(answer, np.load(written / "y.npy"), rtol=1e-5)


def test_a_warmup_file_that_tensorflow_wrote_is_run(written, tmp_path):
    save(lambda x: {"y": x * 2}, tmp_path / "1", {"serving_default": {"x": TensorSpec((None, 4), "float32")}})
    (tmp_path / "1" / WARMUP_FILE).write_bytes((written / "warmup").read_bytes())
    assert len(read_warmup(tmp_path / "1")) == 1
    with batching(1, 2) as way:
        options = LoadingOptions(cache=None)
        SavedModelLoader(ServableId("m", 1), tmp_path / "1", way, options=options).load().close()
