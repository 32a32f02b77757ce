import pytest

from tenon.core.functions import function
from tenon.core.variables import Module, Variable, attribute_was_set, held_array, observers


class Notes:
    def __init__(self):
        self.attributes = []
        self.used = []

    def attribute_set(self, owner, name):
        self.attributes.append((owner, name))

    def variable_used(self, variable):
        self.used.append(variable)


@pytest.fixture
def notes():
    found = Notes()
    observers.append(found)
    yield found
    observers.remove(found)


def test_observers_learn_of_attributes_after_they_are_set(notes):
    module = Module()
    notes.attributes.clear()
    module.w = 3
    assert notes.attributes == [(module, "w")]
    assert module.w == 3


def test_observers_learn_of_every_use_of_a_variable(notes):
    variable = Variable(1)
    assert notes.used == []
    for use in (variable.value, variable.numpy, lambda: variable.assign(2), lambda: held_array(variable)):
        notes.used.clear()
        use()
        assert notes.used[0] is variable


def test_observers_learn_of_uses_while_a_function_is_traced(notes):
    variable = Variable(1)
    assert int(function(lambda: variable * 2)()) == 2
    assert any(used is variable for used in notes.used)


def test_others_may_tell_of_their_attributes(notes):
    owner = object()
    attribute_was_set(owner, "kernel")
    assert notes.attributes == [(owner, "kernel")]


def test_an_observer_may_leave_while_it_is_told():
    class Leaves(Notes):
        def attribute_set(self, _owner, _name):
            observers.remove(self)

    first, second = Leaves(), Notes()
    observers.extend([first, second])
    try:
        attribute_was_set(self := object(), "x")
        assert second.attributes == [(self, "x")]
    finally:
        observers.remove(second)
