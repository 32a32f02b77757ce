import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.train import KeepAll, KeepAny, KeepBest, KeepEvery, KeepLatest, SavedStep


def steps(*numbers, **metrics):
    return [SavedStep(number, place, {k: v[place] for k, v in metrics.items()}) for place, number in enumerate(numbers)]


@pytest.mark.parametrize(
    ("policy", "kept"),
    [
        (KeepAll(), {5, 10, 15, 20}),
        (KeepLatest(1), {20}),
        (KeepLatest(9), {5, 10, 15, 20}),
        (KeepEvery(10), {10, 20}),
        (KeepBest("loss"), {10}),
        (KeepBest("loss", 2), {10, 20}),
        (KeepBest("loss", mode="max"), {5}),
        (KeepBest("unknown"), set()),
        (KeepAny([]), set()),
        (KeepAny([KeepLatest(1), KeepBest("loss")]), {10, 20}),
    ],
)
def test_each_policy_keeps_what_it_says(policy, kept):
    assert policy.kept(steps(5, 10, 15, 20, loss=[0.9, 0.1, 0.5, 0.2])) == kept


def test_of_equally_good_steps_the_newer_is_kept():
    assert KeepBest("loss").kept(steps(1, 2, 3, loss=[0.5, 0.5, 0.9])) == {2}


def test_a_metric_that_is_no_number_is_never_the_best():
    found = steps(1, 2, loss=[float("nan"), 3.0])
    assert KeepBest("loss").kept(found) == KeepBest("loss", mode="max").kept(found) == {2}


def test_the_order_of_saving_counts_not_the_number():
    assert KeepLatest(1).kept(steps(10, 5)) == {5}


def test_nothing_is_kept_of_nothing():
    assert [policy.kept([]) for policy in (KeepAll(), KeepLatest(1), KeepEvery(1), KeepBest("a"))] == [set()] * 4


@given(st.lists(st.integers(0, 99), unique=True), st.integers(1, 9), st.integers(1, 9))
def test_policies_keep_only_what_is_there(numbers, count, every):
    for policy in (KeepLatest(count), KeepEvery(every), KeepAny((KeepLatest(count), KeepEvery(every)))):
        assert policy.kept(steps(*numbers)) <= set(numbers)
    assert len(KeepLatest(count).kept(steps(*numbers))) == min(count, len(numbers))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KeepLatest(0), "count: must be at least 1; received 0"),
        (lambda: KeepEvery(-1), "steps: must be at least 1; received -1"),
        (lambda: KeepBest("loss", 0), "count: must be at least 1"),
        (lambda: KeepBest("loss", mode="best"), "mode: must be 'min' or 'max'; received 'best'"),
    ],
)
def test_impossible_policies_are_refused(make, message):
    with pytest.raises(InvalidArgumentError, match=message):
        make()
