"""Signatures as text: in one line, and with a line for each part."""

import inspect

from tenon.core.functions._texts import signature_line, signature_lines

X, KEY = (
    inspect.Parameter("x", inspect.Parameter.POSITIONAL_OR_KEYWORD),
    inspect.Parameter("key", inspect.Parameter.KEYWORD_ONLY),
)
OTHER = inspect.Parameter("other", inspect.Parameter.KEYWORD_ONLY)


def test_one_star_stands_before_all_parameters_that_are_given_by_name():
    line = signature_line([(X, 1), (KEY, 2), (OTHER, 3)], "None")
    assert line == "(x: Literal[1], *, key: Literal[2], other: Literal[3]) -> None"


def test_a_function_without_parameters_has_empty_brackets():
    assert signature_line([], "None") == "() -> None"


def test_every_part_has_its_lines():
    variable = object()
    lines = signature_lines([(X, 1)], "Literal[2]", [variable]).splitlines()
    assert lines == [
        "Input Parameters:",
        "  x (POSITIONAL_OR_KEYWORD): Literal[1]",
        "Output Type:",
        "  Literal[2]",
        "Captures:",
        f"  {id(variable)}: TensorSpec(shape=(), dtype=tf.resource, name=None)",
    ]


def test_a_part_that_is_empty_says_none():
    lines = signature_lines([], "None", []).splitlines()
    assert lines == ["Input Parameters:", "  None", "Output Type:", "  None", "Captures:", "  None"]
