import copy
import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest
from hypothesis import given

from tenon.base import (
    DataLossError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    UnimplementedError,
)
from tenon.core.functions import function
from tenon.core.variables import Module, Variable
from tenon.train import Checkpoint, CheckpointOptions, get_checkpoint_state, latest_checkpoint, list_variables
from tests.train.objects import TREES, made, module, plain


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@given(tree=TREES)
def test_any_objects_come_back_as_they_were(tree, tmp_path_factory):
    path = tmp_path_factory.mktemp("c") / "c"
    Checkpoint(held=module(it=made(tree))).write(path)
    other = module(it=made(tree, cleared=True))
    Checkpoint(held=other).read(path).assert_consumed()
    assert plain(other.it) == plain(made(tree))


@given(tree=TREES)
def test_objects_that_appear_after_the_restore_come_back_too(tree, tmp_path_factory):
    path = tmp_path_factory.mktemp("c") / "c"
    Checkpoint(held=module(it=made(tree))).write(path)
    other = Module()
    status = Checkpoint(held=other).read(path)
    other.it = made(tree, cleared=True)
    status.assert_consumed()
    assert plain(other.it) == plain(made(tree))


@given(tree=TREES)
def test_an_object_graph_written_again_has_the_same_bytes(tree, tmp_path_factory):
    folder = tmp_path_factory.mktemp("c")
    held = module(it=made(tree))
    for name in ("one", "two"):
        Checkpoint(held=held).write(folder / name)
    assert (folder / "one.index").read_bytes() == (folder / "two.index").read_bytes()


def test_saves_are_numbered_and_the_last_one_is_noted(tmp_path):
    checkpoint = Checkpoint(v=Variable(1))
    paths = [checkpoint.save(tmp_path / "new" / "ckpt") for _ in range(2)]
    assert paths == [str(tmp_path / "new" / f"ckpt-{number}") for number in (1, 2)]
    assert latest_checkpoint(tmp_path / "new") == paths[1]
    assert list(get_checkpoint_state(tmp_path / "new").all_model_checkpoint_paths) == [paths[1]]
    assert int(checkpoint.save_counter) == 2
    assert checkpoint.save_counter.dtype == "int64"


def test_the_count_goes_on_after_a_restore(tmp_path):
    path = Checkpoint(v=Variable(1)).save(tmp_path / "ckpt")
    other = Checkpoint(v=Variable(0))
    other.restore(path).assert_consumed()
    assert other.save(tmp_path / "ckpt")[-2:] == "-2"


def test_what_is_written_is_neither_counted_nor_noted(tmp_path):
    checkpoint = Checkpoint(v=Variable(1))
    assert checkpoint.write(tmp_path / "w") == str(tmp_path / "w")
    assert files(tmp_path) == ["w.data-00000-of-00001", "w.index"]
    assert [name for name, _ in list_variables(tmp_path / "w")][1:] == ["v/.ATTRIBUTES/VARIABLE_VALUE"]


def test_relative_paths_stay_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Checkpoint(v=Variable(1)).save("here/ckpt")
    assert (path, latest_checkpoint("here")) == ("here/ckpt-1", "here/ckpt-1")
    (tmp_path / "here").rename(tmp_path / "there")
    assert latest_checkpoint("there") == "there/ckpt-1"


def test_a_root_is_saved_without_a_name_before_its_parts(tmp_path):
    held = module(w=Variable(1))
    path = Checkpoint(held, extra=Variable(2)).write(tmp_path / "c")
    assert [name.split("/")[0] for name, _ in list_variables(path)][1:] == ["extra", "w"]
    bare = module(w=Variable(0))
    Checkpoint(bare).read(path).assert_existing_objects_matched().expect_partial()
    assert int(bare.w) == 1


def test_a_root_may_be_held_weakly(tmp_path):
    held = module(w=Variable(1))
    checkpoint = Checkpoint(weakref.ref(held))
    path = checkpoint.write(tmp_path / "c")
    held.w.assign(5)
    checkpoint.read(path).assert_consumed()
    assert int(held.w) == 1
    del held
    gc.collect()
    with pytest.raises(FailedPreconditionError, match="root: the object of the weak reference is gone"):
        checkpoint.write(tmp_path / "c")


def test_a_root_must_not_hold_another_object_under_a_given_name():
    held = module(w=Variable(1))
    assert Checkpoint(held, w=held.w).w is held.w
    with pytest.raises(ValueError, match=r"keyword argument w if root\.w already exists"):
        Checkpoint(held, w=Variable(2))


@pytest.mark.parametrize("value", [1, None, "text", np.ones(2), object()], ids=lambda value: type(value).__name__)
def test_what_cannot_be_saved_is_refused_with_its_name(value):
    with pytest.raises(InvalidArgumentError, match="`Checkpoint` was expecting thing to be a trackable object"):
        Checkpoint(thing=value)


def test_a_list_is_no_root():
    with pytest.raises(InvalidArgumentError, match="expecting root to be a trackable object"):
        Checkpoint([Variable(1)])


def test_attributes_set_later_are_saved_and_restored(tmp_path):
    checkpoint = Checkpoint(a=Variable(1))
    checkpoint.b = Variable(2)
    path = checkpoint.write(tmp_path / "c")
    other = Checkpoint(a=Variable(0))
    status = other.read(path)
    other.b = Variable(0)
    status.assert_consumed()
    assert int(other.b) == 2


def test_checkpoints_hold_checkpoints(tmp_path):
    path = Checkpoint(inner=Checkpoint(v=Variable(1))).write(tmp_path / "c")
    other = Checkpoint(inner=Checkpoint(v=Variable(0)))
    other.read(path).assert_consumed()
    assert int(other.inner.v) == 1


def test_objects_are_found_by_the_way_to_them_whatever_they_are_called(tmp_path):
    class Old(Module):
        pass

    old = Old(name="old")
    old.w = Variable([1.0], name="a")
    path = Checkpoint(net=old).write(tmp_path / "c")
    new = module(w=Variable([0.0], name="b"))
    Checkpoint(net=new).read(path).assert_consumed()
    assert float(new.w[0]) == 1.0


def test_a_part_is_restored_and_the_rest_left_alone(tmp_path):
    path = Checkpoint(a=Variable(1), b=Variable(2)).write(tmp_path / "c")
    a, c = Variable(0), Variable(7)
    Checkpoint(a=a, c=c).read(path).expect_partial()
    assert (int(a), int(c)) == (1, 7)


def test_the_variables_of_a_saved_model_directory_are_found(tmp_path):
    (tmp_path / "saved_model.pb").touch()
    Checkpoint(v=Variable(3)).write(tmp_path / "variables" / "variables")
    v = Variable(0)
    Checkpoint(v=v).restore(tmp_path).expect_partial()
    assert int(v) == 3


def test_a_missing_checkpoint_is_named_with_a_hint(tmp_path):
    with pytest.raises(
        NotFoundError, match=r"restoring from .*ckpt: .*missing the checkpoint suffix \(e\.g\. the '-1'"
    ):
        Checkpoint(v=Variable(1)).restore(tmp_path / "ckpt")


def test_a_damaged_file_is_refused_with_its_name(tmp_path):
    path = Checkpoint(v=Variable([1.0, 2.0])).write(tmp_path / "c")
    data = tmp_path / "c.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:3] + b"!" + data.read_bytes()[4:])
    with pytest.raises(DataLossError, match=r"c\.data-00000-of-00001.*checksum"):
        Checkpoint(v=Variable([0.0, 0.0])).read(path)


def test_a_traced_function_cannot_save(tmp_path):
    checkpoint = Checkpoint(v=Variable(1))
    with pytest.raises(UnimplementedError, match=r"Checkpoint.save\(\) from a function is not supported"):
        function(lambda: checkpoint.save(tmp_path / "c"))()
    with pytest.raises(NotImplementedError, match=r"Checkpoint.write\(\) from a function is not supported"):
        function(lambda: checkpoint.write(tmp_path / "c"))()
    assert files(tmp_path) == []


def test_a_save_that_fails_is_not_counted_and_changes_nothing(tmp_path):
    checkpoint = Checkpoint(v=Variable(1))
    first = checkpoint.save(tmp_path / "ckpt")
    (tmp_path / "ckpt-2.index").mkdir()  # where the index should go
    with pytest.raises(OSError, match="ckpt-2"):
        checkpoint.save(tmp_path / "ckpt")
    assert int(checkpoint.save_counter) == 1
    assert latest_checkpoint(tmp_path) == first
    assert files(tmp_path) == ["checkpoint", "ckpt-1.data-00000-of-00001", "ckpt-1.index", "ckpt-2.index"]


FULL_DISK = """
import resource, sys
import numpy as np
from tenon.core.variables import Variable
from tenon.train import Checkpoint, latest_checkpoint
checkpoint = Checkpoint(v=Variable(np.zeros(100_000)))
checkpoint.save(sys.argv[1] + "/ckpt")
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
try:
    checkpoint.save(sys.argv[1] + "/ckpt")
except OSError as error:
    print("refused", latest_checkpoint(sys.argv[1])[-6:], int(checkpoint.save_counter))
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
print(checkpoint.save(sys.argv[1] + "/ckpt")[-6:])
"""


def test_a_full_disk_is_reported_and_leaves_nothing_broken(tmp_path):
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["refused", "ckpt-1", "1", "ckpt-2"]
    assert len(files(tmp_path)) == 5


def test_callbacks_hear_of_what_is_on_disk(tmp_path):
    heard = []
    options = CheckpointOptions(
        experimental_write_callbacks=[lambda path: heard.append(path), lambda: heard.append(files(tmp_path))]
    )
    path = Checkpoint(v=Variable(1)).write(tmp_path / "c", options)
    assert heard == [path, ["c.data-00000-of-00001", "c.index"]]


@pytest.mark.parametrize(
    "options", [CheckpointOptions(enable_async=True), CheckpointOptions(experimental_enable_async_checkpoint=True)]
)
def test_the_background_writes_what_was_true_when_save_was_called(tmp_path, options):
    checkpoint = Checkpoint(v=Variable([1.0, 2.0]))
    paths = []
    for value in range(3):
        checkpoint.v.assign([float(value), 0.0])
        paths.append(checkpoint.save(tmp_path / "ckpt", options))
    checkpoint.v.assign([9.0, 9.0])
    checkpoint.sync()
    assert latest_checkpoint(tmp_path) == paths[-1]
    for value, path in enumerate(paths):
        checkpoint.restore(path, options).assert_consumed()
        assert checkpoint.v.numpy().tolist() == [value, 0.0]


def test_what_goes_wrong_in_the_background_is_raised_by_the_next_call(tmp_path):
    checkpoint = Checkpoint(v=Variable(1))
    (tmp_path / "ckpt-1.index").mkdir()
    checkpoint.save(tmp_path / "ckpt", CheckpointOptions(enable_async=True))
    with pytest.raises(OSError, match="ckpt-1"):
        checkpoint.save(tmp_path / "ckpt")
    checkpoint.sync()
    assert checkpoint.save(tmp_path / "ckpt")[-2:] == "-2"


def test_slots_are_left_alone_when_that_is_asked_for(tmp_path):
    class Momentum:
        def __init__(self, v, value):
            self.v, self.slot = v, Variable(value)

        def get_slot_names(self):
            return ["m"]

        def get_slot(self, variable, name):
            return self.slot if variable is self.v and name == "m" else None

        def _trackable_children(self):
            return {}

    v = Variable(1.0)
    path = Checkpoint(opt=Momentum(v, 5.0), v=v).write(tmp_path / "c")
    for skip, value in ((True, 0.0), (False, 5.0)):
        other = Variable(0.0)
        optimizer = Momentum(other, 0.0)
        options = CheckpointOptions(experimental_skip_slot_variables=skip)
        Checkpoint(opt=optimizer, v=other).read(path, options).assert_consumed()
        assert (float(other), float(optimizer.slot)) == (1.0, value)


def test_nothing_is_restored_of_nothing():
    checkpoint = Checkpoint(v=Variable(1))
    checkpoint.restore(None).initialize_or_restore()
    assert int(checkpoint.v) == 1


def test_a_checkpoint_that_restored_can_go_while_its_objects_stay(tmp_path):
    path = Checkpoint(m=module(w=Variable(3))).write(tmp_path / "c")
    held = Module()
    Checkpoint(m=held).read(path).expect_partial()
    gc.collect()
    held.w = Variable(0)
    assert int(held.w) == 3


def test_modules_that_hold_checkpoints_can_be_copied():
    held = module(w=Variable(3), checkpoint=Checkpoint(v=Variable(1)))
    assert int(copy.copy(held).checkpoint.v) == 1
