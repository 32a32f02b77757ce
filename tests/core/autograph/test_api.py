"""Functions of every kind are converted; those that cannot be say so."""

# ruff: noqa: SIM108, UP028  # code as users write it

from __future__ import annotations

import functools
import inspect
import logging
import threading
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tenon.base import InvalidArgumentError, NotFoundError, UnimplementedError
from tenon.core.autograph import (
    AutoGraphWarning,
    convert,
    convert_if_active,
    do_not_convert,
    set_verbosity,
    to_code,
    to_graph,
)
from tests.core.autograph.jax_staging import STAGING, compiled
from tests.core.autograph.programs import define

VALUES = [-2, 0, 3, 9]


def sign(x):
    """Return the sign."""
    if x > 0:
        return 1
    if x < 0:
        return -1
    return 0


class Base:
    """A user's class."""

    def __init__(self):
        self.__offset = 5

    def call(self, x):
        if x > 0:
            return x + self.__offset
        return x - self.__offset

    @classmethod
    def from_class(cls, x):
        return 1 if x > 0 else 2

    @staticmethod
    def static(x):
        return 3 if x > 0 else 4


class Derived(Base):
    """A user's class that extends another."""

    def call(self, x):
        if x > 3:
            y = super().call(x) * 2
        else:
            y = super().call(x)
        return y

    def __call__(self, x):
        return self.call(x)

    def climbs(self, n, x):
        if n == 0 or x > 100:
            return x
        return self.climbs(n - 1, x * 2 + 1)


def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@traced
@traced
def decorated(x, *, step=3):
    if x > 0:
        x = x + step
    return x


def closure(step):
    def inner(x, scale=2):
        if x > 0:
            return x * scale + step
        return step

    return inner


lambdas = [lambda x: 1 if x > 0 else 2, lambda x: 3 if x > 0 else 4]


@pytest.mark.parametrize(
    "function",
    [
        sign,
        Derived().call,
        Derived(),
        Derived.from_class,
        Derived.static,
        functools.partial(Base.call, Base()),
        functools.partial(functools.partial(closure(1), scale=7)),
        lambda x: Derived().climbs(3, x) if x is not None else 0,
        decorated,
        functools.partial(decorated, step=10),
        closure(4),
        closure(5),
        *lambdas,
        lambda x: [f(x) for f in lambdas][1],
        lambda x: sum(sign(x - i) for i in range(3)),
    ],
)
def test_callables_of_every_kind_are_converted_with_what_they_call(function):
    if isinstance(function, type(sign)) and function.__name__ == "<lambda>" and "climbs" in inspect.getsource(function):
        values = [value for value in VALUES if value > 0]
    else:
        values = VALUES
    assert [int(compiled(function)(value)) for value in values] == [function(value) for value in values]


def test_recursion_on_a_python_value_ends():
    climbs = Derived().climbs
    function = jax.jit(convert(climbs, STAGING), static_argnums=0)
    assert [int(function(4, x)) for x in (1, 50)] == [climbs(4, 1), climbs(4, 50)]


def test_the_converted_function_looks_like_the_original():
    converted = convert(decorated, STAGING)
    assert converted.__name__ == "decorated"
    assert inspect.signature(converted) == inspect.signature(decorated)
    assert convert(sign, STAGING).__doc__ == "Return the sign."


def test_closures_that_share_code_keep_their_cells_and_defaults():
    functions = [convert(closure(step), STAGING) for step in (1, 10)]
    assert [int(jax.jit(function)(2)) for function in functions] == [5, 14]
    makers = [lambda x, k=k: x + k if x > 0 else k for k in (1, 2)]
    assert [int(compiled(function)(2)) for function in makers] == [3, 4]


def test_a_closure_sees_what_its_variables_become():
    step = 1

    def function(x):
        return x + step if x > 0 else step

    converted = convert(function, STAGING)
    assert converted(1) == 2
    step = 5
    assert converted(1) == 6


def test_defaults_that_change_are_honoured():
    def function(x, step=1):
        return x + step if x > 0 else x

    converted = convert(function, STAGING)
    assert converted(1) == 2
    function.__defaults__ = (7,)
    assert converted(1) == 8


def test_arguments_of_every_kind_arrive():
    def function(a, /, b, *rest, c=3, **others):
        if a > 0:
            b = b + 1
        return a, b, rest, c, others

    for args, kwargs in [((1, 2), {}), ((1, 2, 3, 4), {"c": 5, "d": 6}), ((1,), {"b": 0})]:
        assert convert(function, STAGING)(*args, **kwargs) == function(*args, **kwargs)


def test_generators_and_coroutines_are_left_alone():
    def generate(n):
        for i in range(n):
            yield i

    async def wait(x):
        return x

    def function(x):
        s = 0
        for i in generate(3):
            if x > i:
                s += i
        coroutine = wait(x)
        coroutine.close()
        return s

    assert int(compiled(function)(2)) == 1
    assert list(convert(generate, STAGING)(2)) == [0, 1]


def test_libraries_and_builtins_are_left_alone():
    def function(x):
        return jnp.where(x > 0, x, 0) + np.int32(len("ab")) + max(1, 2)

    assert int(compiled(function)(3)) == 7
    assert convert(jnp.sum, STAGING)(np.arange(3)) == 3
    assert convert(len, STAGING)("abc") == 3


def test_a_builtin_that_meets_a_tensor_is_replaced():
    def function(x):
        return len(x), int(x[0]), float(x[0]), max(x), min(x[0], x[1])

    values = compiled(function)(np.array([2, 5], np.int32))
    assert [value.dtype.name for value in values[1:3]] == ["int32", "float32"]
    assert [int(value) for value in values] == [2, 2, 2, 5, 2]


def test_not_recursive_leaves_calls_alone_but_not_builtins():
    def function(x):
        s = 0
        for i in range(x):
            s += i
        return s

    assert int(jax.jit(convert(function, STAGING, recursive=False))(4)) == 6
    with pytest.raises(jax.errors.TracerBoolConversionError):
        jax.jit(convert(lambda x: sign(x), STAGING, recursive=False))(1)


def test_print_is_pythons(capsys):
    def function(x):
        print("tracing", x is not None)
        return x

    compiled(function)(1)
    assert capsys.readouterr().out == "tracing True\n"


def test_functions_without_source_run_as_they_are_with_one_warning():
    namespace = {"__name__": "shell"}
    exec("def typed(x):\n    if x > 0:\n        return 1\n    return 2\n\nalone = lambda x: x + 1", namespace)
    with pytest.warns(
        AutoGraphWarning, match=r"leaves 'typed' as it is, so that `if`.*are not staged.*source"
    ) as caught:
        assert [convert(namespace["typed"], STAGING)(x) for x in (1, -1)] == [1, 2]
    assert len(caught) == 1
    assert (caught[0].filename, caught[0].lineno) == ("<string>", 1)
    assert convert(namespace["alone"], STAGING)(1) == 2  # nothing in it would be staged


def test_what_cannot_be_converted_runs_as_it_is_with_one_warning_that_says_why():
    def function(x):
        match x:
            case 1:
                return "one"
        return "other"

    with pytest.warns(AutoGraphWarning, match=r"'.*function' as it is.*line \d+ has `match`") as caught:
        assert [convert(function, STAGING)(x) for x in (1, 2)] == ["one", "other"]
    assert len(caught) == 1
    assert caught[0].filename == __file__


def choices(count: int):
    """Return a function with a chain of ``elif``s."""
    chain = "".join(f"    elif x == {i}:\n        y = {i}\n" for i in range(1, count))
    return define(
        f"def deep(x):\n    if x == 0:\n        y = 0\n{chain}    else:\n        y = -1\n    return y\n", "deep"
    )


def test_a_long_chain_of_conditions_is_converted():
    staged = compiled(choices(12))
    assert [int(staged(x)) for x in (0, 7, 99)] == [0, 7, -1]


def test_a_chain_too_long_for_pythons_stack_runs_as_it_is_with_a_warning():
    with pytest.warns(AutoGraphWarning, match=r"leaves 'deep' as it is.*nest too deeply"):
        assert convert(choices(300), STAGING)(5) == 5


def test_do_not_convert_keeps_a_function_and_what_it_calls():
    seen = []

    @do_not_convert
    def host(x):
        seen.append(convert_if_active(sign) is sign)
        return x

    def function(x):
        seen.append(convert_if_active(sign) is sign)
        return host(x) + (1 if x > 0 else 2)

    assert int(compiled(function)(1)) == 2
    assert seen == [False, True]
    assert do_not_convert()(sign)(3) == 1
    with pytest.raises(jax.errors.TracerBoolConversionError):
        compiled(do_not_convert(sign))(1)


def test_functions_given_to_a_library_are_converted_if_it_asks():
    library = define("def call(f, x, wrap):\n    return wrap(f)(x)\n", "call", __name__="jax.user_library")
    assert int(compiled(lambda x: library(sign, x, convert_if_active))(-3)) == -1
    assert convert_if_active(sign) is sign


def test_converted_twice_is_converted_once():
    assert int(jax.jit(convert(convert(sign, STAGING), STAGING))(-3)) == -1


def test_to_graph_returns_the_converted_function_itself():
    converted = to_graph(Derived.call, STAGING)
    assert converted.__name__ == "call"
    assert int(jax.jit(lambda x: converted(Derived(), x))(5)) == 20
    assert to_graph(sign, STAGING)(-3) == -1


def test_to_graph_refuses_what_it_cannot_convert():
    with pytest.raises(InvalidArgumentError, match=r"only Python functions and methods .* received <built-in"):
        to_graph(len, STAGING)
    with pytest.raises(UnimplementedError, match="generator"):
        to_graph(define("def f(x):\n    yield x\n"), STAGING)
    namespace: dict = {}
    exec("def typed(x):\n    return x", namespace)
    with pytest.raises(NotFoundError, match="the source of 'typed' is not in '<string>'"):
        to_graph(namespace["typed"], STAGING)


def test_to_code_shows_the_operators():
    code = to_code(convert(sign, STAGING))
    assert code.startswith("def tf__sign(x):")
    assert "ag__.if_stmt(x > 0, if_body" in code
    assert to_code(Derived().call) == to_code(Derived.call)


def test_a_function_is_converted_once_by_many_threads():
    function = define("def f(x):\n    if x > 0:\n        return x\n    return -x\n")
    barrier, results = threading.Barrier(4), []

    def work():
        barrier.wait()
        results.append([convert(function, STAGING)(value) for value in VALUES])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[abs(value) for value in VALUES]] * 4


def test_threads_trace_at_once():
    def work(index):
        results[index] = [int(compiled(closure(index))(value)) for value in VALUES]

    results = {}
    threads = [threading.Thread(target=work, args=(index,)) for index in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {index: [closure(index)(value) for value in VALUES] for index in range(3)}


def test_verbosity_shows_conversions_and_their_code(capsys, caplog):
    try:
        set_verbosity(1, alsologtostdout=True)
        convert(define("def first(x):\n    return x if x else 0\n", "first"), STAGING)(1)
        set_verbosity(3)
        convert(define("def second(x):\n    return x if x else 0\n", "second"), STAGING)(1)
    finally:
        set_verbosity(0)
    assert capsys.readouterr().out == "converted first\n"
    assert [record.levelno for record in caplog.records] == [logging.INFO, logging.INFO, logging.DEBUG]
    assert "def tf__second(x):" in caplog.text


def test_nothing_is_said_by_default(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        convert(define("def f(x):\n    return x if x else 0\n"), STAGING)(1)
    assert capsys.readouterr() == ("", "")
