"""Open sizes that can be one number only are found when a function is traced for its signature."""

from __future__ import annotations

import jax
import pytest
from jax.export import symbolic_shape

import tenon as tf
from tenon.core.functions._forced_sizes import with_forced_sizes

OPEN = tf.TensorSpec([None, None], tf.float32)
MEAN, WEIGHTS = tf.Variable([1.0, 2.0, 3.0]), tf.Variable(tf.ones([3, 2]))


def given(text, *dtypes):
    return [jax.ShapeDtypeStruct(symbolic_shape(text), dtype) for dtype in dtypes or ("float32",)]


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("Incompatible shapes for broadcasting: shapes=[(b, d), (30,)]", [["b", "30"]]),
        ("Incompatible shapes: [30] vs. [b,d]", [["b", "30"]]),
        ("Incompatible shapes: [2*b, d] vs. [30]", [["b", "30"]]),
        ("Incompatible shapes: [b,d] vs. [30,64]; same shape, got (d,) and (30,)", [["b", "64"], ["b", "30"]]),
        ("Incompatible shapes: [b,d] vs. [30,1]", []),  # the first size is one of the batch, and ones go with all
        ("cannot reshape (b, d) into (30, 7)", []),  # sizes that are not compared say nothing
        ("Incompatible shapes: [b,other] vs. [30]", []),
    ],
)
def test_a_symbol_beside_a_number_is_tried_as_that_number(message, found):
    suggested = list(with_forced_sizes(ValueError(message), given("b, d")))
    assert [[str(size) for size in struct.shape] for (struct,) in suggested] == found


def test_a_symbol_is_the_same_number_in_all_arguments():
    error = ValueError("Incompatible shapes: [b,d] vs. [5]")
    (found,) = with_forced_sizes(error, given("b, d", "float32", "int32"))
    assert [(str(struct.shape[0]), struct.shape[1], struct.dtype.name) for struct in found] == [
        ("b", 5, "float32"),
        ("b", 5, "int32"),
    ]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x - MEAN,
        lambda x: tf.matmul(x, WEIGHTS),
        lambda x: tf.add(tf.matmul((x - MEAN) / MEAN, WEIGHTS), [1.0, 2.0]),
        lambda x: tf.concat([x, x], 0) * MEAN,
    ],
)
def test_the_result_of_a_signature_is_known_where_variables_force_a_size(function):
    concrete = tf.function(function, input_signature=[OPEN]).get_concrete_function()
    x = tf.constant([[4.0, 5.0, 6.0]])
    assert concrete.structured_outputs.shape.as_list() == [None, function(x).shape[1]]
    assert concrete(x).numpy().tolist() == function(x).numpy().tolist()
    with pytest.raises(tf.errors.InvalidArgumentError, match="ncompatible shapes"):
        concrete(tf.ones([1, 4]))


def test_what_no_size_can_help_is_refused_as_before():
    with pytest.raises(tf.errors.InvalidArgumentError, match="ncompatible shapes"):
        tf.function(lambda x: (x - [1.0, 2.0]) * MEAN, input_signature=[OPEN]).get_concrete_function()


def test_a_module_with_such_a_signature_is_saved_and_loaded(tmp_path):
    class Standardized(tf.Module):
        def __init__(self):
            self.mean = tf.Variable([1.0, 2.0, 3.0])

        @tf.function(input_signature=[OPEN])
        def __call__(self, x):
            return x - self.mean

    tf.saved_model.save(Standardized(), str(tmp_path / "model"))
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    assert loaded(tf.ones([2, 3])).numpy().tolist() == [[0.0, -1.0, -2.0]] * 2
    assert loaded(tf.ones([1, 3])).numpy().tolist() == [[0.0, -1.0, -2.0]]
