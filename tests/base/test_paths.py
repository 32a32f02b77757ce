"""Writes happen whole or not at all."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tenon.base import replace_directory, write_file


def test_a_directory_appears_whole(tmp_path):
    with replace_directory(tmp_path / "new" / "model") as temporary:
        (temporary / "a").write_text("1")
        assert not (tmp_path / "new" / "model").exists()
    assert (tmp_path / "new" / "model" / "a").read_text() == "1"


@pytest.mark.parametrize("before", ["directory", "file", "link"])
def test_what_was_there_is_replaced(tmp_path, before):
    target = tmp_path / "model"
    if before == "directory":
        target.mkdir()
        (target / "old").touch()
    elif before == "file":
        target.write_text("old")
    else:
        (tmp_path / "elsewhere").mkdir()
        target.symlink_to(tmp_path / "elsewhere")
    with replace_directory(target) as temporary:
        (temporary / "new").touch()
    assert [path.name for path in target.iterdir()] == ["new"]
    assert {path.name for path in tmp_path.iterdir()} <= {"model", "elsewhere"}


def test_a_failure_leaves_everything_as_it_was(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").touch()

    def fail():
        with replace_directory(tmp_path / "model") as temporary:
            (temporary / "new").touch()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model" / "old").exists()


def test_two_that_write_a_new_directory_at_once_both_succeed(tmp_path):
    target = tmp_path / "model"
    barrier = threading.Barrier(4)

    def write(number):
        for round_ in range(20):
            with replace_directory(target / str(round_)) as temporary:
                (temporary / "writer").write_text(str(number))
                barrier.wait(timeout=20)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(list(target.glob("*/writer"))) == 20
    assert sorted(path.name for path in target.iterdir()) == sorted(map(str, range(20)))


def test_a_file_is_replaced_whole(tmp_path):
    write_file(tmp_path / "a", b"one")
    write_file(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_leaves_what_was_there(tmp_path):
    """A limit on file size is met by the kernel as a full disk is: the write fails in the middle."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").touch()
    script = """
import resource, signal, sys
from tenon.base import replace_directory, write_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for write in (lambda t: (t / "big").write_bytes(bytes(2000)),):
    try:
        with replace_directory(sys.argv[1]) as temporary:
            write(temporary)
    except OSError as error:
        print("refused", error.errno)
try:
    write_file(sys.argv[1] + "/old", bytes(2000))
except OSError as error:
    print("refused", error.errno)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "model")], capture_output=True, text=True, check=True
    )
    assert done.stdout.count("refused") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["old"]
    assert (tmp_path / "model" / "old").stat().st_size == 0


def test_a_parent_that_cannot_be_written_is_an_os_error(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(OSError, match=os.strerror(20) + "|" + os.strerror(17)),
        replace_directory(tmp_path / "file" / "m"),
    ):
        pass
