"""Files that are whole, or recovered, or nobody's."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tenon.formats import RecordWriter, read_records
from tenon.serving.telemetry._log_files import UNFINISHED, LogFile, recover

WRITE_AND_DIE = """
import os, signal, sys
from pathlib import Path
from tenon.formats import RecordWriter
from tenon.serving.telemetry._log_files import LogFile
file = LogFile(Path(sys.argv[1]), sys.argv[2])
class Bytes:
    def write(self, data):
        file.append(data)
for number in range(5):
    RecordWriter(Bytes()).write(b"record %d" % number)
file.append(b"the begin of a record")
os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def abandoned(prefix, suffix, content=b""):
    file = LogFile(prefix, suffix)
    file.append(content)
    path = file.path
    kept = path.read_bytes()
    file.discard()
    path.write_bytes(kept)
    return path


def test_a_file_is_temporary_until_it_is_finished(tmp_path):
    file = LogFile(tmp_path / "log", ".tfrecord")
    file.append(b"one")
    assert names(tmp_path) == [file.path.name]
    assert file.path.name.endswith(".tfrecord.tmp")
    final = file.finish()
    assert names(tmp_path) == [final.name]
    assert final.read_bytes() == b"one"
    assert final.name.startswith("log-")


def test_two_files_have_two_names(tmp_path):
    files = [LogFile(tmp_path / "log", ".tfrecord") for _ in range(20)]
    assert len({file.finish() for file in files}) == 20


def test_whole_records_of_a_killed_process_are_recovered(tmp_path):
    killed = subprocess.run([sys.executable, "-c", WRITE_AND_DIE, tmp_path / "log", ".tfrecord"])
    assert killed.returncode == -9
    (final,) = recover(tmp_path / "log", ".tfrecord")
    assert list(read_records(final)) == [b"record %d" % number for number in range(5)]
    assert names(tmp_path) == [final.name]


def test_processes_that_start_together_recover_each_file_once(tmp_path):
    for number in range(30):
        path = abandoned(tmp_path / "log", ".tfrecord")
        with path.open("wb") as file:
            RecordWriter(file).write(b"%d" % number)
    with ThreadPoolExecutor(8) as threads:  # each call has its own open files, as a process has
        finished = list(threads.map(recover, [tmp_path / "log"] * 8, [".tfrecord"] * 8))
    assert sorted(path for paths in finished for path in paths) == sorted(tmp_path.iterdir())
    assert len({record for path in tmp_path.iterdir() for record in read_records(path)}) == 30


def test_a_file_that_is_being_written_is_left_alone(tmp_path):
    file = LogFile(tmp_path / "log", ".tfrecord")
    assert recover(tmp_path / "log", ".tfrecord") == []
    assert file.path.exists()
    file.discard()


@pytest.mark.parametrize("suffix", [".tfrecord", ".parquet"])
def test_what_nobody_can_read_is_deleted_and_said(tmp_path, caplog, suffix):
    path = abandoned(tmp_path / "log", suffix, b"garbage")
    assert recover(tmp_path / "log", suffix) == []
    assert names(tmp_path) == []
    assert f"{path}: an unfinished file without a whole record was deleted" in caplog.text


def test_files_of_others_are_left_alone(tmp_path):
    for name in (f"other-1.tfrecord{UNFINISHED}", f"log{UNFINISHED}", "log-1.tfrecord", f"log-1.txt{UNFINISHED}"):
        (tmp_path / name).write_bytes(b"theirs")
    os.mkfifo(tmp_path / f"log-2.tfrecord{UNFINISHED}")  # whoever opened it would wait for ever
    before = names(tmp_path)
    assert recover(tmp_path / "log", ".tfrecord") == []
    assert names(tmp_path) == before


def test_a_missing_directory_is_made(tmp_path):
    assert recover(tmp_path / "a" / "b" / "log", ".tfrecord") == []
    assert (tmp_path / "a" / "b").is_dir()


def test_a_damaged_record_ends_what_is_recovered(tmp_path):
    path = abandoned(tmp_path / "log", ".tfrecord")
    with path.open("wb") as file:
        for record in (b"one", b"two", b"three"):
            RecordWriter(file).write(record)
    data = bytearray(path.read_bytes())
    data[-6] ^= 1
    path.write_bytes(data)
    (final,) = recover(tmp_path / "log", ".tfrecord")
    assert list(read_records(final)) == [b"one", b"two"]
