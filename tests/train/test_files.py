import os
import subprocess
import sys
import time

import pytest

from tenon.train._files import delete_checkpoint, delete_leftovers

OLD = time.time() - 3600


@pytest.fixture(scope="module")
def dead_process():
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def touched(path, moment=OLD):
    path.write_bytes(b"")
    os.utime(path, (moment, moment))
    return path


def test_all_files_of_a_checkpoint_go_and_no_others(tmp_path):
    for name in ("a-1.index", "a-1.data-00000-of-00002", "a-1.data-00001-of-00002", "a-1.data-00000-of-00001"):
        touched(tmp_path / name)
    kept = {touched(tmp_path / name) for name in ("a-10.index", "a-11.data-00000-of-00001", "a-1.dat", "checkpoint")}
    delete_checkpoint(str(tmp_path / "a-1"))
    assert set(tmp_path.iterdir()) == kept
    delete_checkpoint(str(tmp_path / "a-1"))


def test_a_path_may_hold_what_patterns_give_a_meaning_to(tmp_path):
    touched(tmp_path / "a[1]-1.data-00000-of-00001")
    kept = touched(tmp_path / "a1-1.data-00000-of-00001")
    delete_checkpoint(str(tmp_path / "a[1]-1"))
    assert list(tmp_path.iterdir()) == [kept]


def test_what_killed_processes_left_goes(tmp_path, dead_process):
    for name in (
        f".ckpt-3.data-00000-of-00001.tmp-{dead_process}-0a1b2c3d",
        f".ckpt-3.index.tmp-{dead_process}-ffffffff",
    ):
        touched(tmp_path / name)
    delete_leftovers(str(tmp_path / "ckpt"))
    assert list(tmp_path.iterdir()) == []


def test_what_somebody_may_still_write_stays(tmp_path, dead_process):
    kept = {
        touched(tmp_path / f".ckpt-3.index.tmp-{os.getpid()}-00000000"),
        touched(tmp_path / ".ckpt-3.index.tmp-1-00000000"),
        touched(tmp_path / f".ckpt-4.index.tmp-{dead_process}-00000000", time.time()),
        touched(tmp_path / f".other-3.index.tmp-{dead_process}-00000000"),
        touched(tmp_path / f".ckpt-3.tmp-{dead_process}-notes.txt"),
        touched(tmp_path / "ckpt-3.index"),
    }
    delete_leftovers(str(tmp_path / "ckpt"))
    assert set(tmp_path.iterdir()) == kept


def test_a_folder_that_is_not_there_yet_has_nothing_to_delete(tmp_path):
    delete_leftovers(str(tmp_path / "new" / "ckpt"))
