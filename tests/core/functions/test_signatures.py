"""Input signatures: arguments are converted to what is stated."""

from __future__ import annotations

import numpy as np
import pytest

import tenon as tf
from tenon.core.functions._signatures import SAMPLE_SIZE, shown, structs

FLOATS = tf.TensorSpec([None], tf.float32)


def test_arguments_are_converted_to_the_stated_dtypes_and_traced_once():
    @tf.function(input_signature=[FLOATS])
    def f(x):
        return x * 2.0

    for value in ([1, 2], np.ones(3), tf.constant([1.0]), (1.0, 2.0)):
        assert f(value).dtype == tf.float32
    assert f.experimental_get_tracing_count() == 1
    assert f.input_signature == (FLOATS,)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (tf.constant([1]), r"Can not cast TensorSpec\(shape=\(1,\), dtype=tf.int32, name=None\) to TensorSpec"),
        (tf.constant([[1.0]]), r"Can not cast TensorSpec\(shape=\(1, 1\)"),
        (["a"], "Cannot convert"),
        (tf.constant(["a"]), "Can not cast"),
    ],
)
def test_what_does_not_fit_is_refused(value, message):
    with pytest.raises(TypeError, match=message):
        tf.function(lambda x: x, input_signature=[FLOATS])(value)


def test_structures_of_specs():
    spec = {"a": FLOATS, "b": [tf.TensorSpec([], tf.int32)]}
    f = tf.function(lambda x: x["a"] * tf.cast(x["b"][0], tf.float32), input_signature=[spec])
    assert f({"a": [1.0, 2.0], "b": [3]}).numpy().tolist() == [3.0, 6.0]
    with pytest.raises(TypeError, match="structure must be like"):
        f({"a": [1.0]})


RAGGED = tf.RaggedTensorSpec([None, None], tf.int32)
SPARSE = tf.SparseTensorSpec([None, 3], tf.float32)


def test_specs_of_ragged_and_sparse_tensors_are_checked_and_rows_traced_for_themselves():
    @tf.function(input_signature=[{"rows": RAGGED, "cells": SPARSE, "scale": FLOATS}, tf.TensorSpec([None])])
    def f(values, shift):
        cells = tf.sparse.reduce_sum(values["cells"]) + shift
        return tf.reduce_max(values["rows"], axis=-1), cells * values["scale"]

    for rows in ([[1, 2], [3]], [[4], [5, 6], [7]], [[1, 2], [3]]):
        cells = tf.SparseTensor([[0, 1], [1, 2]], [1.0, 2.0], [2, 3])
        largest, scaled = f({"rows": tf.ragged.constant(rows), "cells": cells, "scale": [2.0]}, [1])
        assert largest.numpy().tolist() == list(map(max, rows))
        assert scaled.numpy().tolist() == [8.0]
    assert f.experimental_get_tracing_count() == 2


@pytest.mark.parametrize(
    ("spec", "value", "message"),
    [
        (RAGGED, tf.ragged.constant([[1.0]]), r"Can not cast RaggedTensorSpec\(.*tf.float32.* to RaggedTensorSpec"),
        (RAGGED, [[1], [2, 3]], "non-rectangular"),
        (RAGGED, [[1], [2]], "Can not cast TensorSpec"),
        (SPARSE, tf.SparseTensor([[0, 0]], [1.0], [1, 1]), "Can not cast SparseTensorSpec"),
        (SPARSE, tf.ones([1, 3]), "Can not cast TensorSpec"),
    ],
)
def test_what_does_not_fit_a_spec_of_rows_or_cells_is_refused(spec, value, message):
    with pytest.raises(TypeError, match=message):
        tf.function(lambda x: x, input_signature=[spec])(value)


@pytest.mark.parametrize("spec", [RAGGED, SPARSE])
def test_a_function_cannot_be_traced_for_rows_or_cells_that_are_not_there(spec):
    with pytest.raises(tf.errors.UnimplementedError, match="instead of its spec"):
        tf.function(lambda x: x).get_concrete_function(spec)
    with pytest.raises(tf.errors.UnimplementedError, match="instead of its spec"):
        tf.function(lambda x: x, input_signature=[spec]).get_concrete_function()


def test_defaults_without_a_spec_are_fixed():
    @tf.function(input_signature=[FLOATS])
    def f(x, training=False):
        return x if training else -x

    assert f([1.0]).numpy().tolist() == [-1.0]
    assert f([1.0], training=False).numpy().tolist() == [-1.0]
    with pytest.raises(TypeError, match="input_signature has no spec for it"):
        f([1.0], training=True)


def test_defaults_with_a_spec_are_converted():
    f = tf.function(lambda x, y=5: x + y, input_signature=[tf.TensorSpec([], tf.int32)] * 2)
    assert [int(f(1)), int(f(1, 2)), int(f(y=3, x=1))] == [6, 3, 4]


def test_variadic_arguments_have_a_spec_each():
    f = tf.function(lambda *xs: tf.add_n(xs), input_signature=[FLOATS, FLOATS])
    assert f([1.0], [2.0]).numpy().tolist() == [3.0]


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        ([FLOATS] * 2, "contains 1 extra type constraints"),
        ([], "missing type constraint for 'x'"),
        (FLOATS, "must be either a tuple or a list"),
    ],
)
def test_signatures_fit_the_parameters(signature, message):
    with pytest.raises(TypeError, match=message):
        tf.function(lambda x: x, input_signature=signature)(1.0)


def test_methods_have_a_signature_without_their_object():
    class Model(tf.Module):
        @tf.function(input_signature=[FLOATS])
        def __call__(self, x):
            return x + 1.0

    assert Model()([1.0]).numpy().tolist() == [2.0]
    assert str(Model().__call__.get_concrete_function().structured_outputs.shape) == "(None,)"


def test_open_sizes_are_symbols_first_and_numbers_last():
    found = list(structs([tf.TensorSpec([None, None]), tf.TensorSpec([None, None])]))
    assert [[str(struct.shape) for struct in attempt] for attempt in found] == [
        ["(b, d0_1)", "(d1_0, d1_1)"],
        ["(b, d0_1)", "(b, d1_1)"],
        ["(b, d1)", "(b, d1)"],
        [f"({SAMPLE_SIZE}, {SAMPLE_SIZE})"] * 2,
    ]
    alike = [[str(struct.shape) for struct in attempt] for attempt in structs([tf.TensorSpec([None, 3])])]
    assert alike == [["(b, 3)"], [f"({SAMPLE_SIZE}, 3)"]]
    assert [struct.shape for struct in next(structs([tf.TensorSpec([2, 3])]))] == [(2, 3)]


def test_types_are_shown_as_tensorflow_does():
    assert shown({"a": (1, tf.TensorSpec([2], name="x"))}) == (
        "Dict[['a', Tuple[Literal[1], TensorSpec(shape=(2,), dtype=tf.float32, name=None)]]]"
    )
    assert shown(tf.Variable(1.0)) == "VariableSpec(shape=(), dtype=tf.float32, trainable=True, alias_id=0)"
