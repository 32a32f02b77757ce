"""Requests as rows of Parquet files."""

import time
from datetime import UTC, datetime

import ml_dtypes
import numpy as np
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tenon.formats import make_tensor_proto, message_class
from tenon.serving.servables import ServableId
from tenon.serving.telemetry import LoggedRequest, LogKind, RequestLogOptions
from tenon.serving.telemetry._log_files import LogFile
from tenon.serving.telemetry._parquet import MAX_OPEN_FILES, ParquetSink

DIGITS = ServableId("digits", 3)


def logged(inputs, outputs=None, id_=DIGITS, signature="serving_default"):
    return LoggedRequest(id_, signature, LogKind.PREDICT, inputs, outputs or {}, time=1.7e9)


def options(folder, **more):
    return RequestLogOptions(str(folder / "log"), 1.0, "parquet", **more)


def written(folder, *requests):
    sink = ParquetSink(options(folder))
    safe = sum(sink.write(request) for request in requests) + sink.close()
    assert safe == len(requests)
    (path,) = folder.glob("log-*.parquet")
    return pyarrow.parquet.read_table(path)


def test_a_row_tells_when_who_what_and_the_answer(tmp_path):
    x, y = np.float32([[1, 2], [3, 4]]), np.array([b"a", "b"], object)
    table = written(tmp_path, logged({"x": x}, {"y": y}))
    assert table.to_pylist() == [
        {
            "time": datetime.fromtimestamp(1.7e9, UTC),
            "model": "digits",
            "version": 3,
            "signature": "serving_default",
            "inputs.x": [[1, 2], [3, 4]],
            "outputs.y": [b"a", b"b"],
        }
    ]
    assert str(table.schema.field("inputs.x").type) == "list<element: list<element: float>>"


def test_rows_may_differ_in_size(tmp_path):
    sizes = [(2, 3), (0, 3), (1, 0), (1, 1), (4, 2)]
    values = [np.arange(np.prod(size)).reshape(size) for size in sizes]
    table = written(tmp_path, *(logged({"x": value}) for value in values))
    assert table["inputs.x"].to_pylist() == [value.tolist() for value in values]


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 3).flatmap(
        lambda rank: st.lists(
            arrays.array_shapes(min_dims=rank, max_dims=rank, min_side=0, max_side=3), min_size=1, max_size=4
        )
    )
)
def test_tensors_of_every_rank_come_back(tmp_path_factory, shapes):
    values = [np.arange(np.prod(shape), dtype=np.int32).reshape(shape) for shape in shapes]
    table = written(tmp_path_factory.mktemp("parquet"), *(logged({"x": value}) for value in values))
    assert table["inputs.x"].to_pylist() == [value.tolist() for value in values]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([True, False]), [True, False]),
        (np.array([1, 2**63], np.uint64), [1, 2**63]),
        (np.array([-1, 2], np.int8), [-1, 2]),
        (np.array([0.5], np.float16), [0.5]),
        (np.array([0.5], ml_dtypes.bfloat16), [0.5]),
        (np.array([1 + 2j], np.complex64), [[1.0, 2.0]]),
        (np.array([b"\xff\x00", "\ud800"], object), [b"\xff\x00", b"?"]),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_every_dtype_has_a_column(tmp_path, values, expected):
    assert written(tmp_path, logged({"x": values}))["inputs.x"].to_pylist() == [expected]


def test_messages_of_predict_become_columns(tmp_path):
    request, response = (message_class(f"tensorflow.serving.Predict{side}")() for side in ("Request", "Response"))
    request.inputs["x"].CopyFrom(make_tensor_proto(np.float32([1])))
    response.outputs["y"].CopyFrom(make_tensor_proto(np.float32([2])))
    row = LoggedRequest(DIGITS, "s", LogKind.PREDICT, request.SerializeToString(), response)
    (read,) = written(tmp_path, row).to_pylist()
    assert (read["inputs.x"], read["outputs.y"]) == ([1], [2])


def test_other_requests_are_kept_as_messages(tmp_path):
    request = message_class("tensorflow.serving.RegressionRequest")(model_spec={"name": "digits"})
    (read,) = written(tmp_path, LoggedRequest(DIGITS, "s", LogKind.REGRESS, request, b"")).to_pylist()
    assert (read["request"], read["response"]) == (request.SerializeToString(), b"")


def test_other_columns_are_another_file(tmp_path):
    sink = ParquetSink(options(tmp_path))
    for inputs in ({"x": np.float32([1])}, {"y": np.float32([1])}, {"x": np.float64([1])}, {"x": np.float32([2])}):
        sink.write(logged(inputs))
    assert sink.close() == 4
    tables = [pyarrow.parquet.read_table(path) for path in tmp_path.glob("*.parquet")]
    assert sorted(table.num_rows for table in tables) == [1, 1, 2]


def test_only_so_many_files_are_open(tmp_path):
    sink = ParquetSink(options(tmp_path))
    for version in range(MAX_OPEN_FILES + 3):
        sink.write(logged({"x": np.float32([1])}, id_=ServableId("digits", version)))
    assert len(list(tmp_path.glob("*.parquet"))) == 3
    assert sink.close() == MAX_OPEN_FILES
    assert len(list(tmp_path.glob("*.parquet"))) == MAX_OPEN_FILES + 3


def test_a_file_that_is_large_enough_is_finished(tmp_path):
    sink = ParquetSink(options(tmp_path, max_file_bytes=100_000))
    safe = []
    for _ in range(10):
        sink.write(logged({"x": np.zeros(20_000, np.uint8)}))
        safe.append(sink.flush())
    assert safe == [0, 0, 0, 0, 5] * 2
    assert sink.close() == 0


def test_an_old_file_is_finished(tmp_path):
    sink = ParquetSink(options(tmp_path, max_file_seconds=10))
    sink.write(logged({"x": np.float32([1])}))
    assert sink.finish_old(time.monotonic()) == 0
    assert sink.finish_old(time.monotonic() + 11) == 1
    assert sink.close() == 0
    assert [path.suffix for path in tmp_path.iterdir()] == [".parquet"]


def test_many_rows_are_written_in_groups(tmp_path):
    table = written(tmp_path, *(logged({"x": np.float32([number])}) for number in range(2500)))
    assert [row[0] for row in table["inputs.x"].to_pylist()] == list(range(2500))


def test_what_was_left_behind_is_deleted(tmp_path):
    file = LogFile(tmp_path / "log", ".parquet")
    path = file.path
    file.discard()
    path.write_bytes(b"PAR1, but no end")
    ParquetSink(options(tmp_path))
    assert list(tmp_path.iterdir()) == []
