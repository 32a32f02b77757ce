"""TensorFlow reads the request log."""

import json

import numpy as np
import pytest

from tenon.serving.servables import ServableId
from tenon.serving.telemetry import LoggedRequest, LogKind, Registry, RequestLog, RequestLogOptions

READ = """
import json, sys
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2
for record in tf.data.TFRecordDataset(sys.argv[1]):
    log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
    request, response = log.predict_log.request, log.predict_log.response
    print(json.dumps([
        log.log_metadata.model_spec.name, log.log_metadata.model_spec.version.value,
        request.model_spec.signature_name, log.log_metadata.sampling_config.sampling_rate,
        {name: tf.make_ndarray(proto).tolist() for name, proto in request.inputs.items()},
        {name: [text.decode() for text in tf.make_ndarray(proto)] for name, proto in response.outputs.items()},
    ]))
"""

pytestmark = pytest.mark.interop


def test_tensorflow_reads_the_records(tmp_path, run_in_tensorflow):
    log = RequestLog(Registry(), {"digits": RequestLogOptions(str(tmp_path / "log"), 1.0)})
    for number in range(3):
        x, y = np.float32([[number, 0.5]]), np.array([f"class {number}"], object)
        log.offer(LoggedRequest(ServableId("digits", 7), "serving_default", LogKind.PREDICT, {"x": x}, {"y": y}))
    log.close()
    (path,) = tmp_path.iterdir()
    records = [json.loads(line) for line in run_in_tensorflow(READ, path).splitlines()]
    assert records == [
        ["digits", 7, "serving_default", 1.0, {"x": [[number, 0.5]]}, {"y": [f"class {number}"]}] for number in range(3)
    ]
