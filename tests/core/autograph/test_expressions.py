"""Expressions become calls, and what malt adds for TensorFlow goes."""

from __future__ import annotations

import pytest

from tenon.core.autograph import to_code
from tests.core.autograph.programs import define


def body_of(*lines: str) -> str:
    """Return the converted body of a function of ``a``, ``b`` and ``c``."""
    text = "".join(f"    {line}\n" for line in lines)
    code = to_code(define(f"def f(a, b, c):\n{text}"))
    return "\n".join(line[4:] for line in code.splitlines()[1:] if line)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a and b", "ag__.and_(a, lambda: b)"),
        ("a and b and c", "ag__.and_(a, lambda: b, lambda: c)"),
        ("a or b and c", "ag__.or_(a, lambda: ag__.and_(b, lambda: c))"),
        ("not a", "ag__.not_(a)"),
        ("-a", "-a"),
        ("a < b", "a < b"),
        ("a < b <= c", "ag__.compare(a, lambda l, r: l < r, lambda: b, lambda l, r: l <= r, lambda: c)"),
        ("a if b else c", "ag__.if_exp(b, lambda: a, lambda: c, 'b')"),
        (
            "a if (b if c else a) else c",
            "ag__.if_exp(ag__.if_exp(c, lambda: b, lambda: a, 'c'), lambda: a, lambda: c, 'b if c else a')",
        ),
        ("a(b, *c, d=b, **c)", "ag__.converted_call(a, (b,) + tuple(c), dict(d=b, **c))"),
        ("a()", "ag__.converted_call(a, (), None)"),
        ("lambda: a", "lambda: a"),
        ("locals()", "ag__.locals()"),
    ],
)
def test_an_expression_becomes_a_call(expression, expected):
    assert body_of(f"return {expression}") == f"return {expected}"


def test_a_condition_is_named_as_the_user_wrote_it():
    assert body_of("return a if b(c) else c").endswith("'b(c)')")


def test_an_assertion_becomes_a_call():
    assert body_of("assert a") == "ag__.assert_stmt(a)"
    assert body_of("assert a, b") == "ag__.assert_stmt(a, lambda: b)"


def test_only_variables_that_may_have_no_value_are_checked():
    assert body_of("x = a", "return x") == "x = a\nreturn x"
    code = body_of("if a:", "    x = b", "    y = c", "x += 1", "return x")
    assert code.endswith("x = ag__.ld(x)\nx += 1\nreturn ag__.ld(x)")


def test_a_deletion_becomes_an_assignment():
    assert body_of("del a, b[0], c") == "a = ag__.Undefined('a')\ndel b[0]\nc = ag__.Undefined('c')"


def test_a_function_inside_is_converted_with_its_decorators():
    code = body_of("@b", "def g(x):", "    return not x", "return g(a)")
    assert code == "@b\ndef g(x):\n    return ag__.not_(x)\nreturn ag__.converted_call(g, (a,), None)"


def test_the_users_own_with_stays():
    assert body_of("with a(b) as x:", "    c = x") == "with a(b) as x:\n    c = x"
