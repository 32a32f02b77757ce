"""How Python becomes a pure function of arrays."""

from __future__ import annotations

import numpy as np
import pytest

import tenon as tf
from tenon.core.recording import Kernel, LeakedTensorError, run
from tenon.core.tensors import Tensor
from tenon.core.tracing import Access, source_array, taken_apart, trace
from tenon.core.variables import Variable


def run_traced(traced, *arguments):
    results = run(Kernel(traced.function), [*arguments, *traced.inputs()])
    return traced.assign(results)


def test_the_python_runs_once_and_the_function_many_times():
    runs = []

    def function(x):
        runs.append(x)
        return [(Tensor(x) * 2.0).value], "extra"

    traced = trace(function, [np.zeros(2, np.float32)], "double")
    assert traced.extra == "extra"
    assert [run_traced(traced, np.full(2, n, np.float32))[0].tolist() for n in (1, 2)] == [[2.0, 2.0], [4.0, 4.0]]
    assert len(runs) == 1


def test_a_variable_is_an_input_from_its_first_reading_and_a_result_if_assigned():
    read, written = Variable(2.0), Variable(1.0)

    def function(x):
        written.assign(written * read + Tensor(x))
        return [written.value().value], None

    traced = trace(function, [np.float32(0)], "f")
    assert [source.variable for source in traced.sources] == [written, read]
    assert traced.written == (written,)
    assert run_traced(traced, np.float32(5))[0] == 7.0
    assert (float(written), float(read)) == (7.0, 2.0)
    read.assign(10.0)
    assert run_traced(traced, np.float32(5))[0] == 75.0


def test_a_variable_that_is_only_assigned_is_no_input():
    variable = Variable(1.0)
    traced = trace(lambda x: ([], variable.assign(Tensor(x))), [np.float32(0)], "f")
    assert traced.sources == ()
    run_traced(traced, np.float32(5))
    assert float(variable) == 5.0


def test_floating_point_arrays_from_outside_become_inputs():
    captured = tf.constant([1.0, 2.0])
    traced = trace(lambda x: ([(captured * 2.0 + Tensor(x)).value], None), [np.zeros(2, np.float32)], "f")
    assert [source is captured.value for source in traced.sources] == [True]
    assert run_traced(traced, np.ones(2, np.float32))[0].tolist() == [3.0, 5.0]


def test_integers_from_outside_and_what_is_made_inside_keep_their_values():
    captured = tf.constant([1, 2])
    seen = []

    def function(x):
        seen.append((captured * 2).numpy().tolist())
        seen.append((tf.constant(2.0) * 3.0).numpy())
        return [(Tensor(x) + tf.cast(captured, tf.float32)).value], None

    traced = trace(function, [np.zeros(2, np.float32)], "f")
    assert seen == [[2, 4], 6.0]
    assert run_traced(traced, np.zeros(2, np.float32))[0].tolist() == [1.0, 2.0]


def test_traces_nest_and_the_inner_takes_from_the_outer():
    variable = Variable(3.0)

    def outer(x):
        variable.assign_add(Tensor(x))
        y = Tensor(x) * 2.0

        def inner():
            variable.assign(variable * 10.0)
            return [(y + variable).value], None

        traced = trace(inner, [], "inner")
        results = run(Kernel(traced.function), traced.inputs())
        return traced.assign(results), None

    traced = trace(outer, [np.float32(0)], "outer")
    assert [source.variable for source in traced.sources] == [variable]
    assert run_traced(traced, np.float32(1)) == [42.0]
    assert float(variable) == 40.0


def test_a_failed_trace_leaves_nothing_behind():
    variable = Variable(1.0)

    def function(x):
        variable.assign(Tensor(x))
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        trace(function, [np.float32(0)], "f")
    assert tf.executing_eagerly()
    assert float(variable) == 1.0


def test_a_value_that_left_its_trace_is_refused_everywhere():
    kept = []

    def function(x):
        kept.append(Tensor(x) + 1.0)
        return [x], None

    trace(function, [np.float32(0)], "leaky")
    with pytest.raises(LeakedTensorError, match=r"computed inside the function 'leaky'.*Use return values"):
        kept[0] * 2.0
    with pytest.raises(LeakedTensorError, match="out of scope"):
        trace(lambda: ([(kept[0] * 2.0).value], None), [], "other")


def test_some_outputs_are_computed_from_what_they_need_alone():
    variable = Variable(3.0)

    def function(x):
        return [(Tensor(x) * 2.0).value, (variable * 2.0).value], None

    traced = trace(function, [np.float32(0)], "f")
    assert traced.compute([1], ["never looked at"]) == [6.0]


def test_64_bit_types_stay_what_they_are():
    traced = trace(lambda x: ([(Tensor(x) + 2**40).value], None), [np.int64(0)], "f")
    assert run_traced(traced, np.int64(1))[0].tolist() == 2**40 + 1


def test_sources_are_variables_or_arrays():
    variable = Variable(1.0)
    assert source_array(Access(variable)) == 1.0
    assert source_array("an array") == "an array"


def test_structures_are_taken_apart_and_put_together():
    arrays, form = taken_apart({"a": 1, "b": [None, tf.constant([2.0])], "c": "text"})
    assert [np.asarray(array).tolist() for array in arrays] == [1, [2.0]]
    rebuilt = form.unflatten([np.int32(5), np.float32(6)])
    assert rebuilt["b"][0] is None
    assert rebuilt["c"].numpy() == b"text"
    assert (int(rebuilt["a"]), float(rebuilt["b"][1])) == (5, 6.0)
    assert str(form) == "{'a': ., 'b': [None, .], 'c': <tf.Tensor: shape=(), dtype=string, numpy=b'text'>}"


@pytest.mark.parametrize(
    ("first", "second", "fits"),
    [
        ([1, 2], [3, 4], True),
        ([1, 2], (3, 4), False),
        ([1, None], [3, None], True),
        ([1, None], [3, 4], False),
        ({"a": 1}, {"b": 1}, False),
        ([1], [1, 2], False),
    ],
)
def test_forms_fit_if_the_same_arrays_go_into_both(first, second, fits):
    assert taken_apart(first)[1].fits(taken_apart(second)[1]) is fits


def test_forms_know_where_their_arrays_are():
    assert taken_apart({"a": [1, None], "b": 2})[1].places == ["['a'][0]", "['b']"]
    assert taken_apart(1)[1].places == ["the result"]
