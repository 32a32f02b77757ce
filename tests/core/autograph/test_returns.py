"""Where functions return, told from their syntax."""

from __future__ import annotations

import ast

import pytest

from tenon.core.autograph._returns import can_fall_through, returns, returns_early


def statements(text: str) -> list[ast.stmt]:
    return ast.parse(f"def f():\n  while z:\n{_indented(text)}").body[0].body[0].body


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "return 1",
        "raise E",
        "if a:\n  return 1\nelse:\n  raise E",
        "with a:\n  return 1",
        "while True:\n  pass",
        "while 1:\n  for b in c:\n    break",
        "for a in b:\n  pass\nelse:\n  return 1",
        "while a:\n  continue\nelse:\n  return 1",
        "try:\n  return 1\nexcept E:\n  return 2",
        "try:\n  pass\nexcept E:\n  raise\nelse:\n  return 1",
        "try:\n  pass\nfinally:\n  return 1",
    ],
)
def test_the_end_is_not_reached(text):
    assert not can_fall_through(statements(text))


@pytest.mark.parametrize(
    "text",
    [
        "pass",
        "return 1\npass",
        "if a:\n  return 1",
        "if a:\n  return 1\nelse:\n  pass",
        "while a:\n  return 1",
        "while True:\n  if a:\n    break",
        "while True:\n  for a in b:\n    pass\n  else:\n    break",
        "for a in b:\n  return 1",
        "for a in b:\n  break\nelse:\n  return 1",
        "try:\n  return 1\nexcept E:\n  pass",
        "try:\n  pass\nfinally:\n  pass",
        "def g():\n  return 1",
    ],
)
def test_the_end_may_be_reached(text):
    assert can_fall_through(statements(text))


def test_the_end_of_nothing_is_reached():
    assert can_fall_through([])


@pytest.mark.parametrize(
    ("text", "expected"), [("if a:\n  return", True), ("def g():\n  return 1", False), ("pass", False)]
)
def test_a_return_of_another_function_does_not_count(text, expected):
    assert returns(statements(text)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f():\n  with scope:\n    return 1", False),
        ("def f():\n  with scope:\n    pass", False),
        ("def f():\n  'doc'\n  with scope:\n    def g():\n      with scope:\n        return 2\n    return g", False),
        ("def f():\n  with scope:\n    if a:\n      return 1\n    return 2", True),
        ("def f():\n  with scope:\n    with a:\n      return 1", True),
        (
            "def f():\n  with scope:\n    def g():\n      with scope:\n        return 2\n        pass\n    return g",
            True,
        ),
    ],
)
def test_a_return_is_early_unless_it_ends_the_function(text, expected):
    assert returns_early(ast.parse(text).body[0]) is expected
