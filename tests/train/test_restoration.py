import copy
import gc
import logging
import subprocess
import sys
import weakref

import pytest

from tenon.base import DataLossError
from tenon.core.functions import function
from tenon.core.variables import Module, Variable, observers
from tenon.train import Checkpoint
from tests.train.objects import module


@pytest.fixture
def path(tmp_path):
    held = module(
        w=Variable([1.0, 2.0]),
        part=module(v=Variable(3)),
        rows=[Variable(4), module(v=Variable(5)), [Variable(6)]],
        table={"a": Variable(7), "b/c": [Variable(8)]},
        pair=(Variable(9), Variable(10)),
    )
    return Checkpoint(held=held).write(tmp_path / "c")


@pytest.fixture
def waiting(path):
    """A module to which nothing of the checkpoint is attached yet."""
    held = Module()
    Checkpoint(held=held).read(path).expect_partial()
    return held


def test_an_attribute_is_restored_when_it_is_set(waiting):
    variable = Variable([0.0, 0.0])
    assert variable.numpy().tolist() == [0, 0]
    waiting.w = variable
    assert variable.numpy().tolist() == [1, 2]


def test_attributes_are_restored_at_any_depth(waiting):
    waiting.part = Module()
    waiting.part.v = Variable(0)
    assert int(waiting.part.v) == 3


def test_an_object_built_before_is_restored_as_a_whole(waiting):
    part = module(v=Variable(0))
    waiting.part = part
    assert int(part.v) == 3


def test_an_attribute_that_was_none_is_restored_when_it_becomes_a_variable(waiting):
    waiting.w = None
    waiting.w = 3
    waiting.w = Variable([0.0, 0.0])
    assert waiting.w.numpy().tolist() == [1, 2]


def test_elements_are_restored_before_anybody_reads_them(waiting):
    waiting.rows = []
    for place in range(2):
        waiting.rows.append(Variable(0) if place == 0 else module(v=Variable(0)))
    waiting.rows.append([Variable(0)])
    assert int(waiting.rows[2][0]) == 6
    assert (int(waiting.rows[0]), int(waiting.rows[1].v)) == (4, 5)


def test_items_are_restored_before_anybody_reads_them(waiting):
    waiting.table = {}
    waiting.table["b/c"] = [Variable(0)]
    assert int(waiting.table["b/c"][0]) == 8
    waiting.table["a"] = Variable(0)
    waiting.table["other"] = Variable(1)
    assert (int(waiting.table["a"]), int(waiting.table["other"])) == (7, 1)


def test_tuples_are_restored_when_they_are_set(waiting):
    waiting.pair = (Variable(0), Variable(0))
    assert [int(value) for value in waiting.pair] == [9, 10]


def test_an_assignment_after_the_attachment_wins(waiting):
    waiting.rows = []
    waiting.rows.append(Variable(0))
    waiting.rows[0].assign(100)
    assert int(waiting.rows[0]) == 100
    waiting.w = Variable([0.0, 0.0])
    waiting.w.assign_add([1.0, 1.0])
    assert waiting.w.numpy().tolist() == [2, 3]


def test_a_list_that_takes_the_place_of_another_is_restored(waiting):
    waiting.rows = []
    waiting.rows = [Variable(0)]
    assert int(waiting.rows[0]) == 4


def test_an_attribute_that_was_restored_is_not_restored_again(waiting):
    waiting.w = Variable([0.0, 0.0])
    waiting.w = Variable([5.0, 5.0])
    assert waiting.w.numpy().tolist() == [5, 5]


def test_a_traced_function_sees_what_was_restored(waiting):
    @function
    def call():
        return waiting.rows[0] + 1

    waiting.rows = []
    waiting.rows.append(Variable(0))
    assert int(call()) == 5


def test_nobody_observes_when_all_is_there_or_gone(path):
    held = Module()
    status = Checkpoint(held=held).read(path).expect_partial()
    assert observers
    held.w, held.part = Variable([0.0, 0.0]), module(v=Variable(0))
    held.rows, held.table = [Variable(0), module(v=Variable(0)), [Variable(0)]], {"a": Variable(0)}
    held.table["b/c"], held.pair = [Variable(0)], (Variable(0), Variable(0))
    status.assert_consumed()
    assert not observers
    assert set(vars(held)) == {*vars(Module()), "w", "part", "rows", "table", "pair"}
    other = Module()
    Checkpoint(held=other).read(path).expect_partial()
    assert observers
    del other
    gc.collect()
    assert not observers


def test_of_two_restores_the_later_wins_whatever_the_order_of_arrival(tmp_path):
    one = Checkpoint(v=Variable(1), w=Variable(1)).write(tmp_path / "one")
    two = Checkpoint(v=Variable(2)).write(tmp_path / "two")
    held = Checkpoint()
    held.read(one).expect_partial()
    held.read(two).expect_partial()
    held.v, held.w = Variable(0), Variable(0)
    assert (int(held.v), int(held.w)) == (2, 1)
    late = Checkpoint(inner=Checkpoint())
    v = Variable(0)
    late.read(Checkpoint(inner=Checkpoint(v=Variable(3))).write(tmp_path / "three")).expect_partial()
    Checkpoint(v=v).read(two)
    late.inner.v = v
    assert int(v) == 2


def test_a_file_that_is_gone_when_its_value_is_needed_is_named(waiting, tmp_path):
    (tmp_path / "c.data-00000-of-00001").unlink()
    with pytest.raises(DataLossError, match=r"c\.data-00000-of-00001: the shard .* is missing"):
        waiting.w = Variable([0.0, 0.0])


def test_two_objects_in_the_place_of_one_are_reported(tmp_path, caplog):
    shared = Variable(5)
    path = Checkpoint(a=shared, b=shared).write(tmp_path / "c")
    a, b = Variable(0), Variable(0)
    Checkpoint(a=a, b=b).read(path)
    assert (int(a), int(b)) == (5, 0)
    assert "Inconsistent references" in caplog.text
    assert "(root).a is one object in the checkpoint and two here" in caplog.text


def test_one_object_in_the_place_of_two_gets_the_first_value(tmp_path):
    path = Checkpoint(a=Variable(1), b=Variable(2)).write(tmp_path / "c")
    both = Variable(0)
    Checkpoint(a=both, b=both).read(path)
    assert int(both) == 1


def lines(caplog):
    return [record.message for record in caplog.records if record.name == "tenon.train"]


def test_values_that_were_never_used_are_logged_when_the_objects_go(path, caplog):
    held = Checkpoint(held=module(w=Variable([0.0, 0.0])))
    held.read(path)
    assert lines(caplog) == []
    del held
    gc.collect()
    first, *others = lines(caplog)
    assert "was restored in part: objects are deleted now and these values were never used" in first
    assert "Value in checkpoint could not be found in the restored object: (root).held.part.v" in others
    assert len(others) == 8


@pytest.mark.parametrize("way", ["expected", "all used"])
def test_nothing_is_logged_that_was_expected_or_used(path, caplog, way):
    held = Checkpoint()
    status = held.read(path)
    if way == "expected":
        status.expect_partial()
    else:
        held.held = module(w=Variable([0.0, 0.0]), part=module(v=Variable(0)), pair=(Variable(0), Variable(0)))
        held.held.rows = [Variable(0), module(v=Variable(0)), [Variable(0)]]
        held.held.table = {"a": Variable(0), "b/c": [Variable(0)]}
    del held, status
    gc.collect()
    with caplog.at_level(logging.WARNING):
        assert lines(caplog) == []


def test_at_the_end_of_the_program_too():
    script = """
import logging, tempfile
logging.basicConfig()
from tenon.core.variables import Variable
from tenon.train import Checkpoint
path = Checkpoint(a=Variable(1), b=Variable(2)).write(tempfile.mkdtemp() + "/c")
held = Checkpoint(a=Variable(0))
held.read(path)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.count("Value in checkpoint could not be found in the restored object: (root).b") == 1


def test_places_that_were_kept_free_are_restored_when_they_are_filled(waiting):
    waiting.rows = [None, None]
    waiting.table = {"a": None}
    waiting.rows[0] = Variable(0)
    assert int(waiting.rows[0]) == 4
    waiting.table["a"] = Variable(0)
    assert int(waiting.table["a"]) == 7


def test_elements_are_restored_even_if_their_list_and_its_module_go_first(path):
    def attached():
        held = Module()
        status = Checkpoint(held=held).read(path).expect_partial()
        held.rows, held.table = [], {}
        held.rows = []
        held.rows.append(element := Variable(0))
        held.table["b/c"] = [item := Variable(0)]
        del status
        return element, item

    element, item = attached()
    assert not observers
    assert (int(element), int(item)) == (4, 8)


def test_a_module_in_circles_goes_while_values_wait_for_its_list(path):
    held = Module()
    held.rows = []
    Checkpoint(held=held).read(path).expect_partial()
    held.rows.append(module(v=Variable(0), parent=held))
    end = weakref.ref(held)
    del held
    gc.collect()
    assert end() is None


def test_a_copy_of_a_module_waits_for_nothing(waiting):
    waiting.rows = []
    other = copy.deepcopy(waiting)
    other.rows.append(Variable(0))
    assert int(other.rows[0]) == 0


def test_a_file_that_is_gone_when_the_objects_go_is_logged(path, tmp_path, caplog):
    held = Module()
    Checkpoint(held=held).read(path).expect_partial()
    held.rows = []
    held.rows.append(element := Variable(0))
    (tmp_path / "c.data-00000-of-00001").unlink()
    del held
    gc.collect()
    assert "A value that was restored late could not be given" in caplog.text
    assert int(element) == 0
