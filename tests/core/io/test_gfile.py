import pytest

import tenon as tf
from tenon.base import AlreadyExistsError, NotFoundError, PermissionDeniedError

gfile = tf.io.gfile


def test_a_file_is_text_or_bytes_as_its_mode_says(tmp_path):
    path = tmp_path / "a.txt"
    with gfile.GFile(path, "w") as file:
        file.write("é\r\nb\n")
    assert path.read_bytes() == "é\r\nb\n".encode()
    with gfile.GFile(str(path)) as file:
        assert list(file) == ["é\r\n", "b\n"]
    with gfile.GFile(path, "rb") as file:
        assert (file.read(2), file.tell(), file.readline(), file.readlines()) == ("é".encode(), 2, b"\r\n", [b"b\n"])
        file.seek(0)
        file.seek(1, 1)
        file.seek(position=0)
        assert file.seekable()
        assert file.size() == 6
        assert (file.name, file.mode) == (path, "rb")
        with pytest.raises(TypeError, match="offset argument required"):
            file.seek()


def test_a_file_is_opened_when_it_is_first_used(tmp_path):
    file = gfile.GFile(tmp_path / "none")
    with pytest.raises(NotFoundError, match="No such file"):
        file.read()
    with pytest.raises(PermissionDeniedError, match="File isn't open for writing; its mode is 'r'"):
        file.write("x")
    with pytest.raises(PermissionDeniedError, match="File isn't open for reading"):
        gfile.GFile(tmp_path / "b", "w").read()


def test_a_file_can_be_appended_to_and_flushed(tmp_path):
    path = tmp_path / "a"
    path.write_text("one")
    file = gfile.GFile(path, "a")
    file.write("two")
    file.flush()
    assert path.read_text() == "onetwo"
    file.close()
    file.close()


def test_directories_are_made_listed_walked_and_removed(tmp_path):
    gfile.makedirs(tmp_path / "a" / "b")
    gfile.makedirs(tmp_path / "a")
    gfile.mkdir(tmp_path / "a" / "c")
    (tmp_path / "a" / "f").touch()
    assert sorted(gfile.listdir(tmp_path / "a")) == ["b", "c", "f"]
    assert gfile.isdir(tmp_path / "a")
    assert not gfile.isdir(tmp_path / "a" / "f")
    walked = [(top.removeprefix(str(tmp_path)), sorted(inner), files) for top, inner, files in gfile.walk(tmp_path)]
    assert walked[:2] == [("", ["a"], []), ("/a", ["b", "c"], ["f"])]
    assert [top for top, _, _ in gfile.walk(tmp_path, topdown=False)][-1] == str(tmp_path)
    gfile.rmtree(tmp_path / "a")
    assert not gfile.exists(tmp_path / "a")


def test_what_cannot_be_walked_is_told(tmp_path):
    told = []
    assert list(gfile.walk(tmp_path / "none", onerror=told.append)) == []
    assert isinstance(told[0], NotFoundError)


def test_files_are_copied_renamed_and_removed(tmp_path):
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_text("one")
    gfile.copy(first, second)
    for change in (gfile.copy, gfile.rename):
        with pytest.raises(AlreadyExistsError, match=r"file already exists: .*/2; to replace it say overwrite=True"):
            change(first, second)
    second.write_text("two")
    gfile.rename(first, second, overwrite=True)
    assert second.read_text() == "one"
    found = gfile.stat(second)
    assert (found.length, found.is_directory) == (3, False)
    assert found.mtime_nsec > 10**18
    gfile.remove(second)
    assert gfile.glob([str(tmp_path / "*"), str(tmp_path / "**")]) == []


@pytest.mark.parametrize("change", [gfile.listdir, gfile.remove, gfile.rmtree, gfile.stat])
def test_what_is_not_there_is_not_found(change, tmp_path):
    with pytest.raises(NotFoundError):
        change(tmp_path / "none")


def test_names_are_joined():
    assert gfile.join("a", "b", "/c", "d") == "/c/d"
    assert gfile.get_registered_schemes() == ["", "file"]
