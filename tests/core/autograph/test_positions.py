"""Tracebacks of converted code end at the user's line."""

from __future__ import annotations

import logging
import traceback

import jax.numpy as jnp
import pytest

from tenon.base import InvalidArgumentError
from tenon.core.autograph import convert, set_verbosity, to_graph
from tests.core.autograph.jax_staging import STAGING, compiled, last_line
from tests.core.autograph.programs import define


class CustomError(Exception):
    """An error with an argument of its own."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


def inner(x):
    if x > 0:
        for i in range(2):
            raise CustomError(i)  # inner
    return x


def outer(x):
    while x > 0:
        x = inner(x) + 1  # outer
    return x


def frames(error) -> list[tuple[str, str]]:
    return [(frame.name, frame.line) for frame in traceback.extract_tb(error.__traceback__)][1:]


@pytest.mark.parametrize("run", [compiled, lambda function: convert(function, STAGING)])
def test_only_the_users_lines_are_shown_and_the_error_is_the_users(run):
    with pytest.raises(CustomError) as caught:
        run(outer)(3)
    assert caught.value.code == 0
    shown = frames(caught.value)
    assert shown[-1] == ("inner", "raise CustomError(i)  # inner")
    assert ("outer", "x = inner(x) + 1  # outer") in shown
    assert {frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)} == {__file__}


def test_a_program_that_logs_much_sees_no_more_lines():
    root, before = logging.getLogger(), logging.getLogger().level
    root.setLevel(logging.DEBUG)
    try:
        with pytest.raises(CustomError) as caught:
            compiled(outer)(3)
    finally:
        root.setLevel(before)
    assert {frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)} == {__file__}


def test_our_own_errors_survive():
    def function(x):
        if x > 0:
            raise InvalidArgumentError("x must be negative")  # here
        return x

    with pytest.raises(InvalidArgumentError, match="x must be negative") as caught:
        compiled(function)(1)
    assert last_line(caught.value).endswith("# here")


def test_an_error_of_a_library_shows_the_users_line_before_the_librarys():
    def function(x):
        y = jnp.ones(3) if x > 0 else jnp.zeros(3)
        return y @ jnp.ones((4, 2))  # here

    with pytest.raises(TypeError, match="dot_general") as caught:
        compiled(function)(1)
    assert ("function", "return y @ jnp.ones((4, 2))  # here") in frames(caught.value)


def test_the_errors_that_an_error_came_from_are_shortened_too():
    def fails(x):
        return 1 // x

    def function(x):
        try:
            return fails(x)
        except ZeroDivisionError as error:
            raise CustomError(1) from error

    with pytest.raises(CustomError) as caught:
        convert(function, STAGING)(0)
    shown = traceback.extract_tb(caught.value.__cause__.__traceback__)
    assert [frame.name for frame in shown] == ["function", "fails"]


def test_verbosity_keeps_all_frames():
    set_verbosity(1)
    try:
        with pytest.raises(CustomError) as caught:
            convert(inner, STAGING)(1)
    finally:
        set_verbosity(0)
    assert {"run_converted", "call", "if_stmt", "for_stmt"} <= {name for name, _ in frames(caught.value)}


def test_lines_are_right_after_continued_lines_and_long_texts():
    source = '''
def f(x):
    """Two
    lines."""
    y = x + \\
        1
    if y:
        z = (
            1 //
            (x - 1)
        )
    return z
'''
    with pytest.raises(ZeroDivisionError) as caught:
        convert(define(source), STAGING)(1)
    assert traceback.extract_tb(caught.value.__traceback__)[-1].lineno == 9


def test_converted_functions_and_those_inside_have_the_users_names():
    source = """
class Model:
    def call(self, x):
        if x:
            def helper():
                return lambda: x
            class Local:
                def read(self):
                    return x
            return helper, helper(), Local, Local.read
"""
    model = define(source, "Model")
    python = model().call(1)
    twin = to_graph(model.call, STAGING)
    assert (twin.__name__, twin.__qualname__, twin.__code__.co_filename) == (
        "call",
        "Model.call",
        model.call.__code__.co_filename,
    )
    assert twin.__code__.co_firstlineno == model.call.__code__.co_firstlineno
    for ours, theirs in zip(twin(model(), 1), python, strict=True):
        assert (ours.__name__, ours.__qualname__) == (theirs.__name__, theirs.__qualname__)


def test_columns_are_the_users():
    function = define("def f(x):\n    if x:\n        return x[0] + x[1] + x[2]\n    return 0\n")
    with pytest.raises(IndexError) as caught:
        convert(function, STAGING)([1, 2])
    frame = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert frame._original_line[frame.colno : frame.end_colno] == "x[2]"
