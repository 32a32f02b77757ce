"""Files of an audit, in their order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.serving.security._audit_files import _BLOCK, ends_with_line, in_order, lines_backwards, rotate

LINES = st.binary(min_size=1, max_size=5).filter(lambda line: b"\n" not in line)


def names(paths):
    return [path.name for path in paths]


def test_files_are_in_the_order_of_their_numbers_and_strangers_are_not_among_them(tmp_path):
    for name in ("a.log", "a.log.1", "a.log.10", "a.log.2", "a.log.x", "a.log.01", "a.log.lock", "b.log", "a.log.1.gz"):
        (tmp_path / name).touch()
    assert names(in_order(tmp_path / "a.log")) == ["a.log.10", "a.log.2", "a.log.1", "a.log"]
    assert in_order(tmp_path / "[a].log") == []


def test_rotation_moves_every_file_and_drops_the_oldest(tmp_path):
    path = tmp_path / "a"
    for number in range(5):
        path.write_text(str(number))
        rotate(path, keep=3)
    assert [each.read_text() for each in in_order(path)] == ["2", "3", "4"]
    assert names(in_order(path)) == ["a.3", "a.2", "a.1"]


def test_a_rotation_that_was_interrupted_can_be_done_again(tmp_path):
    path = tmp_path / "a"
    (tmp_path / "a.2").write_text("old")
    rotate(path, keep=3)  # there is no "a": the last rotation had moved it
    assert names(in_order(path)) == ["a.3"]


@given(
    st.lists(st.lists(st.binary(max_size=5).filter(lambda line: b"\n" not in line and line), max_size=5), max_size=3)
)
def test_lines_come_backwards(tmp_path_factory, files):
    folder = tmp_path_factory.mktemp("files")
    paths = []
    for number, content in enumerate(files):
        path = folder / str(number)
        path.write_bytes(b"".join(line + b"\n" for line in content))
        paths.append(path)
    assert list(lines_backwards(paths)) == [line for content in reversed(files) for line in reversed(content)]


@pytest.mark.parametrize("length", [_BLOCK - 1, _BLOCK, _BLOCK + 1, 3 * _BLOCK])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_long_lines_and_unfinished_ones_come_whole(tmp_path, length, end):
    path = tmp_path / "a"
    path.write_bytes(b"first\n" + b"x" * length + b"\nlast" + end)
    assert list(lines_backwards([path])) == [b"last", b"x" * length, b"first"]
    assert ends_with_line(path) is (end == b"\n")


def test_a_file_without_anything_ends_well(tmp_path):
    assert ends_with_line(tmp_path / "none")
    (tmp_path / "empty").touch()
    assert ends_with_line(tmp_path / "empty")
