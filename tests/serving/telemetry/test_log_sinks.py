"""PredictionLogs in TFRecord files."""

import asyncio
import time

import numpy as np

from tenon.formats import make_ndarray, message_class, read_records
from tenon.serving.servables import ServableId
from tenon.serving.telemetry import LoggedRequest, LogKind, RequestLogOptions
from tenon.serving.telemetry._log_sinks import TfRecordSink
from tenon.serving.testing import half_plus_two

_PredictionLog = message_class("tensorflow.serving.PredictionLog")


def logged(number: int = 1) -> LoggedRequest:
    x = np.float32([number])
    y = asyncio.run(half_plus_two().run("serving_default", {"x": x}))
    return LoggedRequest(ServableId("half", 1), "serving_default", LogKind.PREDICT, {"x": x}, y)


def options(folder, **more):
    return RequestLogOptions(str(folder / "log"), 1.0, **more)


def test_a_log_is_a_warm_up_file(tmp_path):
    """What TensorFlow Serving asks of one: records of PredictionLog whose request a version can answer."""
    sink = TfRecordSink(options(tmp_path))
    assert [sink.write(logged(number)) for number in range(3)] == [0] * 3
    assert sink.flush() == 3
    assert [sink.write(logged(number)) for number in range(2)] == [0] * 2
    assert sink.close() == 2
    (path,) = tmp_path.glob("log-*.tfrecord")
    records = [_PredictionLog.FromString(record) for record in read_records(path)]
    assert len(records) == 5
    for record in records:
        request = record.predict_log.request
        inputs = {name: make_ndarray(proto) for name, proto in request.inputs.items()}
        answer = asyncio.run(half_plus_two().run(request.model_spec.signature_name, inputs))
        assert make_ndarray(record.predict_log.response.outputs["y"]).tolist() == answer["y"].tolist()


def test_a_file_that_is_large_enough_is_finished(tmp_path):
    sink = TfRecordSink(options(tmp_path, max_file_bytes=200))
    for number in range(4):
        sink.write(logged(number))
        assert sink.flush() == 1
    finished = list(tmp_path.glob("*.tfrecord"))
    sink.close()
    assert 1 <= len(finished) <= 4
    assert sum(len(list(read_records(path))) for path in tmp_path.iterdir()) == 4


def test_an_old_file_is_finished_and_the_next_record_begins_another(tmp_path):
    sink = TfRecordSink(options(tmp_path, max_file_seconds=10))
    sink.finish_old(time.monotonic() + 11)
    sink.write(logged())
    sink.flush()
    sink.finish_old(time.monotonic())
    assert list(tmp_path.glob("*.tfrecord")) == []
    sink.finish_old(time.monotonic() + 11)
    assert len(list(tmp_path.glob("*.tfrecord"))) == 1
    sink.write(logged())
    sink.close()
    assert len(list(tmp_path.glob("*.tfrecord"))) == 2


def test_nothing_is_made_without_records(tmp_path):
    sink = TfRecordSink(options(tmp_path / "new"))
    sink.close()
    sink.close()
    assert list((tmp_path / "new").iterdir()) == []
