import gc

import pytest

from tenon.core.variables import Module, Variable, observers
from tenon.train._places import Place, reference
from tenon.train._room import Waiter, WaitingRoom
from tests.train.objects import module


class Takes:
    """Takes what was waited for, and is complete after so many."""

    def __init__(self, enough=9):
        self.taken = []
        self.enough = enough

    def match(self, number, value, _place):
        self.taken.append((number, value))

    @property
    def complete(self):
        return len(self.taken) >= self.enough


@pytest.fixture
def room():
    found = WaitingRoom()
    yield found
    assert found not in observers


def waiter(matcher, holder, *path, **names):
    return Waiter(matcher, Place(reference(holder), path), names)


def test_a_child_is_taken_when_its_attribute_is_set(room):
    held, takes = Module(), Takes()
    room.add(waiter(takes, held, w=1))
    held.other = Variable(0)
    assert takes.taken == []
    held.w = Variable(0)
    assert takes.taken == [(1, held.w)]


def test_an_element_is_taken_when_a_variable_is_used_or_an_attribute_is_set(room):
    held, takes = module(rows=[]), Takes()
    room.add(waiter(takes, held, "rows", **{"0": 5, "1": 6}))
    held.rows.append(first := Variable(0))
    assert takes.taken == []
    first.value()
    assert takes.taken == [(5, first)]
    held.rows.append(second := Module())
    held.anything = 1
    assert takes.taken == [(5, first), (6, second)]


def test_a_list_that_did_not_change_is_not_searched_again(room):
    looked = []

    class Rows(list):
        def __getitem__(self, place):
            looked.append(place)
            return super().__getitem__(place)

    held, takes, other = module(rows=Rows([Variable(0)])), Takes(), Variable(0)
    room.add(waiter(takes, held, "rows", **{"1": 6}))
    for _ in range(3):
        other.value()
    assert looked == []
    held.rows.append(Variable(1))
    other.value()
    assert len(takes.taken) == 1


def test_everybody_leaves_when_nothing_is_missing_any_more(room):
    held, takes = Module(), Takes(enough=1)
    room.add(waiter(takes, held, v=1, w=2))
    room.add(waiter(takes, held, x=3))
    held.v = Variable(0)
    held.w = Variable(0)
    held.x = Variable(0)
    assert len(takes.taken) == 1
    assert room not in observers


def test_who_waits_for_an_object_that_is_gone_leaves(room):
    held = Module()
    room.add(waiter(Takes(), held, v=1))
    assert room in observers
    del held
    gc.collect()
    assert room not in observers


def test_a_matcher_may_set_attributes_itself(room):
    class Builds(Takes):
        def match(self, number, value, place):
            super().match(number, value, place)
            if number == 1:
                value.inner = Variable(0)

    held, takes = Module(), Builds()
    part = Module()
    room.add(waiter(takes, held, part=1))
    room.add(waiter(takes, part, inner=2))
    held.part = part
    assert [number for number, _ in takes.taken] == [1, 2]
