"""Whatever the nesting, a converted function computes what Python computes."""

from __future__ import annotations

from contextlib import suppress

import jax
from hypothesis import given, settings

from tenon.core.autograph import convert
from tests.core.autograph.jax_staging import STAGING
from tests.core.autograph.programs import define, programs

INPUTS = [(0, 1, 2), (5, 3, 4), (40, 96, 7)]


def outcome(function, *args):
    """Return what a call returns, or how it fails."""
    try:
        return function(*args)
    except KeyError:
        return KeyError
    except NameError:
        return NameError


@settings(max_examples=40)
@given(programs(host=True))
def test_on_python_values_it_does_what_python_does(source):
    function = define(source, suppress=suppress)
    converted = convert(function, STAGING)
    for values in INPUTS:
        assert outcome(converted, *values) == outcome(function, *values)


@settings(max_examples=12)
@given(programs(number="({} + zero)"))
def test_on_tensors_the_compiled_program_computes_what_python_computes(source):
    function = define(source)
    compiled = jax.jit(convert(function, STAGING))
    for values in INPUTS:
        assert int(compiled(*values, 0)) == function(*values)
