"""TensorFlow's half of test_formats.py, run in .venv-interop: read what Tenon wrote, write what Tenon will read.

Usage: formats_tensorflow.py FOLDER. Reads FOLDER/ours, writes FOLDER/theirs and FOLDER/report.json: for each check
the reason why it failed, or null.
"""

import json
import sys
import traceback
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorboard.backend.event_processing import event_file_loader
from tensorflow.core.framework import tensor_pb2

FOLDER = Path(sys.argv[1])
OURS, THEIRS = FOLDER / "ours", FOLDER / "theirs"


def array_of(spec):
    """Build an array from its plain description: TensorFlow's name of the dtype, shape, bytes or strings as hex."""
    dtype = tf.dtypes.as_dtype(spec["dtype"]).as_numpy_dtype
    if spec["dtype"] == "string":
        return np.array([bytes.fromhex(text) for text in spec["values"]] or [b""], object)[
            : len(spec["values"])
        ].reshape(spec["shape"])
    return np.frombuffer(bytes.fromhex(spec["values"]), dtype).reshape(spec["shape"])


def check_equal(have, want, what):
    have = np.array(have, object) if isinstance(have, bytes) else have  # what numpy() makes of a scalar string
    assert have.dtype == want.dtype, f"{what}: {have.dtype} is not {want.dtype}"
    assert have.shape == want.shape, f"{what}: {have.shape} is not {want.shape}"
    same = have.tolist() == want.tolist() if have.dtype.hasobject else have.tobytes() == want.tobytes()
    assert same, f"{what}: {have} is not {want}"


TENSORS = {
    key: (spec["dtype"], array_of(spec)) for key, spec in json.loads((OURS / "tensors.json").read_text()).items()
}


def tensorflow_reads_our_bundle():
    reader = tf.train.load_checkpoint(str(OURS / "bundle"))
    shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    assert set(shapes) == set(TENSORS), set(shapes) ^ set(TENSORS)
    for key, (dtype, array) in TENSORS.items():
        assert shapes[key] == list(array.shape)
        assert dtypes[key] == tf.dtypes.as_dtype(dtype)
        (tensor,) = tf.raw_ops.RestoreV2(
            prefix=str(OURS / "bundle"), tensor_names=[key], shape_and_slices=[""], dtypes=[dtypes[key]]
        )
        check_equal(tensor.numpy(), array, key)


def tensorflow_writes_a_bundle():
    keys = list(TENSORS)
    tf.raw_ops.SaveV2(
        prefix=str(THEIRS / "bundle"),
        tensor_names=keys,
        shape_and_slices=[""] * len(keys),
        tensors=[tf.constant(array, dtype) for dtype, array in TENSORS.values()],
    )


def tensorflow_writes_shards():
    keys = sorted(TENSORS)
    prefixes = [str(THEIRS / f"part{number}") for number in range(3)]
    for number, prefix in enumerate(prefixes):
        names = keys[number::3]
        tf.raw_ops.SaveV2(
            prefix=prefix,
            tensor_names=names,
            shape_and_slices=[""] * len(names),
            tensors=[tf.constant(TENSORS[name][1], TENSORS[name][0]) for name in names],
        )
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=prefixes, destination_prefix=str(THEIRS / "shards"))


def tensorflow_writes_slices():
    whole = tf.reshape(tf.range(200 * 6, dtype=tf.float32), (200, 6))
    columns = tf.reshape(tf.range(12), (2, 6))
    tf.raw_ops.SaveV2(
        prefix=str(THEIRS / "slices"),
        tensor_names=["rows", "rows", "columns", "columns"],
        shape_and_slices=["200 6 0,150:-", "200 6 150,50:-", "2 6 -:0,4", "2 6 -:4,2"],
        tensors=[whole[:150], whole[150:], columns[:, :4], columns[:, 4:]],
    )


def tensorflow_writes_a_checkpoint_of_many_variables():
    many = {f"block_{number:04d}/kernel": tf.Variable(tf.fill((3,), float(number))) for number in range(4000)}
    tf.train.Checkpoint(**{name.replace("/", "_"): value for name, value in many.items()}).write(
        str(THEIRS / "checkpoint")
    )


def tensorflow_reads_our_large_index():
    reader = tf.train.load_checkpoint(str(OURS / "many"))
    assert len(reader.get_variable_to_shape_map()) == 5000
    for number in (0, 1, 15, 16, 17, 2500, 4999):
        assert reader.get_tensor(f"layer_{number:05d}/kernel") == number


def tensorflow_reads_our_records():
    have = [record.numpy() for record in tf.data.TFRecordDataset(str(OURS / "data.tfrecord"))]
    assert have == [b"", b"one", b"\0" * 70_000], [len(record) for record in have]


def tensorflow_writes_records():
    with tf.io.TFRecordWriter(str(THEIRS / "data.tfrecord")) as writer:
        for record in (b"", b"two", b"\xff" * 70_000):
            writer.write(record)


def tensorflow_reads_our_protos():
    for path in sorted((OURS / "protos").iterdir()):
        _, array = TENSORS[path.stem]
        message = tensor_pb2.TensorProto.FromString(path.read_bytes())
        try:
            have = tf.make_ndarray(message)
        except TypeError:  # the fnuz float8 of an empty tensor: make_ndarray reads them from tensor_content only
            assert array.size == 0
            continue
        check_equal(have, array, path.name)


def tensorflow_runs_our_protos():
    """The C++ decoder is the one that TensorFlow Serving uses."""
    for path in sorted((OURS / "protos").iterdir()):
        dtype, array = TENSORS[path.stem]
        message = tensor_pb2.TensorProto.FromString(path.read_bytes())
        op = tf.raw_ops.ParseTensor(serialized=message.SerializeToString(), out_type=tf.dtypes.as_dtype(dtype))
        check_equal(op.numpy(), array, path.name)


def tensorflow_writes_protos():
    (THEIRS / "protos").mkdir()
    for key, (dtype, array) in TENSORS.items():
        try:
            message = tf.make_tensor_proto(array)
        except TypeError:  # the fnuz float8 as a scalar
            message = tensor_pb2.TensorProto(
                dtype=tf.dtypes.as_dtype(dtype).as_datatype_enum,
                tensor_shape=tf.TensorShape(array.shape).as_proto(),
                tensor_content=array.tobytes(),
            )
        (THEIRS / "protos" / f"{key}.pb").write_bytes(message.SerializeToString())


def tensorboard_reads_our_events():
    (path,) = (OURS / "logs").iterdir()
    events = list(event_file_loader.EventFileLoader(str(path)).Load())
    assert events[0].file_version == "brain.Event:2"
    assert [event.step for event in events[1:]] == list(range(50))
    assert [event.summary.value[0].tag for event in events[1:]] == ["loss"] * 50


def tensorflow_writes_events():
    writer = tf.summary.create_file_writer(str(THEIRS / "logs"))
    with writer.as_default():
        for step in range(5):
            tf.summary.scalar("accuracy", step / 8, step=step)
    writer.close()


def fingerprints_are_equal():
    pairs = json.loads((OURS / "fingerprints.json").read_text())
    data = [bytes.fromhex(text) for text in pairs]
    buckets = 2**63 - 1
    have = tf.strings.to_hash_bucket_fast(data, buckets).numpy().tolist()
    assert have == [value % buckets for value in pairs.values()]


CHECKS = [
    value
    for name, value in list(globals().items())
    if name.startswith(("tensorflow_", "tensorboard_", "fingerprints_"))
]


def run(check):
    try:
        check()
    except Exception:
        return traceback.format_exc()
    return None


if __name__ == "__main__":
    THEIRS.mkdir()
    (FOLDER / "report.json").write_text(json.dumps({check.__name__: run(check) for check in CHECKS}))
