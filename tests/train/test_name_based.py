import numpy as np
import pytest

from tenon.core.variables import Variable
from tenon.formats import BundleWriter
from tenon.train import Checkpoint
from tests.train.objects import module


@pytest.fixture
def path(tmp_path):
    with BundleWriter(tmp_path / "c") as writer:
        writer.add("a", np.int32(1))
        writer.add("scope/b", np.int32(2))
    return tmp_path / "c"


def test_variables_are_found_by_their_names_wherever_they_are(path):
    held = module(x=[Variable(0, name="a")], y=module(z=Variable(0, name="scope/b")))
    status = Checkpoint(held=held).restore(path)
    assert status.assert_consumed() is status.assert_existing_objects_matched() is status.assert_nontrivial_match()
    assert (int(held.x[0]), int(held.y.z)) == (1, 2)


def test_variables_without_a_value_are_named_and_the_save_counter_is_none_of_them(path):
    status = Checkpoint(a=Variable(0, name="a"), c=Variable(0, name="c")).restore(path)
    with pytest.raises(AssertionError, match=r"1 objects have none of its names, such as \['c'\]"):
        status.assert_consumed()
    assert status.expect_partial() is status
    status.run_restore_ops()
    status.initialize_or_restore()


def test_an_assertion_restores_what_has_come_since_but_nothing_twice(path):
    held = module(a=Variable(0, name="a"))
    status = Checkpoint(held=held).restore(path)
    held.a.assign(7)
    held.b = Variable(0, name="scope/b")
    status.assert_consumed()
    assert (int(held.a), int(held.b)) == (7, 2)


def test_another_shape_is_refused(path):
    with pytest.raises(
        ValueError, match=r"shape \(\) when attempting to restore variable with shape \(2,\) and name a"
    ):
        Checkpoint(a=Variable([0, 0], name="a")).restore(path)
