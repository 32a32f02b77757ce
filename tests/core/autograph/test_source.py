"""A function's definition is found by where its code says it is."""

from __future__ import annotations

import ast
import linecache

import pytest

from tenon.base import NotFoundError
from tenon.core.autograph._source import find_source, mangled
from tests.core.autograph.programs import define

ONE_LINE = [lambda x: x + 1, lambda x: x * 2, lambda y: y, (lambda x: lambda x: x)(3), lambda x: lambda y: x]


def shown(function) -> str:
    return ast.unparse(find_source(function).node)


def test_lambdas_on_one_line_are_told_apart_by_their_columns():
    assert [shown(function) for function in ONE_LINE] == [
        "lambda x: x + 1",
        "lambda x: x * 2",
        "lambda y: y",
        "lambda x: x",
        "lambda x: lambda y: x",
    ]


def test_lambdas_without_columns_are_told_apart_by_their_parameters():
    source = "def f():\n    return lambda x: x, lambda y: y\n"
    functions = define(source)()
    bare = [type(f)(f.__code__.replace(co_linetable=_lines_only(f.__code__)), f.__globals__) for f in functions]
    assert [list(f.__code__.co_positions())[-1][2] for f in bare] == [None, None]
    assert [shown(function) for function in bare] == ["lambda x: x", "lambda y: y"]


def _lines_only(code) -> bytes:
    """Return a line table that says that all instructions stand on the first line, without columns."""
    count = len(code.co_code) // 2
    entries = [bytes([0x80 | 13 << 3 | min(8, count - start) - 1, 0]) for start in range(0, count, 8)]
    return b"".join(entries)


def test_a_definition_over_several_lines_keeps_its_lines():
    function = define("f = (\n    lambda x: (\n        x\n        + 1\n    )\n)\n")
    node = find_source(function).node
    assert (node.lineno, node.end_lineno) == (2, 5)


def test_decorators_belong_to_the_definition():
    function = define("def keep(f):\n    return f\n\n@keep\n@keep\ndef f(x):\n    return x\n")
    assert shown(function).startswith("@keep\n@keep\ndef f(x):")


def test_functions_of_one_name_are_told_apart_by_their_lines():
    source = "def f():\n    return 1\n\nfirst = f\n\ndef f():\n    return 2\n"
    assert "return 1" in shown(define(source, "first"))
    assert "return 2" in shown(define(source))


def test_the_class_around_is_known_through_functions():
    source = "class A:\n    class _B:\n        def m(self, __x):\n            return lambda: self.__y\n"
    outer = define(source, "A")
    assert find_source(outer._B.m).class_name == "_B"
    assert find_source(outer._B().m(1)).class_name == "_B"
    assert find_source(define("def f():\n    pass\n")).class_name is None


def test_each_call_returns_another_copy():
    function = define("def f(x):\n    return x\n")
    first, second = find_source(function).node, find_source(function).node
    assert first is not second
    assert not set(ast.walk(first)) & set(ast.walk(second))
    assert ast.dump(first, include_attributes=True) == ast.dump(second, include_attributes=True)


@pytest.mark.parametrize("now", ["", "def g(x):\n    return x\n", "def f(x, y):\n    return x\n", "def f(x:\n"])
def test_a_file_that_was_edited_has_no_source(now):
    function = define("def f(x):\n    return x\n")
    filename = function.__code__.co_filename
    linecache.cache[filename] = (len(now), None, now.splitlines(keepends=True), filename)
    with pytest.raises(NotFoundError, match="the source of 'f' is not in '<program"):
        find_source(function)


@pytest.mark.parametrize(
    ("name", "class_name", "expected"),
    [
        ("__x", "Model", "_Model__x"),
        ("__x", "__Model", "_Model__x"),
        ("__x", None, "__x"),
        ("__x", "___", "__x"),
        ("__x__", "Model", "__x__"),
        ("_x", "Model", "_x"),
    ],
)
def test_private_names_are_mangled_as_python_does(name, class_name, expected):
    assert mangled(name, class_name) == expected
