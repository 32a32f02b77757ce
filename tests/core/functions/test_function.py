"""``tf.function``: when Python runs, what comes back, what is remembered."""

from __future__ import annotations

import copy
import dataclasses
import functools
import gc
import pickle
import threading
import weakref
from typing import NamedTuple

import numpy as np
import pytest

import tenon as tf
from tenon.core.functions import Function


class Pair(NamedTuple):
    p: object
    q: object


def counted(**options):
    """Return a function that returns its first argument, and the list of its runs."""
    runs = []

    @tf.function(**options)
    def f(*args):
        runs.append(args)
        return args[0]

    return f, runs


def plus_one(x):
    return x + 1


def test_python_runs_once_for_each_kind_of_arguments():
    f, runs = counted()
    assert [float(f(tf.constant(x))) for x in (1.0, 2.0, 3.0)] == [1.0, 2.0, 3.0]
    f(tf.constant([1.0]))
    f(tf.constant(1))
    assert len(runs) == f.experimental_get_tracing_count() == 3


def test_it_decorates_with_and_without_arguments():
    assert int(tf.function(plus_one)(1)) == int(tf.function()(plus_one)(1)) == 2
    assert int(tf.function(jit_compile=True, reduce_retracing=True)(plus_one)(1)) == 2
    assert int(tf.function(plus_one, experimental_compile=True, experimental_relax_shapes=True)(1)) == 2


def test_it_keeps_name_and_documentation():
    @tf.function
    def documented(x):
        """What it does."""
        return x

    assert (documented.__name__, documented.name, documented.__doc__) == ("documented", "documented", "What it does.")
    assert documented.python_function is documented.__wrapped__
    assert "documented" in repr(documented)


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="func must be callable; received 5"):
        tf.function(5)


@pytest.mark.parametrize(
    ("function", "arguments", "wanted"),
    [
        (lambda x: x + 1, (1,), 2),
        (functools.partial(lambda a, b: a - b, 10), (3,), 7),
        (max, (3, 5), 5),
    ],
)
def test_every_kind_of_callable_is_traced(function, arguments, wanted):
    assert int(tf.function(function)(*arguments)) == wanted


def test_an_object_that_can_be_called_is_traced():
    class Adder:
        def __call__(self, x):
            return x + 10

    assert int(tf.function(Adder())(1)) == 11


def test_keywords_defaults_and_variadic_arguments():
    @tf.function
    def f(a, b=2, *rest, c=3, **others):
        return a + b + sum(rest) + c + sum(others.values())

    assert int(f(1)) == 6
    assert int(f(1, 1, 10, 20, c=0, d=100, e=200)) == 332
    assert f.experimental_get_tracing_count() == 2
    with pytest.raises(TypeError, match="missing a required argument: 'a'"):
        f()


def test_structures_go_in_and_come_out():
    @tf.function
    def f(pair, mapping):
        return {"sum": pair.p + mapping["x"][0], "pair": Pair(pair.q, None), "list": [1, (2.5, True)]}

    found = f(Pair(tf.constant(1), "text"), {"x": [tf.constant(2)]})
    assert int(found["sum"]) == 3
    assert found["pair"].p.numpy() == b"text"
    assert found["pair"].q is None
    assert [found["list"][0].dtype, *[x.dtype for x in found["list"][1]]] == [tf.int32, tf.float32, tf.bool]


def test_a_variable_comes_back_as_its_value():
    v = tf.Variable(3.0)
    found = tf.function(lambda: v)()
    assert isinstance(found, tf.Tensor)
    assert float(found) == 3.0


def test_nothing_and_no_arguments():
    assert tf.function(lambda: None)() is None
    assert tf.function(lambda x=None: 1 if x is None else 2)().numpy() == 1


def test_texts_are_arguments_by_their_content_and_trace_as_tensors():
    f, _ = counted()
    assert [f(tf.constant(x)).numpy() for x in ("a", "b")] == [b"a", b"b"]
    assert f(tf.constant(["a", "b"])).numpy().tolist() == [b"a", b"b"]
    assert f.experimental_get_tracing_count() == 2
    joined = tf.function(lambda t, x: (tf.strings.join([t, "!"]), x + 1))
    assert [part.numpy() for part in joined(tf.constant("a"), 1)] == [b"a!", 2]


def test_64_bit_types_stay_what_they_are():
    f = tf.function(lambda x, y: (x + 1, y + tf.constant(1e-12, tf.float64)))
    x, y = f(tf.constant(2**40), tf.constant(1.0, tf.float64))
    assert int(x) == 2**40 + 1
    assert float(y) == 1.0 + 1e-12


def test_dataclasses_are_objects_known_weakly():
    @dataclasses.dataclass
    class Options:
        scale: int

    f, _ = counted()
    one, other = Options(1), Options(1)
    for options in (one, one, other):
        f(tf.constant(1.0), options)
    assert f.experimental_get_tracing_count() == 2


def test_what_was_traced_for_an_object_that_is_gone_is_forgotten():
    class Thing:
        pass

    f = tf.function(lambda x, thing: x)
    for _ in range(4):
        f(tf.constant(1.0), Thing())
    assert len(f.concrete_functions) == 1


def test_objects_that_can_neither_be_hashed_nor_referred_to_are_refused():
    f, _ = counted()
    with pytest.raises(TypeError, match="an argument must be a tensor, a container of those, or hashable"):
        f(bytearray(1))


def test_a_method_is_a_function_for_each_object():
    class Scale:
        def __init__(self, by):
            self.by = by
            self.runs = 0

        @tf.function
        def __call__(self, x):
            self.runs += 1
            return x * self.by

        def plain(self):
            return self.__call__

    two, three = Scale(2), Scale(3)
    assert [int(two(5)), int(three(5)), int(two(5))] == [10, 15, 10]
    assert (two.runs, three.runs) == (1, 1)
    assert two.__call__ is two.__call__ is not three.__call__
    assert isinstance(Scale.__call__, Function)


def test_a_bound_function_does_not_keep_its_object():
    class Scale:
        @tf.function
        def f(self, x):
            return x * 2

    scale = Scale()
    reference, bound = weakref.ref(scale), scale.f
    assert int(bound(2)) == 4
    del scale
    gc.collect()
    assert reference() is None
    with pytest.raises(tf.errors.FailedPreconditionError, match="the Scale object whose method 'f' this is has been"):
        bound(3.5)


def test_a_function_is_copied_with_its_options_and_without_its_traces():
    f = tf.function(plus_one, reduce_retracing=True)
    f(1)
    for other in (copy.deepcopy(f), pickle.loads(pickle.dumps(tf.function(min)))):
        assert other.experimental_get_tracing_count() == 0
    assert int(copy.deepcopy(f)(2)) == 3


def test_threads_trace_once_and_get_their_own_answers():
    f, runs = counted()
    answers = {}

    def work(number):
        answers[number] = [float(f(tf.constant(float(number * 100 + i)))) for i in range(20)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 1
    assert answers == {n: [float(n * 100 + i) for i in range(20)] for n in range(6)}


def test_run_functions_eagerly_runs_python_each_time():
    f, runs = counted()
    tf.config.run_functions_eagerly(True)
    try:
        f(1.0)
        f(1.0)
        assert len(runs) == 2
        assert tf.config.functions_run_eagerly()
    finally:
        tf.config.run_functions_eagerly(False)
    f(1.0)
    f(1.0)
    assert len(runs) == 3


def test_an_error_keeps_its_class_and_the_function_works_afterwards():
    @tf.function
    def f(x, fail):
        if fail:
            raise KeyError("mine")
        return x + 1

    with pytest.raises(KeyError, match="mine"):
        f(1, True)
    assert int(f(1, False)) == 2


def test_recursion_without_end_is_explained():
    @tf.function
    def f(x):
        return f(x)

    with pytest.raises(RecursionError, match="'f' calls itself without end while it is traced"):
        f(tf.constant(1))


def test_inner_functions_are_traced_for_themselves():
    inner, runs = counted()

    @tf.function
    def outer(x):
        return inner(x) + inner(x * 2) + inner(x)

    assert float(outer(tf.constant(1.0))) == 4.0
    assert float(inner(tf.constant(5.0))) == 5.0
    assert len(runs) == 1


def test_an_inner_function_may_take_from_around_it():
    @tf.function
    def outer(x):
        y = x * 2

        @tf.function
        def inner(z):
            return y + z

        return inner(x) + inner(y)

    assert [int(outer(tf.constant(x))) for x in (1, 10)] == [7, 70]


def test_what_is_compiled_can_be_shown():
    v = tf.Variable(2.0)
    f = tf.function(lambda x: x * v)
    show = f.experimental_get_compiler_ir(tf.constant([1.0]))
    assert "stablehlo.multiply" in show("stablehlo")
    assert "multiply" in show(stage="hlo")
    assert "multiply" in show("optimized_hlo")
    assert isinstance(show("hlo_serialized"), bytes)


def test_it_works_under_the_transformations_of_jax():
    import jax

    v = tf.Variable(3.0)
    f = tf.function(lambda x: v * x * x)
    assert float(jax.jit(lambda x: f(x).value)(2.0)) == 12.0
    assert float(jax.grad(lambda x: f(x).value)(2.0)) == 12.0
    np.testing.assert_allclose(jax.vmap(lambda x: f(x).value)(np.arange(3.0, dtype="f")), [0.0, 3.0, 12.0])


def test_an_object_with_attributes_of_any_name_can_be_made_a_function():
    class Scale:
        """Attributes that a function has under the same names."""

        def __init__(self):
            self._lock, self._programs, self._signature, self.name = False, None, (), "mine"

        def __call__(self, x):
            return x * 2

    scale = tf.function(Scale())
    assert scale(tf.constant(3)).numpy() == 6
    assert scale.name == "Scale"


def test_a_python_functions_attributes_are_the_functions_too():
    def twice(x):
        return x * 2

    twice.unit, twice._programs = "m", None
    traced = tf.function(twice)
    assert (traced.unit, traced(tf.constant(3)).numpy()) == ("m", 6)
