import gc

import pytest

from tenon.core.variables import Module, Variable
from tenon.train._places import Place, place_of, reference
from tests.train.objects import module


def test_a_reference_does_not_keep_its_object_and_tells_of_its_end():
    ends = []
    held = Module()
    found = reference(held, lambda: ends.append(1))
    assert found() is held
    del held
    gc.collect()
    assert (found(), ends) == (None, [1])


def test_what_cannot_be_referred_to_weakly_is_kept():
    class Slotted:
        __slots__ = ()

    found = reference(Slotted(), lambda: pytest.fail("it is alive"))
    gc.collect()
    assert isinstance(found(), Slotted)


def test_lists_are_found_through_the_object_that_holds_them():
    held = module(rows=[[Variable(1)]])
    place = place_of(held.rows[0], place_of(held.rows, Place(reference(held)), "rows"), "0")
    assert place.path == ("rows", "0")
    assert place.value() is held.rows[0]
    held.rows = [[], []]
    assert place.value() is held.rows[0]
    held.rows = 3
    assert place.value() is None


def test_other_objects_are_their_own_place():
    held = module(part=Module())
    place = place_of(held.part, Place(reference(held)), "part")
    assert (place.value(), place.path) == (held.part, ())


def test_the_place_of_an_object_that_is_gone_is_empty():
    place = Place(reference(module()), ("rows",))
    gc.collect()
    assert place.value() is None
