"""Where variables live while a function is traced."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from tenon.core.recording import Recorder
from tenon.core.variables import Variable, current_scope, state_scope


class Notebook:
    """A scope that writes down what is read and written."""

    def __init__(self):
        self.values, self.heard = {}, []

    def read(self, variable, array):
        self.heard.append(("read",))
        return self.values.get(id(variable), array)

    def write(self, variable, array):
        self.heard.append(("write",))
        self.values[id(variable)] = array

    def initial_value(self, compute):
        return compute()

    def create(self, variable, array):
        self.heard.append(("create",))


def test_reads_and_assignments_go_through_the_scope():
    variable, scope = Variable(1.0), Notebook()
    with state_scope(scope):
        assert current_scope() is scope
        variable.assign(2.0)
        assert variable.numpy() == 2.0
        Variable(3.0)
    assert current_scope() is None
    assert variable.numpy() == 1.0
    assert scope.heard == [("write",), ("read",), ("create",)]


def test_a_block_without_scope_is_the_outside():
    variable, scope = Variable(1.0), Notebook()
    with state_scope(scope), state_scope(None):
        variable.assign(5.0)
    assert variable.numpy() == 5.0
    assert scope.heard == []


def test_tapes_learn_of_the_value_in_the_scope():
    variable, scope = Variable([1.0]), Notebook()
    scope.values[id(variable)] = inside = jnp.array([9.0])
    with state_scope(scope), Recorder() as recorder:
        variable.value()
    assert recorder.arrays_of(variable) == [inside]
    np.testing.assert_array_equal(variable.numpy(), [1.0])
