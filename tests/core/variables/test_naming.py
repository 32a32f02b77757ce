"""Name scopes."""

from __future__ import annotations

import pytest

import tenon as tf
from tenon.core.variables import full_name


def test_scopes_nest_and_are_left():
    with tf.name_scope("a") as outer, tf.name_scope("b") as inner:
        assert (outer, inner, full_name("w")) == ("a/", "a/b/", "a/b/w")
        with tf.name_scope("fresh/") as absolute:
            assert (absolute, full_name("w")) == ("fresh/", "fresh/w")
        with tf.name_scope(None):
            assert full_name("w") == "w"
    assert full_name("w") == "w"


def test_a_scope_is_left_after_an_error():
    with pytest.raises(ZeroDivisionError), tf.name_scope("a"):
        raise ZeroDivisionError
    assert full_name("w") == "w"
