import pytest

from tenon.base import FailedPreconditionError
from tenon.core.variables import Module, Variable
from tenon.train import Checkpoint, LoadStatus, UnmatchedError
from tests.train.objects import module

ASSERTIONS = ("assert_consumed", "assert_existing_objects_matched", "assert_nontrivial_match")


@pytest.fixture
def path(tmp_path):
    return Checkpoint(a=Variable(1.0), b=Variable([1, 2])).write(tmp_path / "c")


@pytest.mark.parametrize("assertion", ASSERTIONS)
def test_a_status_that_holds_returns_itself(path, assertion):
    status = Checkpoint(a=Variable(0.0), b=Variable([0, 0])).read(path)
    assert isinstance(status, LoadStatus)
    assert getattr(status, assertion)() is status


def test_the_first_value_without_an_object_is_named_and_the_others_counted(path):
    status = Checkpoint(x=Variable(0.0)).read(path).expect_partial()
    with pytest.raises(AssertionError, match=r"Found 1 Python objects .* \[.x: <tf.Variable"):
        status.assert_consumed()
    with pytest.raises(
        UnmatchedError,
        match=r"Unresolved object in checkpoint .*: \(root\).a has values \['a/.*\(2 such objects in all\)",
    ):
        Checkpoint().read(path).expect_partial().assert_consumed()


def test_objects_without_a_value_are_counted_and_ten_of_them_shown(path):
    rows = [Variable(number) for number in range(12)]
    status = Checkpoint(a=Variable(0.0), rows=rows).read(path).expect_partial()
    with pytest.raises(UnmatchedError, match=r"Found 12 Python objects.*Showing 10 of 12 unmatched") as raised:
        status.assert_existing_objects_matched()
    assert "rows/9: " in str(raised.value)
    assert "rows/10" not in str(raised.value)


def test_objects_without_values_need_none(path):
    held = Checkpoint(a=Variable(0.0), b=Variable([0, 0]), empty=Module(), rows=[], deep={"x": [Module()]})
    held.read(path).assert_consumed()


def test_values_that_an_object_does_not_take_are_named(path):
    status = Checkpoint(a=module(), b=Variable([0, 0])).read(path)
    with pytest.raises(UnmatchedError, match=r"\(root\).a has values \['VARIABLE_VALUE'\], but the object here takes"):
        status.assert_consumed()


def test_a_match_of_the_root_alone_is_trivial(path):
    with pytest.raises(UnmatchedError, match="Nothing except the root object matched a checkpointed value"):
        Checkpoint(x=Variable(0.0)).read(path).expect_partial().assert_nontrivial_match()
    with pytest.raises(UnmatchedError, match=r"Nothing to load\. No dependencies have been added to <"):
        Checkpoint().read(path).expect_partial().assert_nontrivial_match()


def test_errors_are_assertion_errors_and_errors_of_tenon(path):
    status = Checkpoint().read(path).expect_partial()
    for kind in (AssertionError, FailedPreconditionError):
        with pytest.raises(kind):
            status.assert_consumed()


def test_a_lone_list_is_matched_by_what_is_in_it(tmp_path):
    path = Checkpoint(rows=[Variable(1)]).write(tmp_path / "c")
    held = Checkpoint()
    status = held.read(path)
    held.rows = []
    with pytest.raises(UnmatchedError, match=r"rows\.0"):
        status.assert_consumed()
    held.rows.append(Variable(0))
    status.assert_consumed()


@pytest.mark.parametrize("assertion", ASSERTIONS)
def test_of_nothing_nothing_is_asserted(assertion):
    status = Checkpoint(a=Variable(1)).restore(None)
    with pytest.raises(AssertionError, match=r"No checkpoint specified \(save_path=None\); nothing is being restored"):
        getattr(status, assertion)()
    with pytest.raises(AssertionError, match="No checkpoint specified"):
        status.run_restore_ops()
    assert status.expect_partial() is status


def test_there_is_nothing_left_to_run(path):
    status = Checkpoint(a=Variable(0.0), b=Variable([0, 0])).read(path)
    assert status.run_restore_ops(session=None) is None
    assert status.initialize_or_restore() is None
