"""Warm-up requests run before a version is AVAILABLE, and a bad one keeps it from becoming so."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from tenon.base import Code, DataLossError, FailedPreconditionError, InvalidArgumentError, UnimplementedError
from tenon.formats import RecordWriter, make_tensor_proto, message_class
from tenon.saved_model import TensorSpec, save
from tenon.serving import ServableId
from tenon.serving.batching import BatchScheduler
from tenon.serving.models import LoadingOptions, SavedModelLoader, Warmup
from tenon.serving.models._warmup import MAX_RECORDS, WARMUP_FILE, predict_inputs, read_warmup
from tests.serving.batchings import batching

PredictionLog = message_class("tensorflow.serving.PredictionLog")


@pytest.fixture(scope="module")
def way():
    with batching(1, 2, threads=1) as made:
        yield made


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    path = tmp_path_factory.mktemp("warm") / "1"
    save(lambda x: {"y": x * 2}, path, {"serving_default": {"x": TensorSpec((None, 2), "float32")}})
    return path


@pytest.fixture
def write(saved):
    """Write the warm-up file of the model; it goes with the test."""

    def write_records(*records):
        file = io.BytesIO()
        writer = RecordWriter(file)
        for record in records:
            writer.write(record if isinstance(record, bytes) else record.SerializeToString())
        (saved / WARMUP_FILE).write_bytes(file.getvalue())

    yield write_records
    (saved / WARMUP_FILE).unlink(missing_ok=True)


def predict(value=1.0, rows=1, signature="", name="x"):
    record = PredictionLog()
    record.predict_log.request.model_spec.name = "some other model"
    record.predict_log.request.model_spec.signature_name = signature
    record.predict_log.request.inputs[name].CopyFrom(make_tensor_proto(np.full((rows, 2), value, "f4")))
    return record


def of_kind(kind):
    record = PredictionLog()
    getattr(record, kind).SetInParent()
    return record


def load(saved, way, **warmup):
    options = LoadingOptions(warmup=Warmup(**warmup))
    servable = SavedModelLoader(ServableId("m", 1), saved, way, options=options).load()
    servable.close()


class Recorder:
    """Runs nothing, and tells what it was given."""

    def __init__(self, error=None):
        self.records, self.error = [], error

    async def run(self, servable, record):
        assert "serving_default" in servable.signatures
        self.records.append(record)
        if self.error is not None:
            raise self.error


def test_every_request_runs_as_often_as_asked_in_the_order_of_the_file(saved, way, write):
    records = [predict(1.0), of_kind("classify_log"), PredictionLog(), of_kind("regress_log"), predict(2.0, rows=3)]
    write(*records)
    seen = Recorder()
    load(saved, way, iterations=2, run_record=seen.run)
    assert seen.records == [each for each in records if each.WhichOneof("log_type") for _ in range(2)]


def test_predict_requests_run_by_themselves(saved, way, write):
    write(predict(), predict(rows=5, signature="serving_default"))
    load(saved, way)


class Forbidden(BatchScheduler):
    """The scheduler of a server, which belongs to another event loop."""

    def task_added(self, lane):
        raise AssertionError("a warm-up request joined the server's queue")


def test_the_scheduler_of_the_server_is_left_alone(saved, way, write):
    scheduler = Forbidden(1)
    write(predict(), predict(rows=5))
    load(saved, replace(way, scheduler=scheduler))
    scheduler.close()


def test_without_a_file_or_switched_off_nothing_runs(saved, way, write):
    seen = Recorder()
    load(saved, way, run_record=seen.run)
    write(b"no message at all \xff")
    load(saved, way, enabled=False, run_record=seen.run)
    assert seen.records == []


REFUSED = {
    "an unknown signature": (predict(signature="other"), InvalidArgumentError, r"record 1 .* there is no signature"),
    "an unknown input": (predict(name="z"), InvalidArgumentError, r"record 1 \(predict_log\): inputs: must be"),
    "another kind": (of_kind("multi_inference_log"), UnimplementedError, "record 1 .* a server runs the others too"),
    "a stream": (of_kind("predict_streamed_log"), UnimplementedError, "record 1 is a predict_streamed_log"),
    "a session": (of_kind("session_run_log"), UnimplementedError, "record 1 is a session_run_log"),
    "no message": (b"\xff\xff", InvalidArgumentError, "record 1 is no PredictionLog"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_record_fails_the_load(saved, way, write, case):
    record, error, text = REFUSED[case]
    write(predict(), record)
    with pytest.raises(error, match=text):
        load(saved, way)


def test_the_class_of_a_failure_is_kept(saved, way, write):
    write(predict())
    with pytest.raises(FailedPreconditionError, match=r"warm-up record 0 \(predict_log\): not today"):
        load(saved, way, run_record=Recorder(FailedPreconditionError("not today")).run)


def test_whoever_counts_is_told_how_each_warm_up_ended(saved, way, write):
    told = []
    load(saved, way, on_end=lambda *ended: told.append(ended))
    assert told == []  # there is no file
    write(predict(), predict(rows=2))
    load(saved, way, on_end=lambda *ended: told.append(ended))
    run = Recorder(FailedPreconditionError("not today")).run
    with pytest.raises(FailedPreconditionError, match="not today"):
        load(saved, way, run_record=run, on_end=lambda *ended: told.append(ended))
    assert [(path, records, code) for path, _, records, code in told] == [
        (saved, 2, Code.OK),
        (saved, 2, Code.FAILED_PRECONDITION),
    ]
    assert all(seconds > 0 for _, seconds, _, _ in told)


def test_a_damaged_file_fails_the_load(saved, way, write):
    write(predict())
    file = saved / WARMUP_FILE
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DataLossError, match="tf_serving_warmup_requests"):
        load(saved, way)


def test_a_thousand_records_are_read_and_one_more_is_refused(saved, write):
    write(*[PredictionLog()] * (MAX_RECORDS - 1), predict())
    assert len(read_warmup(saved)) == 1
    write(*[PredictionLog()] * MAX_RECORDS, predict())
    with pytest.raises(InvalidArgumentError, match="at most 1000 warm-up records"):
        read_warmup(saved)


def test_inputs_to_measure_with_are_those_of_the_signature_that_can_be_read():
    broken = predict()
    broken.predict_log.request.inputs["x"].dtype = 99
    records = [predict(3.0), predict(signature="other"), broken, of_kind("classify_log")]
    [inputs] = predict_inputs(records, "serving_default")
    assert inputs["x"].tolist() == [[3, 3]]
