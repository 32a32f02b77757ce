"""A body is converted once, and forgotten when its functions are gone."""

from __future__ import annotations

import gc
import warnings
import weakref

import pytest

from tenon.base import NotFoundError
from tenon.core.autograph import AutoGraphWarning, convert
from tenon.core.autograph._conversions import conversion_of, required_conversion
from tests.core.autograph.jax_staging import STAGING
from tests.core.autograph.programs import define

TEXT = "def f(x):\n    if x > 0:\n        return x\n    return -x\n"


def test_functions_that_share_code_share_the_conversion():
    functions = [(lambda x, k=k: x + k if x else k) for k in range(2)]
    assert conversion_of(functions[0]) is conversion_of(functions[1])
    assert required_conversion(functions[0]) is conversion_of(functions[0])


def test_a_library_that_is_converted_on_request_is_left_alone_otherwise():
    function = define(TEXT, __name__="keras.layers")
    assert required_conversion(function) is not None
    assert conversion_of(function) is None


def test_equal_code_in_two_files_is_converted_for_each():
    first, second = define(TEXT), define(TEXT)
    assert first.__code__ == second.__code__
    assert conversion_of(first) is not conversion_of(second)


def test_what_is_converted_already_is_left_alone():
    def function(x):
        def inner(y):
            return y if y else x

        return inner, lambda: x or 1

    for made in convert(function, STAGING)(1):
        assert conversion_of(made) is None


def test_nothing_keeps_a_function_alive():
    function = define("def f(n):\n    def fac(k):\n        return 1 if k == 0 else k * fac(k - 1)\n    return fac\n")
    inner = define(
        "def make():\n    def fac(k):\n        return 1 if k == 0 else k * fac(k - 1)\n    return fac\n", "make"
    )()
    assert convert(function, STAGING)(1)(3) == convert(inner, STAGING)(3) == 6
    dead = [weakref.ref(function), weakref.ref(inner), weakref.ref(inner.__code__)]
    del function, inner
    gc.collect()
    assert [reference() for reference in dead] == [None, None, None]


def test_a_function_that_cannot_be_converted_is_tried_once():
    namespace: dict = {"__name__": "shell"}
    exec("def typed(x):\n    if x > 0:\n        return 1\n    return 2", namespace)
    with pytest.warns(AutoGraphWarning):
        assert conversion_of(namespace["typed"]) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert conversion_of(namespace["typed"]) is None
    with pytest.raises(NotFoundError):
        required_conversion(namespace["typed"])
