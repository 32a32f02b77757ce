"""Every format of tenon.formats against TensorFlow and TensorBoard: each side reads what the other wrote.

One process of TensorFlow does its whole half (formats_tensorflow.py); the tests look at its report and its files.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tenon.formats import (
    BundleReader,
    BundleWriter,
    EventFileWriter,
    RecordWriter,
    data_type,
    data_type_name,
    fingerprint64,
    make_ndarray,
    make_tensor_proto,
    message_class,
    read_events,
    read_records,
)
from tests.formats.strategies import DTYPES, identical

pytestmark = pytest.mark.interop

ROOT = Path(__file__).resolve().parents[2]
SHAPES = {"scalar": (), "one": (1,), "matrix": (3, 4), "empty": (2, 0, 3), "cube": (2, 3, 4)}
CHECKS = (
    *("tensorflow_reads_our_bundle", "tensorflow_reads_our_large_index", "tensorflow_reads_our_records"),
    *("tensorflow_reads_our_protos", "tensorflow_runs_our_protos", "tensorboard_reads_our_events"),
    *("tensorflow_writes_a_bundle", "tensorflow_writes_shards", "tensorflow_writes_slices"),
    *("tensorflow_writes_a_checkpoint_of_many_variables", "tensorflow_writes_records", "tensorflow_writes_protos"),
    *("tensorflow_writes_events", "fingerprints_are_equal"),
)
TensorProto = message_class("tensorflow.TensorProto")


def some_values(dtype, shape):
    """Return small integers of every dtype, or strings of many lengths."""
    count = int(np.prod(shape))
    if dtype.hasobject:
        values = np.empty(count, object)
        values[:] = [bytes(range(number % 5)) * (number * 20) for number in range(1, count + 1)]
    elif dtype == np.bool_:
        values = np.arange(count) % 2 == 0
    else:
        values = (np.arange(count) % 2).astype(np.int32).astype(dtype)
    return values.reshape(shape)


def name_of(dtype):
    """Return TensorFlow's Python name of a dtype."""
    special = {1: "float32", 2: "float64", 19: "float16"}
    number = data_type(dtype)
    return special.get(number) or data_type_name(number).removeprefix("DT_").lower()


TENSORS = {f"{name_of(dtype)}-{shape}": some_values(dtype, SHAPES[shape]) for dtype in DTYPES for shape in SHAPES}


def description(array):
    values = [value.hex() for value in array.ravel()] if array.dtype.hasobject else array.tobytes().hex()
    return {"dtype": name_of(array.dtype), "shape": array.shape, "values": values}


def write_ours(folder):
    (folder / "protos").mkdir(parents=True)
    (folder / "tensors.json").write_text(json.dumps({key: description(array) for key, array in TENSORS.items()}))
    with BundleWriter(folder / "bundle") as writer:
        for key, array in TENSORS.items():
            writer.add(key, array)
            (folder / "protos" / f"{key}.pb").write_bytes(make_tensor_proto(array).SerializeToString())
    with BundleWriter(folder / "many") as writer:
        for number in range(5000):
            writer.add(f"layer_{number:05d}/kernel", np.int32(number))
    with open(folder / "data.tfrecord", "wb") as file:
        writer = RecordWriter(file)
        for record in (b"", b"one", b"\0" * 70_000):
            writer.write(record)
    with EventFileWriter(folder / "logs") as writer:
        for step in range(50):
            event = message_class("tensorflow.Event")(step=step, wall_time=step)
            event.summary.value.add(tag="loss", simple_value=step)
            writer.write(event)
    data = [bytes([size % 251]) * size for size in (0, 1, 3, 4, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 1000)]
    (folder / "fingerprints.json").write_text(json.dumps({text.hex(): fingerprint64(text) for text in data}))


@pytest.fixture(scope="module")
def exchange(tmp_path_factory, tensorflow):
    folder = tmp_path_factory.mktemp("exchange")
    write_ours(folder / "ours")
    tensorflow.run(Path(__file__).with_name("formats_tensorflow.py"), folder)
    return folder


@pytest.mark.parametrize("check", CHECKS)
def test_tensorflow_is_content(exchange, check):
    report = json.loads((exchange / "report.json").read_text())
    assert report[check] is None, report[check]


def test_every_check_of_tensorflows_half_is_looked_at(exchange):
    assert set(CHECKS) == set(json.loads((exchange / "report.json").read_text()))


@pytest.mark.parametrize("bundle", ["bundle", "shards"])
def test_we_read_tensorflows_bundle(exchange, bundle):
    reader = BundleReader(exchange / "theirs" / bundle)
    assert set(reader.keys()) == set(TENSORS)
    for key, array in TENSORS.items():
        assert identical(reader.read(key), array), key
        assert reader.spec(key).shape == array.shape


def test_tensorflows_shards_are_several_files(exchange):
    assert len(list((exchange / "theirs").glob("shards.data-*-of-00003"))) == 3


def test_our_data_file_is_tensorflows_byte_for_byte(exchange):
    name = "bundle.data-00000-of-00001"
    assert (exchange / "ours" / name).read_bytes() == (exchange / "theirs" / name).read_bytes()


def test_we_put_tensorflows_slices_together(exchange):
    reader = BundleReader(exchange / "theirs" / "slices")
    assert reader.keys() == ("columns", "rows")
    assert np.array_equal(reader.read("rows"), np.arange(1200, dtype=np.float32).reshape(200, 6))
    assert np.array_equal(reader.read("columns"), np.arange(12, dtype=np.int32).reshape(2, 6))


def test_we_read_a_checkpoint_of_many_variables(exchange):
    reader = BundleReader(exchange / "theirs" / "checkpoint")
    key = "block_{:04d}_kernel/.ATTRIBUTES/VARIABLE_VALUE"
    assert len(reader.keys()) >= 4000
    for number in (0, 1, 2000, 3999):
        assert reader.read(key.format(number)).tolist() == [number] * 3
    graph = message_class("tensorflow.TrackableObjectGraph").FromString(
        reader.read("_CHECKPOINTABLE_OBJECT_GRAPH").item()
    )
    assert len(graph.nodes) >= 4000


def test_we_read_tensorflows_records(exchange):
    assert list(read_records(exchange / "theirs" / "data.tfrecord")) == [b"", b"two", b"\xff" * 70_000]


@pytest.mark.parametrize("key", TENSORS)
def test_we_read_tensorflows_protos(exchange, key):
    message = TensorProto.FromString((exchange / "theirs" / "protos" / f"{key}.pb").read_bytes())
    assert identical(make_ndarray(message), TENSORS[key])


def test_we_read_tensorflows_events(exchange):
    (path,) = (exchange / "theirs" / "logs").iterdir()
    first, *events = read_events(path)
    assert first.file_version == "brain.Event:2"
    assert [float(make_ndarray(event.summary.value[0].tensor)) for event in events] == [0, 0.125, 0.25, 0.375, 0.5]
