"""What the source of a loop says about it."""

from __future__ import annotations

import ast
import types

import pytest
from malt.lang.directives import set_loop_options as malt_directive
from malt.pyct import anno

from tenon.base import UnimplementedError
from tenon.core.autograph import convert, set_loop_options
from tenon.core.autograph._directives import annotate_loops
from tests.core.autograph.jax_staging import STAGING
from tests.core.autograph.programs import define

MODULE = types.ModuleType("tf")
MODULE.autograph = types.SimpleNamespace(set_loop_options=set_loop_options)
NAMESPACE = {"tf": MODULE, "set_loop_options": set_loop_options, "other": print}


def options_of(text: str) -> dict[str, str]:
    """Return the options of the first loop in a function's body."""
    definition = ast.parse(f"def f():\n{text}").body[0]
    annotate_loops(definition, NAMESPACE)
    loop = next(node for node in ast.walk(definition) if isinstance(node, (ast.For, ast.While)))
    found = anno.getanno(loop, anno.Basic.DIRECTIVES)[malt_directive]
    return {key: ast.unparse(value) for key, value in found.items()} | {"body": ast.unparse(loop.body)}


@pytest.mark.parametrize("name", ["set_loop_options", "tf.autograph.set_loop_options"])
def test_the_directive_is_taken_out_of_the_body(name):
    options = options_of(f" while x:\n  {name}(3, maximum_iterations=n)\n  y = 1")
    assert options == {"reads": "('x',)", "parallel_iterations": "3", "maximum_iterations": "n", "body": "y = 1"}


def test_a_body_of_directives_alone_is_not_empty():
    assert options_of(" for i in x:\n  set_loop_options(swap_memory=True)")["body"] == "pass"


@pytest.mark.parametrize("call", ["other(1)", "unknown.set_loop_options(1)", "tf.nothing(1)", "f()(1)"])
def test_other_calls_stay(call):
    assert options_of(f" while x:\n  {call}")["body"] == call


@pytest.mark.parametrize("call", ["set_loop_options(*a)", "set_loop_options(**a)"])
def test_arguments_have_to_be_written_out(call):
    with pytest.raises(UnimplementedError, match=r"line 3 calls set_loop_options with \* or \*\*"):
        options_of(f" while x:\n  {call}")


@pytest.mark.parametrize(
    ("loop", "names"),
    [
        ("while x:\n  y = 1", ["x"]),
        ("for y in x:\n  z = y", []),
        ("for i in x:\n  y = i\n  z = y", []),
        ("for i in x:\n  y = y + 1", ["y"]),
        ("for i in x:\n  y += 1", ["y"]),
        ("for i in x:\n  if i:\n    y = 1\n  z = y", ["y"]),
        ("for i in x:\n  for j in y:\n    z = j\n  w = z", ["j", "y", "z"]),
        ("for i in x:\n  (y, z), i = f(i)\n  w = y + z", ["f"]),
    ],
)
def test_names_that_an_iteration_may_read_before_it_writes_them(loop, names):
    found = ast.literal_eval(options_of(" " + loop.replace("\n", "\n "))["reads"])
    assert list(found) == names


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("a.append(1)", ["a"]),
        ("if y:\n   self.b.c.extend(z)", ["self.b.c"]),
        ("a = []\n  a.append(1)", []),
        ("for a in y:\n   a.insert(0, 1)", []),
        ("f().append(1)\n  a[0].append(1)\n  a.pop()", []),
        ("a.append(1)\n  a.append(b.insert(0, 1))", ["a", "b"]),
    ],
)
def test_lists_from_outside_that_a_body_appends_to(body, names):
    options = options_of(f" while x:\n  {body}")
    expected = ", ".join(f"'{name}': ag__.ldu(lambda: {name}, '{name}')" for name in names)
    assert options.get("grows", "lambda: {}") == f"lambda: {{{expected}}}"


def test_the_directive_does_nothing_where_nothing_is_staged():
    function = define(
        "def f(n):\n    while n > 0:\n        tf.autograph.set_loop_options(1)\n        n -= 1\n    return n\n",
        tf=MODULE,
    )
    assert function(2) == convert(function, STAGING)(2) == 0
