"""A variable without a value can be handed around, but not read."""

from __future__ import annotations

import pytest

from tenon.core.autograph._variables import Undefined, handled, is_undefined_result, ld, ldu, ret, undefined_result


def test_reading_a_variable_without_a_value_is_pythons_error():
    assert ld(3) == 3
    with pytest.raises(UnboundLocalError, match="cannot access local variable 'x' where it is not associated with a"):
        ld(Undefined("x"))


@pytest.mark.parametrize("read", [lambda: {}["a"], lambda: [][0], lambda: object().a, lambda: missing])  # noqa: F821
def test_what_is_not_there_is_undefined(read):
    assert repr(ldu(read, "self.a")) == "<self.a has no value>"


def test_what_is_there_is_read():
    assert ldu(lambda: {"a": 1}["a"], "d['a']") == 1


def test_attributes_and_items_of_nothing_are_nothing():
    nothing = Undefined("x")
    nothing.attribute = nothing["item"] = 3
    assert isinstance(ldu(lambda: nothing.attribute, "x.attribute"), Undefined)
    assert isinstance(ldu(lambda: nothing["item"], "x['item']"), Undefined)


def test_a_function_that_has_not_returned_returns_none():
    assert is_undefined_result(undefined_result())
    assert not is_undefined_result(Undefined("x"))
    assert ret(undefined_result()) is None
    assert ret(3) == 3


def test_the_exception_that_is_handled():
    assert handled() is None
    error = KeyError(3)
    try:
        raise error
    except KeyError:
        found = handled()
    assert found is error
