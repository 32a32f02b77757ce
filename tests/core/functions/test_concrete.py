"""Concrete functions: one signature each."""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np
import pytest
from jax import export as jax_export

import tenon as tf


class Pair(NamedTuple):
    p: object
    q: object


def power():
    @tf.function
    def power(a, b=3, *, c="x", d=None):
        return {"r": a**b, "q": [a, None]}

    return power


def test_a_signature_fixes_what_is_no_tensor():
    concrete = power().get_concrete_function(tf.TensorSpec([], tf.float32), b=2)
    assert float(concrete(tf.constant(3.0))["r"]) == 9.0
    assert float(concrete(tf.constant(3.0), b=2)["r"]) == 9.0
    assert float(concrete(a=tf.constant(3.0))["r"]) == 9.0
    with pytest.raises(TypeError, match="takes no other values of Python"):
        concrete(tf.constant(3.0), b=3)


def test_tensors_may_all_come_by_position_or_by_the_names_of_their_specs():
    @tf.function
    def f(x, y):
        return x.p * 100 + x.q * 10 + y["k"]

    spec = tf.TensorSpec([], tf.int32)
    concrete = f.get_concrete_function(Pair(spec, spec), {"k": spec})
    one, two, three = tf.constant(1), tf.constant(2), tf.constant(3)
    assert [argument.name for argument in concrete.inputs] == ["x_p", "x_q", "y_k"]
    assert int(concrete(Pair(one, two), {"k": three})) == 123
    assert int(concrete(one, two, three)) == 123
    assert int(concrete(x_q=two, y_k=three, x_p=one)) == 123


def test_names_of_specs_are_kept():
    concrete = tf.function(lambda x: x).get_concrete_function(tf.TensorSpec([1], name="image"))
    assert concrete.structured_input_signature[0][0].name == "image"


def test_arguments_are_checked():
    concrete = power().get_concrete_function(tf.TensorSpec([2], tf.float32), b=2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected to be a float32 tensor but is a int32"):
        concrete(tf.constant([1, 2]))
    with pytest.raises(TypeError, match=r"Can not cast TensorSpec\(shape=\(3,\)"):
        concrete(tf.zeros([3]))
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        concrete(tf.zeros([2]), z=1)
    with pytest.raises(TypeError, match="missing a required argument: 'a'"):
        concrete()


def test_open_sizes_come_out_open():
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def f(x):
        return x + 1.0, tf.reduce_sum(x, 1), tf.reduce_sum(x), tf.concat([x, x], 1)

    outputs = f.get_concrete_function().structured_outputs
    assert [str(output.shape) for output in outputs] == ["(None, 2)", "(None,)", "()", "(None, 4)"]


def test_an_open_rank_is_known_when_it_is_called():
    concrete = tf.function(lambda x: x * 2.0).get_concrete_function(tf.TensorSpec(None, tf.float32))
    assert concrete.structured_outputs is None
    assert [concrete(np.ones(shape, np.float32)).shape for shape in ([], [2], [1, 2])] == [[], [2], [1, 2]]


def test_code_that_cannot_take_symbols_is_traced_with_numbers():
    @tf.function
    def f(x):
        return x[: len(np.zeros(int(tf.shape(x)[0]))) - 1]

    concrete = f.get_concrete_function(tf.TensorSpec([None, 4], tf.float32))
    assert str(concrete.structured_outputs.shape) == "(None, None)"
    assert concrete(tf.zeros([3, 4])).shape == [2, 4]


def test_it_knows_its_variables_and_what_it_captures():
    v, w, captured = tf.Variable(1.0), tf.Variable(2, trainable=False), tf.constant([1.0])

    @tf.function
    def f(x):
        w.assign_add(1)
        return v * x + captured

    concrete = f.get_concrete_function(tf.TensorSpec([], tf.float32))
    assert [id(variable) for variable in concrete.variables] == [id(w), id(v)]
    assert [id(variable) for variable in concrete.trainable_variables] == [id(v)]
    assert len(concrete.captured_inputs) == 3
    assert [str(spec.shape) for spec in concrete.outputs] == ["(1,)"]
    assert concrete.name.startswith(b"__inference_f_")


def test_its_text_is_tensorflows():
    concrete = power().get_concrete_function(tf.TensorSpec([], tf.float32), b=2)
    assert str(concrete) == (
        "ConcreteFunction Input Parameters:\n"
        "  a (POSITIONAL_OR_KEYWORD): TensorSpec(shape=(), dtype=tf.float32, name=None)\n"
        "  b (POSITIONAL_OR_KEYWORD): Literal[2]\n"
        "  c (KEYWORD_ONLY): Literal['x']\n"
        "  d (KEYWORD_ONLY): Literal[None]\n"
        "Output Type:\n"
        "  Dict[['r', TensorSpec(shape=(), dtype=tf.float32, name=None)], ['q', "
        "List[TensorSpec(shape=(), dtype=tf.float32, name=None), Literal[None]]]]\n"
        "Captures:\n"
        "  None"
    )
    assert "*, c: Literal['x']" in repr(concrete)
    assert concrete.pretty_printed_signature(verbose=False).startswith("(a: TensorSpec")


def test_a_function_shows_all_its_signatures():
    f = tf.function(lambda x: x)
    f(1.0)
    f(tf.constant([1]))
    text = f.pretty_printed_concrete_signatures()
    assert "Literal[1.0]" in text
    assert "dtype=tf.int32" in text


def test_a_signature_that_is_known_is_not_traced_again():
    f = tf.function(lambda x: x + 1.0)
    first = f.get_concrete_function(tf.TensorSpec([None, 2]))
    assert f.get_concrete_function(tf.TensorSpec([3, 2])) is first
    f(tf.ones([5, 2]))
    assert f.experimental_get_tracing_count() == 1


def test_text_signatures_are_traced_when_they_are_called():
    concrete = tf.function(lambda t: tf.strings.upper(t)).get_concrete_function(tf.TensorSpec([], tf.string))
    assert concrete(tf.constant("abc")).numpy() == b"ABC"


def test_it_is_exported_as_a_pure_function_with_symbolic_sizes():
    v, count = tf.Variable([1.0, 2.0]), tf.Variable(0)

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def f(x):
        count.assign_add(1)
        return {"y": x * v, "sum": tf.reduce_sum(x, 1)}

    form = next(f.get_concrete_function().pure_forms())
    structs = [jax.ShapeDtypeStruct(variable.shape, variable.dtype.dtype) for variable in form.variables]
    exported = jax_export.export(jax.jit(form.function))(*structs, *form.arguments)
    results = exported.call(*[variable.value().value for variable in form.variables], np.ones((3, 2), np.float32))
    assert [np.asarray(result).tolist() for result in results] == [[2.0] * 3, [[1.0, 2.0]] * 3, 1]
    assert [variable is count for variable in form.written] == [True]
    assert form.structured_outputs["y"].shape.as_list() == [None, 2]
    assert list(form.reached) == [variable is v for variable in form.variables] + [True]
    assert int(count) == 0


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        (tf.TensorSpec([], tf.string), "cannot go through it"),
        (tf.TensorSpec(None, tf.float32), "tensors of any rank"),
        (tf.Variable(1.0), "takes a variable"),
    ],
)
def test_what_cannot_be_pure_tells_why(spec, reason):
    concrete = tf.function(lambda x: x + x).get_concrete_function(spec)
    with pytest.raises(tf.errors.UnimplementedError, match=reason):
        next(concrete.pure_forms())


@pytest.mark.parametrize("value", [[1.0, 2.0], np.ones(2), np.ones(2, np.int64), (1, 2), tf.ones([2])])
def test_what_is_no_tensor_becomes_one_of_the_stated_dtype(value):
    concrete = tf.function(lambda x: x * 2.0).get_concrete_function(tf.TensorSpec([2], tf.float32, name="x"))
    expected = [2 * float(item) for item in value]
    assert concrete(value).numpy().tolist() == expected
    assert concrete(x=value).numpy().tolist() == expected


def test_a_tensor_of_another_dtype_is_refused():
    concrete = tf.function(lambda x: x * 2.0).get_concrete_function(tf.TensorSpec([2], tf.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected to be a float32"):
        concrete(tf.constant([1, 2]))


def test_the_pure_form_is_what_was_traced_whatever_python_says_now():
    factor = [2.0]
    concrete = tf.function(lambda x: x * factor[0]).get_concrete_function(tf.TensorSpec([None]))
    factor[0] = 3.0
    form = next(concrete.pure_forms())
    assert form.function(np.ones(2, np.float32))[0].tolist() == [2.0, 2.0]
    assert [str(size) for size in form.arguments[0].shape] == ["b"]


def test_what_only_a_call_tells_is_not_shown_as_none():
    square = tf.function(lambda x: x * x).get_concrete_function(tf.TensorSpec(None, tf.float32))
    assert "<known when it is called>" in square.pretty_printed_signature()
    assert "Literal[None]" in tf.function(lambda: None).get_concrete_function().pretty_printed_signature()


def test_results_are_known_for_variables_that_are_arguments():
    v = tf.Variable([1.0, 2.0])
    f = tf.function(lambda v, x: v * x)
    assert f(v, 2.0).numpy().tolist() == [2.0, 4.0]
    assert f.get_concrete_function(v, tf.TensorSpec([], tf.float32)).structured_outputs.shape == [2]
    assert "shape=(2,)" in f.pretty_printed_concrete_signatures()
