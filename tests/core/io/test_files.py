import pytest

import tenon as tf
from tenon.base import FailedPreconditionError, InvalidArgumentError, NotFoundError, UnimplementedError


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "new" / "deep" / "a.bin"
    tf.io.write_file(str(path), b"\x00\xff")
    assert tf.io.read_file(str(path)).numpy() == path.read_bytes() == b"\x00\xff"
    assert tf.io.read_file(path).shape == ()
    assert tf.io.read_file(f"file://{path}").numpy() == b"\x00\xff"


def test_names_that_match_are_sorted(tmp_path):
    for name in ("b.txt", "a.txt", ".c.txt", "d.csv"):
        (tmp_path / name).touch()
    found = tf.io.matching_files([f"{tmp_path}/*.txt", f"{tmp_path}/a*"]).numpy().tolist()
    assert [name.rsplit(b"/")[-1] for name in found] == [b".c.txt", b"a.txt", b"b.txt"]
    assert tf.io.matching_files(f"{tmp_path}/none*").shape == (0,)


def test_errors_of_the_file_system_have_tensorflows_classes(tmp_path):
    with pytest.raises(NotFoundError, match="none; No such file or directory"):
        tf.io.read_file(f"{tmp_path}/none")
    with pytest.raises(FailedPreconditionError, match="Is a directory"):
        tf.io.read_file(str(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(NotFoundError, match="Not a directory"):
        tf.io.read_file(f"{tmp_path}/file/x")


def test_one_name_of_this_machine_is_wanted(tmp_path):
    with pytest.raises(InvalidArgumentError, match=r"filename: must be scalar, but had shape: \[1\]"):
        tf.io.read_file([str(tmp_path)])
    with pytest.raises(UnimplementedError, match="File system scheme 'gs' not implemented"):
        tf.io.read_file("gs://bucket/a.txt")
    with pytest.raises(TypeError, match="Cannot convert 5"):
        tf.io.read_file(5)


def test_names_cannot_come_from_inside_a_traced_function():
    @tf.function
    def function(x):
        return tf.io.decode_raw(tf.io.read_file(tf.strings.as_string(x)), tf.uint8)

    with pytest.raises(InvalidArgumentError, match="read on the host"):
        function(tf.constant(1))
