"""Variables that control flow sets are seen wherever Python would see them."""

from __future__ import annotations

from contextlib import suppress

import pytest

from tenon.core.autograph import convert
from tests.core.autograph.jax_staging import STAGING, compiled
from tests.core.autograph.programs import define

PROGRAMS = {
    "a closure made before the assignment": """
def f(x):
    y = 1
    def read():
        return y
    if x > 0:
        y = 2
    return read()
""",
    "a lambda made before the assignment": """
def f(x):
    y = 1
    read = lambda: y
    while x > 0:
        x, y = x - 1, y * 2
    return read()
""",
    "a closure that assigns": """
def f(x):
    y = None
    for i in range(3):
        if x > i:
            y = i
    def add():
        nonlocal y
        if y is not None:
            y += 10
        return y
    return add(), y
""",
    "a method of a class": """
def f(x):
    y = 1
    if x > 0:
        y = 2
    class Reader:
        def read(self):
            return y
    return Reader().read()
""",
    "a generator expression": """
def f(x):
    y = 1
    later = (y * i for i in range(3))
    if x > 0:
        y = 5
    return list(later)
""",
    "a closure in a closure": """
def f(x):
    def outer():
        y = 1
        def inner():
            return y
        if x > 0:
            y = 2
        return inner
    return outer()()
""",
    "an interrupted try": """
def f(x):
    y = 0
    try:
        if x > 0:
            y = 5
        1 / (x - 1)
        y = 7
    except ZeroDivisionError:
        return y, 1
    return y
""",
    "an interrupted try in a loop": """
def f(x):
    seen, y = [], 0
    for i in range(4):
        seen.append(y)
        try:
            if x > 0:
                y = i
            1 / (i - x)
            y = -1
        except ZeroDivisionError:
            pass
        finally:
            seen.append(y)
    return seen
""",
    "a parameter called as a global": """
def f(x):
    if x > 0:
        def g(suppress):
            return suppress
        h = lambda suppress: suppress
        x = g(x) + h(x)
    return x, suppress is not None
""",
    "a deleted variable": """
def f(x):
    y = 1
    if x > 0:
        del y
        y = 3
    del x
    try:
        return y, x
    except NameError:
        return y
""",
    "variables called as those that the conversion makes up": """
def f(x):
    if_body, get_state, do_return, retval_, break_, fscope = range(6)
    for itr in range(3):
        if x > itr:
            break
        if_body += 1
    else:
        get_state = x
    if x > 1:
        return if_body, get_state, do_return, retval_, break_, fscope
    return itr, if_body
""",
    "a global variable": """
def f(x):
    global counter
    counter = 0
    while x > 0:
        counter += 1
        x -= 1
    return counter
""",
    "a nonlocal variable": """
def make():
    count = 0
    def inner(x):
        nonlocal count
        if x > 0:
            count += x
        return count
    return inner

f = make()
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_on_python_values_a_variable_is_what_python_makes_it(name):
    python = [define(PROGRAMS[name], suppress=suppress)(x) for x in range(4)]
    assert [convert(define(PROGRAMS[name], suppress=suppress), STAGING)(x) for x in range(4)] == python


@pytest.mark.parametrize("name", ["a closure made before the assignment", "a lambda made before the assignment"])
def test_on_tensors_a_closure_sees_the_assignment(name):
    function = define(PROGRAMS[name])
    assert [int(compiled(function)(x)) for x in range(4)] == [function(x) for x in range(4)]


def test_a_variable_that_only_a_closure_of_its_branch_reads_stays_in_the_branch():
    def function(x):
        total = 0
        if x > 0:
            scale = x * 2
            total = sum((lambda v: v * scale)(i) for i in range(3))
        return total

    assert int(compiled(function)(2)) == function(2)
