"""Checkpoints in both worlds: each side restores what the other saved, and behaves alike.

One process of TensorFlow runs checkpoint_objects.py as a script; here the same functions run with Tenon.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tenon as tf
from tenon.formats import BundleReader
from tenon.train import Checkpoint, list_variables
from tests.interop import checkpoint_objects
from tests.interop.checkpoint_objects import BEHAVIOUR, ZOO, go_on, readers

pytestmark = pytest.mark.interop

SCRIPT = """
import runpy, sys
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Momentum:
    """An optimizer that keeps a slot beside its variable, as those of ``tf.compat.v1`` do."""

    def __init__(self, variable, value):
        self.variable = variable
        self.slot = tf.Variable(value)

    def get_slot_names(self):
        return ["momentum"]

    def get_slot(self, variable, name):
        return self.slot if variable is self.variable and name == "momentum" else None

    def _trackable_children(self):
        return {}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory, run_in_tensorflow) -> Path:
    folder = tmp_path_factory.mktemp("worlds")
    ours, theirs = folder / "ours", folder / "theirs"
    (theirs / "behaviour").mkdir(parents=True)
    for name, make in ZOO.items():
        make(tf, 3).save(ours / name)
    for value in (1, 2):
        Checkpoint(v=tf.Variable(value)).write(ours / "twice")
    BEHAVIOUR["managed"](tf, str(ours / "behaviour"))
    Checkpoint(optimizer=Momentum(v := tf.Variable([0.0, 0.0]), [3.0, 4.0]), v=v).write(ours / "slots")
    run_in_tensorflow(SCRIPT, checkpoint_objects.__file__, ours, theirs)
    return folder


@pytest.fixture(scope="module")
def report(worlds) -> dict:
    return json.loads((worlds / "theirs" / "report.json").read_text())


def test_a_bundle_that_was_written_twice_is_read_by_tensorflow(report):
    assert report["written twice"] == 2


def test_tensorflow_restores_our_slots(report):
    assert report["slot"] == [3.0, 4.0]


def test_tenon_restores_their_slots(worlds):
    optimizer = Momentum(v := tf.Variable([0.0, 0.0]), [0.0, 0.0])
    Checkpoint(optimizer=optimizer, v=v).read(worlds / "theirs" / "slots").assert_consumed()
    np.testing.assert_allclose(v.numpy(), [0.8, 1.6], rtol=1e-6)
    assert optimizer.slot.numpy().tolist() == [2.0, 4.0]


def test_tensorflows_manager_goes_on_with_our_folder(report):
    ours = report["went on"]
    assert (ours["known"], ours["restored"], ours["saved"]) == (["own-20", "ckpt-7"], "ckpt-7", "ckpt-8")


def test_tenons_manager_goes_on_with_their_folder(worlds, report):
    assert go_on(tf, str(worlds / "theirs" / "behaviour" / "managed")) == report["went on"]


def test_a_checkpoint_of_tensorflow_1_goes_by_the_names_of_variables(worlds):
    held = tf.Module()
    held.anything = [tf.Variable([0.0, 0.0], name="a"), tf.Variable(0, name="scope/b")]
    Checkpoint(held).restore(worlds / "theirs" / "behaviour" / "names").assert_consumed()
    assert [variable.numpy().tolist() for variable in held.anything] == [[1.0, 2.0], 3]
    held.more = tf.Variable(0, name="more")
    with pytest.raises(AssertionError, match=r"1 objects have none of its names, such as \['more'\]"):
        Checkpoint(held).restore(worlds / "theirs" / "behaviour" / "names").assert_consumed()


def test_the_variables_of_a_saved_model_are_restored(worlds):
    held = tf.Module()
    held.w, held.items = tf.Variable([0.0, 0.0]), [tf.Variable(0.0)]
    Checkpoint(held).restore(worlds / "theirs" / "saved_model").expect_partial()
    assert (held.w.numpy().tolist(), float(held.items[0])) == ([4.0, 5.0], 6.0)


def tensors(path) -> dict:
    reader = BundleReader(path)
    keys = [key for key, _ in list_variables(path) if key != "_CHECKPOINTABLE_OBJECT_GRAPH"]
    return {key: reader.read(key) for key in keys}


def assert_identical(have: dict, want: dict):
    assert set(have) == set(want)
    for key, array in want.items():
        assert have[key].dtype == array.dtype, key
        np.testing.assert_array_equal(have[key], array, err_msg=key)


@pytest.mark.parametrize("name", ZOO)
def test_tensorflow_restores_all_of_ours_and_finds_nothing_else(worlds, report, name):
    assert report["restored"][name] == "ok"
    assert_identical(tensors(worlds / "theirs" / f"{name}-again"), tensors(worlds / "ours" / f"{name}-1"))


@pytest.mark.parametrize("name", ZOO)
def test_tenon_restores_all_of_theirs_and_finds_nothing_else(worlds, tmp_path, name):
    checkpoint = ZOO[name](tf, 2)
    checkpoint.restore(worlds / "theirs" / f"{name}-1").assert_consumed()
    checkpoint.write(tmp_path / "again")
    assert_identical(tensors(tmp_path / "again"), tensors(worlds / "theirs" / f"{name}-1"))


@pytest.mark.parametrize("name", BEHAVIOUR)
def test_tenon_behaves_as_tensorflow_does(tmp_path, report, name):
    assert json.loads(json.dumps(BEHAVIOUR[name](tf, tmp_path))) == report["behaviour"][name]


def test_the_state_file_is_theirs_letter_for_letter(worlds):
    ours, theirs = (worlds / side / "checkpoint" for side in ("ours", "theirs"))
    last = [*ZOO][-1]
    assert ours.read_text() == f'model_checkpoint_path: "{last}-1"\nall_model_checkpoint_paths: "{last}-1"\n'
    assert theirs.read_text() == ours.read_text()


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_both_see_the_same_in_a_checkpoint(worlds, report, side):
    assert json.loads(json.dumps(readers(tf, str(worlds / side / "module-1")))) == report["readers"][side]
