"""Records and examples: `tf.train.Example` messages, written to record files and parsed into tensors."""

import tempfile

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf, features, messages, parsing_one, parsing_many, lists_of_any_length, record_files, tensors_in_bytes, refused
    )


def features(tf):
    made = {
        "bytes": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"oak", b"ash"])),
        "floats": tf.train.Feature(float_list=tf.train.FloatList(value=[1.5, 2.5])),
        "ints": tf.train.Feature(int64_list=tf.train.Int64List(value=[1, -2, 2**40])),
    }
    return {
        "bytes": list(made["bytes"].bytes_list.value),
        "floats": list(made["floats"].float_list.value),
        "ints": list(made["ints"].int64_list.value),
        "serialised": made["ints"].SerializeToString(),
    }


def tree(tf, age, name, heights):
    feature = {
        "age": tf.train.Feature(int64_list=tf.train.Int64List(value=[age])),
        "name": tf.train.Feature(bytes_list=tf.train.BytesList(value=[name.encode()])),
        "heights": tf.train.Feature(float_list=tf.train.FloatList(value=heights)),
    }
    return tf.train.Example(features=tf.train.Features(feature=feature))


def messages(tf):
    example = tree(tf, 120, "oak", [1.0, 2.5])
    again = tf.train.Example.FromString(example.SerializeToString())
    return {
        "same": again == example,
        "names": sorted(again.features.feature),
        "age": list(again.features.feature["age"].int64_list.value),
        "kind": again.features.feature["name"].WhichOneof("kind"),
    }


def description(tf):
    return {
        "age": tf.io.FixedLenFeature([], tf.int64),
        "name": tf.io.FixedLenFeature([], tf.string, default_value="unknown"),
        "heights": tf.io.FixedLenFeature([2], tf.float32),
        "weight": tf.io.FixedLenFeature([], tf.float32, default_value=-1.0),
    }


def parsing_one(tf):
    parsed = tf.io.parse_single_example(tree(tf, 120, "oak", [1.0, 2.5]).SerializeToString(), description(tf))
    return parsed | {"dtypes": {name: tensor.dtype.name for name, tensor in parsed.items()}}


def parsing_many(tf):
    serialised = [
        tree(tf, age, name, [age / 2, age / 4]).SerializeToString()
        for age, name in ((10, "ash"), (20, "elm"), (30, "yew"))
    ]
    return tf.io.parse_example(tf.constant(serialised), description(tf))


def lists_of_any_length(tf):
    serialised = [tree(tf, 1, "a", heights).SerializeToString() for heights in ([1.0], [2.0, 3.0, 4.0], [])]
    parsed = tf.io.parse_example(
        serialised, {"heights": tf.io.VarLenFeature(tf.float32), "age": tf.io.FixedLenFeature([1], tf.int64)}
    )
    ragged = tf.io.parse_example(serialised, {"heights": tf.io.RaggedFeature(tf.float32)})
    padded = tf.io.parse_example(
        serialised, {"heights": tf.io.FixedLenSequenceFeature([], tf.float32, allow_missing=True, default_value=-1.0)}
    )
    return {
        "sparse": [parsed["heights"].indices, parsed["heights"].values, parsed["heights"].dense_shape],
        "dense": tf.sparse.to_dense(parsed["heights"]),
        "age": parsed["age"],
        "ragged": ragged["heights"].to_list(),
        "padded": padded["heights"],
    }


def record_files(tf):
    path = tempfile.mkdtemp() + "/trees.tfrecord"
    with tf.io.TFRecordWriter(path) as writer:
        for record in (b"first", b"", b"the third"):
            writer.write(record)
    packed = tempfile.mkdtemp() + "/trees.tfrecord.gz"
    with tf.io.TFRecordWriter(packed, tf.io.TFRecordOptions(compression_type="GZIP")) as writer:
        writer.write(b"one record")
    with tf.io.gfile.GFile(path, "rb") as file:
        content = file.read()
    with tf.io.gfile.GFile(packed, "rb") as file:
        magic = file.read(2)
    return {"content": content, "gzip": magic, "size": tf.io.gfile.stat(path).length == len(content)}


def tensors_in_bytes(tf):
    matrix = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[tf.io.serialize_tensor(matrix).numpy()]))
    serialised = tf.train.Example(features=tf.train.Features(feature={"matrix": feature})).SerializeToString()
    parsed = tf.io.parse_single_example(serialised, {"matrix": tf.io.FixedLenFeature([], tf.string)})
    raw = tf.io.decode_raw(tf.constant(np.arange(4, dtype=np.float32).tobytes()), tf.float32)
    return {"matrix": tf.io.parse_tensor(parsed["matrix"], out_type=tf.float32), "raw": tf.reshape(raw, [2, 2])}


def refused(tf):
    serialised = tree(tf, 1, "a", [1.0, 2.0]).SerializeToString()
    wrong = tf.errors.InvalidArgumentError
    return {
        "missing": caught(
            lambda: tf.io.parse_single_example(serialised, {"none": tf.io.FixedLenFeature([], tf.int64)}), wrong
        ),
        "other length": caught(
            lambda: tf.io.parse_single_example(serialised, {"heights": tf.io.FixedLenFeature([3], tf.float32)}), wrong
        ),
        "other dtype": caught(
            lambda: tf.io.parse_single_example(serialised, {"age": tf.io.FixedLenFeature([], tf.string)}), wrong
        ),
    }
