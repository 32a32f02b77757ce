"""A function and its converted twin."""

from __future__ import annotations

import pytest

from tenon.core.autograph._operators import operators_for
from tenon.core.autograph._transpiler import converted_text, transpile
from tests.core.autograph.jax_staging import STAGING
from tests.core.autograph.programs import define

AG = operators_for(STAGING, True).ag__


def twin(function):
    return transpile(function).instantiate(function, AG)


def test_the_twin_shares_globals_cells_and_defaults():
    source = """
def make():
    first, second, unused = 1, 2, 3
    def f(x=[], *, k={}):
        if unused:
            return second, first, x, k
    return f
f = make()
"""
    function = define(source)
    copy = twin(function)
    assert copy() == function()
    assert copy()[2] is function.__defaults__[0]
    assert copy()[3] is function.__kwdefaults__["k"]
    assert copy.__globals__ is function.__globals__
    cells = dict(zip(function.__code__.co_freevars, function.__closure__, strict=True))
    assert dict(zip(copy.__code__.co_freevars, copy.__closure__, strict=True)).items() >= cells.items()


def test_empty_cells_may_be_filled_later():
    source = """
def make():
    def f(x):
        return later(x) if x else 0
    copy = twin(f)
    def later(x):
        return x + 1
    return copy
"""
    assert define(source, "make", twin=twin)()(3) == 4


def test_annotations_that_are_postponed_stay_so():
    source = """
from __future__ import annotations

def f(x: Missing) -> Missing:
    def g(y: Missing):
        return y
    return g
"""
    assert twin(define(source))(1).__annotations__ == {"y": "Missing"}


def test_annotations_of_the_function_itself_are_not_computed_again():
    function = define("def f(x: print('computed')):\n    def g(y: int): return y\n    return g\n")
    assert twin(function)(1).__annotations__ == {"y": int}


@pytest.mark.parametrize("body", ["pass", "...", '"""Doc."""', '"""Doc."""\n    return x', "return", "raise KeyError"])
def test_small_bodies(body):
    function = define(f"def f(x=1):\n    {body}\n")
    copy = twin(function)
    assert copy.__doc__ == function.__doc__
    if "raise" in body:
        with pytest.raises(KeyError):
            copy()
    else:
        assert copy() == function()


def test_code_without_early_returns_is_left_readable():
    text = converted_text(define("def f(x):\n    y = x + 1\n    for i in range(3):\n        y += i\n    return y\n"))
    assert "do_return" not in text
    assert text.splitlines()[-1] == "    return y"


def test_all_codes_inside_are_known():
    conversion = transpile(define("def f(x):\n    return [lambda: x, lambda: (lambda: 1)]\n"))
    assert sorted(code.co_name for code in conversion.codes()) == ["<lambda>", "<lambda>", "<lambda>", "f"]
