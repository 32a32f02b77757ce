"""Batches that are taken several at a time."""

import pytest

from tenon.keras._batches import Batches


def failing():
    yield from "ab"
    raise ValueError("the third")


def test_batches_come_in_order_and_are_counted():
    batches = Batches(iter("abc"))
    batches.begin(2)
    assert (next(batches), batches.next_or_none(), batches.taken, batches.limit) == ("a", "b", 2, 2)
    batches.begin(2)
    assert (next(batches), batches.next_or_none(), batches.taken) == ("c", None, 1)
    with pytest.raises(StopIteration):
        next(batches)


def test_what_is_put_back_comes_next():
    batches = Batches(iter("abc"))
    batches.put_back(next(batches))
    assert batches.taken == 0
    assert list(batches) == ["a", "b", "c"]


def test_a_failure_behind_the_first_batch_waits_for_its_step():
    batches = Batches(failing())
    assert (next(batches), batches.next_or_none(), batches.next_or_none()) == ("a", "b", None)
    batches.begin(1)
    with pytest.raises(ValueError, match="the third"):
        next(batches)


def test_an_epoch_goes_on_with_its_batches_and_the_next_keeps_what_is_known():
    source = iter("abc")
    first = Batches.of(source, None)
    first.steps = 8
    assert Batches.of(source, first) is first
    assert Batches.of(iter("abc"), first).steps == 8
