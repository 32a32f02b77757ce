"""Values are taken apart into what is staged and what is not."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from tenon.core.autograph._packing import STAGED, pack, shown, unpack, zeros
from tenon.core.autograph._variables import Undefined
from tests.core.autograph.jax_staging import STAGING


class Thing:
    """A leaf that is no tensor."""


def skeleton(value):
    return pack(STAGING, ["x"], [value]).skeletons[0]


@pytest.mark.parametrize(
    "number",
    [True, 1, 2.5, 1j, np.float32(1), np.arange(2), np.zeros(2, ml_dtypes.bfloat16), np.bool_(True)],
    ids=repr,
)
def test_numbers_can_be_staged(number):
    assert list(pack(STAGING, ["x"], [number]).leaves) == ["x"]


@pytest.mark.parametrize(
    "leaf", [None, "text", b"bytes", Thing(), len, np.array(["a", "b"]), np.array([None]), Undefined("x")]
)
def test_other_things_cannot(leaf):
    assert pack(STAGING, ["x"], [leaf]).leaves == {}
    assert skeleton(leaf).whole is leaf


def test_leaves_have_the_names_by_which_the_user_reaches_them():
    packed = pack(STAGING, ["x", "retval_"], [{"a": [1, "t"], "b": (2,)}, 3])
    assert packed.leaves == {"x['a'][0]": 1, "x['b'][0]": 2, "return value": 3}
    assert unpack(packed.skeletons, packed.leaves) == ({"a": [1, "t"], "b": (2,)}, 3)
    assert str(packed.skeletons[0]) == "{'a': [., 't'], 'b': (.,)}"
    assert packed.skeletons[0].whole is STAGED


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, 2.0),
        ([1, "a"], [2, "a"]),
        (None, None),
        (str(b"ab", "ascii"), "ab"),
        (Thing.__init__, Thing.__init__),
        ("a".upper, "a".upper),
        (Undefined("x"), Undefined("x")),
    ],
)
def test_values_fit_that_differ_in_tensors_only(first, second):
    assert skeleton(first).fits(skeleton(second))


def test_bound_methods_of_one_object_fit():
    thing = functools.partial(int)
    method = type("T", (), {"m": lambda self: 1})()
    assert skeleton(method.m).fits(skeleton(method.m))
    assert skeleton(thing).fits(skeleton(thing))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, None),
        ([1], (1,)),
        ([1], [1, 2]),
        ("a", "b"),
        (Thing(), Thing()),
        (1, Undefined("x")),
        (1, "a"),
        ({"a": 1}, {"b": 1}),
    ],
)
def test_values_that_differ_otherwise_do_not_fit(first, second):
    assert not skeleton(first).fits(skeleton(second))


def test_zeros_keep_what_is_not_staged():
    thing = Thing()
    made = zeros(STAGING, {"a": (3, thing), "b": np.ones(2, np.float32)})
    assert made["a"][1] is thing
    assert (made["a"][0].dtype, made["b"].shape) == (jnp.int32, (2,))
    assert jax.tree.all(jax.tree.map(lambda leaf: leaf is thing or not np.any(leaf), made))


def test_only_the_result_has_another_name_in_messages():
    assert (shown("retval_"), shown("retval__1"), shown("x")) == ("return value", "return value", "x")
