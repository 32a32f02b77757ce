import threading

import numpy as np
import pytest

from tenon.core.tensors import constant
from tenon.core.variables import Variable
from tenon.train._graph import walk
from tenon.train._writing import BackgroundWriter, Snapshot, snapshot, write_snapshot
from tests.train.objects import module


class Count:
    def _serialize_to_tensors(self):
        return {"a": constant([1.0]), "b": np.ones(2), "c": 3}


def test_a_snapshot_has_arrays_of_what_objects_give():
    found = snapshot(walk(module(it=Count(), v=Variable(2)), {}))
    assert sorted(found.tensors) == [*(f"it/.ATTRIBUTES/{name}" for name in "abc"), "v/.ATTRIBUTES/VARIABLE_VALUE"]
    assert found.tensors["it/.ATTRIBUTES/a"].tolist() == [1.0]


def test_a_copied_snapshot_lies_in_memory_of_its_own():
    array = np.ones(2)

    class Own:
        def _serialize_to_tensors(self):
            return {"a": array}

    kept, copied = (
        snapshot(walk(module(it=Own()), {}), copied).tensors["it/.ATTRIBUTES/a"] for copied in (False, True)
    )
    array[:] = 5
    assert (kept.tolist(), copied.tolist()) == ([5, 5], [1, 1])


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="TensorFlow has no tensors of datetime64"):
        write_snapshot(str(tmp_path / "c"), Snapshot({"a": np.ones(3), "b": np.datetime64("2026-11-21")}, b""))
    assert list(tmp_path.iterdir()) == []


def test_tasks_run_in_the_background_one_at_a_time():
    writer, go, done = BackgroundWriter(), threading.Event(), []
    writer.wait()
    writer.start(lambda: (go.wait(30), done.append(1)))
    assert done == []
    go.set()
    writer.wait()
    assert done == [1]


def test_an_error_is_raised_once_by_who_waits():
    writer = BackgroundWriter()
    writer.start(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        writer.wait()
    writer.wait()
