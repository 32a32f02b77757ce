"""What is rewritten before malt sees it still does what the user wrote."""

from __future__ import annotations

import ast

import pytest

from tenon.base import UnimplementedError
from tenon.core.autograph import convert
from tenon.core.autograph._source import find_source
from tenon.core.autograph._syntax import simplify
from tests.core.autograph.jax_staging import STAGING
from tests.core.autograph.programs import define

PRIVATE = """
import contextlib

class Base:
    def __init__(self):
        self.__x = 1
        self.values = []

    def get(self):
        return "base"

class Model(Base):
    __shared = 10

    def __init__(self):
        super().__init__()
        self.__x = 2

    def names(self, __y=3):
        import os.path as __path
        try:
            if not __y:
                raise ValueError(__y)
            __z = [__y for __y in range(3)]
        except ValueError as __error:
            __z = [__error]
        def __inner(__w):
            nonlocal __y
            __y += __w
            return __y
        class __Local:
            __hidden = 5
            def read(self):
                return self.__hidden
        return self.__x, self.__shared, __y, __z, __inner(4), __path.sep, __Local().read(), self._Base__x

    def get(self):
        if self.__x:
            return super().get() + "+"
        return ""

    def get_late(self):
        return [super(Model, self).get() for _ in range(2)], (lambda me: super().get())(self)

    def global_name(self):
        global __counter
        __counter = self.__x
        return _Model__counter
"""


@pytest.mark.parametrize("method", ["names", "get", "get_late", "global_name"])
def test_private_names_and_super_mean_what_they_mean_in_the_class(method):
    model = define(PRIVATE, "Model")()
    assert convert(getattr(model, method), STAGING)() == getattr(model, method)()


def test_super_in_a_class_inside_the_function():
    source = """
def f(x):
    class A:
        def get(self):
            return x
    class B(A):
        def get(self):
            if x:
                return super().get() + 1
            return 0
    return B().get()
"""
    function = define(source)
    assert convert(function, STAGING)(3) == 4


def test_super_without_a_class_fails_as_in_python():
    function = define("def f(x):\n    return super().get()\n")
    with pytest.raises(RuntimeError, match="super"):
        convert(function, STAGING)(1)


def test_builtins_that_look_at_their_frame_see_the_users_variables():
    source = """
def f(x):
    y = 2
    if x:
        y = x
        z = eval("x + 1")
        seen = [{"x", "y", "z"} <= set(locals()), {"x", "y"} <= set(dir()), "y" in vars()]
        exec("import math")
    else:
        z, seen = y, None
    return seen, z, "f" in globals(), vars(type("T", (), {"a": 1}))["a"]
"""
    function = define(source)
    assert convert(function, STAGING)(1) == ([True] * 3, 2, True, 1)


def test_a_builtin_that_the_user_replaced_is_the_users():
    source = "def locals():\n    return 'mine'\n\ndef f(dir):\n    return locals(), dir(), (lambda eval: eval())(dir)\n"
    assert convert(define(source), STAGING)(lambda: 3) == ("mine", 3, 3)


def test_the_exception_that_is_handled_has_its_name():
    source = """
def f(x):
    try:
        raise KeyError(x)
    except KeyError as error:
        try:
            raise ValueError(error.args[0] + 1) from error
        except ValueError as other:
            inner = other
        return error.args[0], inner.args[0], inner.__cause__ is error
"""
    assert convert(define(source), STAGING)(1) == (1, 2, True)


def test_decorators_defaults_and_annotations_are_computed_once_where_the_user_wrote_them():
    source = """
calls = []

def note(value):
    calls.append(value)
    return lambda function: function

@note("decorator")
def f(x: note("annotation") = note("default") or 1, *, y: note("keyword") = 2) -> note("result"):
    return calls if x else y
"""
    function = define(source)
    before = list(function(True))
    assert convert(function, STAGING)(True) == before


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("yield x", "a generator"),
        ("yield from x", "a generator"),
        ("def g():\n        yield x\n    return g", "a generator"),
        ("async def g():\n        return x\n    return g", "`async def`"),
        ("match x:\n        case 1:\n            return 1", "`match`"),
        ("try:\n        return x\n    except* ValueError:\n        pass", "`except\\*`"),
        ("while (n := x) > 1:\n        x -= 1", "`:=`"),
        ("return x and (n := 3)", "`:=`"),
        ("return 0 < (n := x) < 3", "`:=`"),
        ("return [n := v for v in x]", "`:=`"),
        ("return (n := x) if x else 0", "`:=`"),
    ],
)
def test_what_cannot_be_converted_is_refused_with_its_line(body, what):
    function = define(f"\ndef f(x):\n    {body}\n")
    with pytest.raises(UnimplementedError, match=f"line [34] has .*{what}.* which AutoGraph does not convert"):
        simplify(find_source(function), function)


@pytest.mark.parametrize(
    "body", ["if (n := x) > 1:\n        return n\n    return -n", "y = (n := x) + n\n    return y"]
)
def test_an_assignment_in_an_expression_that_is_always_evaluated_is_converted(body):
    function = define(f"def f(x):\n    {body}\n")
    assert [convert(function, STAGING)(x) for x in (0, 5)] == [function(x) for x in (0, 5)]


def test_a_lambda_becomes_a_function():
    function = define("f = lambda x, *a: x\n")
    assert ast.unparse(simplify(find_source(function), function)) == "def lambda_(x, *a):\n    return x"
