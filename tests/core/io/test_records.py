import gzip
import zlib

import pytest

import tenon as tf
from tenon.base import NotFoundError
from tenon.formats import read_records


def test_records_are_written_as_the_format_says(tmp_path):
    path = tmp_path / "a.tfrecord"
    writer = tf.io.TFRecordWriter(str(path))
    writer.write(b"one")
    writer.write("two")
    writer.flush()
    assert list(read_records(path)) == [b"one", b"two"]
    writer.close()


@pytest.mark.parametrize(
    ("options", "decompress"),
    [
        ("GZIP", gzip.decompress),
        ("ZLIB", zlib.decompress),
        (tf.io.TFRecordOptions("GZIP", compression_level=1), gzip.decompress),
        (tf.io.TFRecordOptions("ZLIB", compression_level=9), zlib.decompress),
        (tf.io.TFRecordOptions(), bytes),
        (None, bytes),
    ],
)
def test_files_can_be_compressed(tmp_path, options, decompress):
    with tf.io.TFRecordWriter(tmp_path / "packed", options) as writer:
        for record in (b"one", b"two" * 100):
            writer.write(record)
            writer.flush()
    (tmp_path / "plain").write_bytes(decompress((tmp_path / "packed").read_bytes()))
    assert list(read_records(tmp_path / "plain")) == [b"one", b"two" * 100]


def test_wrong_arguments_are_refused(tmp_path):
    with pytest.raises(ValueError, match="compression_type: must be '', 'GZIP' or 'ZLIB'; received 'LZ4'"):
        tf.io.TFRecordOptions("LZ4")
    with pytest.raises(NotFoundError, match="No such file or directory"):
        tf.io.TFRecordWriter(tmp_path / "none" / "a")
    with tf.io.TFRecordWriter(tmp_path / "a") as writer, pytest.raises(TypeError, match=r"Use SerializeToString\(\)"):
        writer.write(tf.train.Example())
    assert tf.io.TFRecordOptions.get_compression_type_string(tf.io.TFRecordOptions("ZLIB")) == "ZLIB"
    assert tf.io.TFRecordOptions.get_compression_type_string(None) == ""
