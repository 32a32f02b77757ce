"""The variables of a loop on their way in, around and out."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.core.autograph._loop_state import LoopState
from tenon.core.autograph._variables import Undefined, undefined_result
from tests.core.autograph.jax_staging import STAGING


class Loop:
    """Variables of a loop, by name."""

    def __init__(self, **variables):
        self.variables = variables
        self.names = tuple("retval_" if name == "r" else name for name in variables)
        self.options = {"reads": ()}

    def get(self):
        return tuple(self.variables.values())

    def set(self, values):
        self.variables = dict(zip(self.names, values, strict=True))

    def state(self, **options) -> LoopState:
        return LoopState(STAGING, self.get, self.set, self.names, self.options | options)


def test_values_go_in_and_come_out():
    loop = Loop(x=1, y=("a", 2.0))
    state = loop.state()
    state.define(lambda: pytest.fail("all variables have values"))
    assert state.leaves == {"x": 1, "y[1]": 2.0}
    state.enter({"x": 5, "y[1]": 6.0})
    assert loop.variables == {"x": 5, "y": ("a", 6.0)}
    loop.variables["x"] = 7
    assert state.leave() == {"x": 7, "y[1]": 6.0}
    state.finish({"x": 8, "y[1]": 9.0})
    assert loop.variables == {"x": 8, "y": ("a", 9.0)}
    assert state.flag() == {}


def test_a_variable_without_value_gets_zeros_and_needs_an_iteration():
    def check():
        loop = Loop(x=1, y=Undefined("y"), z=None, r=undefined_result())
        state = loop.state()
        state.define(lambda: loop.set((2, np.ones(3, np.float32), 4, 5)))
        assert list(state.flag().values()) == [False]
        return state.leaves

    leaves = jax.jit(check)()
    np.testing.assert_array_equal(leaves.pop("y"), [0, 0, 0])
    assert {name: int(leaf) for name, leaf in leaves.items()} == {"x": 1, "z": 0, "return value": 0}


def test_a_result_alone_needs_no_iteration():
    loop = Loop(r=undefined_result())
    state = loop.state()
    state.define(lambda: loop.set((5,)))
    assert state.flag() == {}


def test_a_variable_that_stays_without_value_stays_so():
    loop = Loop(x=Undefined("x"), y=None)
    state = loop.state(reads=("y",))
    state.define(lambda: None)
    assert state.leaves == {}
    state.enter({})
    assert isinstance(loop.variables["x"], Undefined)
    assert loop.variables["y"] is None


def test_the_trial_knows_no_number():
    loop, seen = Loop(x=3, y=Undefined("y")), []

    def iteration():
        seen.append(loop.variables["x"])
        loop.set((loop.variables["x"] + 1, 2))

    state = loop.state()
    state.define(iteration)
    assert int(seen[0]) == 0
    assert loop.variables["x"] == 3


def test_none_that_the_body_reads_is_refused():
    loop = Loop(y=None)
    with pytest.raises(InvalidArgumentError, match="'y' may not be None before a loop"):
        loop.state(reads=("y",)).define(lambda: loop.set((1,)))


def test_a_test_sees_the_leaves():
    loop = Loop(x=1)
    assert loop.state().entering(lambda: loop.variables["x"] * 2)({"x": 21}) == 42


def test_only_growth_by_tensors_is_refused():
    plain, grown = [1], []
    loop = Loop(x=1)
    state = loop.state(grows=lambda: {"plain": plain, "grown": grown, "other": (1,)})
    state.watch(lambda: plain.append("text"))
    state.watch(plain.clear)
    with pytest.raises(InvalidArgumentError, match="the list 'grown' may not grow"):
        jax.eval_shape(lambda: state.watch(lambda: grown.append([jnp.zeros(2)])))
