"""The whole path: Keras trains, Tenon serves, tensorflow-serving-api's own stubs get Keras's numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tenon import keras
from tests.server_process import start_server

pytestmark = pytest.mark.interop

CLIENT = """
import json, sys
import grpc, numpy as np, tensorflow as tf
from tensorflow_serving.apis import get_model_metadata_pb2, get_model_status_pb2, model_service_pb2_grpc
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc
port, rows = sys.argv[1], np.load(sys.argv[2])
channel = grpc.insecure_channel(f"127.0.0.1:{port}")
prediction = prediction_service_pb2_grpc.PredictionServiceStub(channel)
request = predict_pb2.PredictRequest()
request.model_spec.name = "digits"
request.inputs["pixels"].CopyFrom(tf.make_tensor_proto(rows))
answer = prediction.Predict(request, timeout=30)
metadata = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
metadata.model_spec.name = "digits"
described = get_model_metadata_pb2.SignatureDefMap()
prediction.GetModelMetadata(metadata, timeout=30).metadata["signature_def"].Unpack(described)
status = get_model_status_pb2.GetModelStatusRequest()
status.model_spec.name = "digits"
states = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(status, timeout=30)
print(json.dumps({
    "version": answer.model_spec.version.value,
    "scores": tf.make_ndarray(answer.outputs["output_0"]).tolist(),
    "inputs": sorted(described.signature_def["serving_default"].inputs),
    "states": [(state.version, state.state) for state in states.model_version_status],
}))
"""


def test_the_official_stubs_get_the_numbers_of_keras(tmp_path, compile_cache, run_in_tensorflow):
    layers = [
        keras.Input((8, 8, 1), name="pixels"),
        keras.layers.Conv2D(4, 3, activation="relu"),
        keras.layers.Flatten(),
    ]
    model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
    rows = np.random.default_rng(1).random((5, 8, 8, 1), "float32")
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(rows, np.arange(5), verbose=0)
    model.save(tmp_path / "digits" / "3")
    np.save(tmp_path / "rows.npy", rows)
    server = start_server(compile_cache, "--model", f"digits={tmp_path / 'digits'}", "--max-batch-size", 8)
    try:
        report = json.loads(run_in_tensorflow(CLIENT, server.grpc_port, tmp_path / "rows.npy").splitlines()[-1])
    finally:
        assert server.stop() == 0
    np.testing.assert_allclose(report["scores"], model.predict(rows, verbose=0), atol=1e-5)
    assert report["version"] == 3
    assert report["inputs"] == ["pixels"]
    assert report["states"] == [[3, 30]]
