from __future__ import annotations

import operator

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tenon as tf
from tenon.base import InvalidArgumentError

NAN, INF = float("nan"), float("inf")

pairs_of_shapes = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3)
FUNCTIONS = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
}


def numbers(shape, dtype="float32", low=-5, high=5):
    elements = (
        st.integers(low, high) if dtype.startswith("int") else st.floats(low, high, width=32, allow_subnormal=False)
    )
    return hnp.arrays(dtype, shape, elements=elements)


@given(st.data(), pairs_of_shapes, st.sampled_from(sorted(FUNCTIONS)), st.sampled_from(["float32", "int32"]))
@settings(max_examples=40)
def test_shapes_are_broadcast_as_numpy_does(data, shapes, name, dtype):
    x, y = (data.draw(numbers(shape, dtype)) for shape in shapes.input_shapes)
    found = getattr(tf, name)(x, y)
    assert tuple(found.shape) == shapes.result_shape
    assert found.dtype == dtype
    np.testing.assert_allclose(found.numpy(), FUNCTIONS[name](x, y), rtol=1e-6)


@given(hnp.array_shapes(max_dims=3, max_side=3), hnp.array_shapes(max_dims=3, max_side=3))
@settings(max_examples=20)
def test_shapes_that_cannot_be_broadcast_are_refused(first, second):
    try:
        np.broadcast_shapes(first, second)
    except ValueError:
        with pytest.raises(InvalidArgumentError, match="Incompatible shapes"):
            tf.add(np.ones(first), np.ones(second))
    else:
        assume(False)


@given(st.integers(-100, 100), st.integers(-20, 20).filter(bool))
@settings(max_examples=30)
def test_integer_division_and_remainder_are_pythons_and_truncation_is_cs(x, y):
    assert int(tf.constant(x) // y) == x // y
    assert int(tf.constant(x) % y) == x % y
    quotient = int(tf.truncatediv(x, y))
    assert quotient == int(x / y)
    assert int(tf.truncatemod(x, y)) == x - quotient * y


@pytest.mark.parametrize(
    ("dtype", "quotient"),
    [("int8", "float32"), ("uint16", "float32"), ("int32", "float64"), ("int64", "float64"), ("float16", "float16")],
)
def test_quotients_of_integers_are_floats_wide_enough(dtype, quotient):
    x = tf.cast([1, 2], dtype)
    assert (x / x).dtype == tf.truediv(x, x).dtype == tf.divide(x, x).dtype == quotient


def test_integers_wrap_at_their_ends():
    assert (tf.constant(2**31 - 1) + 1).numpy() == -(2**31)
    assert (tf.constant(-(2**31)) // -1).numpy() == -(2**31)
    assert (tf.constant(250, tf.uint8) + 10).numpy() == 4
    assert tf.abs(tf.constant(-128, tf.int8)).numpy() == -128


def test_what_is_no_number_spreads():
    assert np.isnan(tf.maximum(NAN, 1.0).numpy())
    assert np.isnan(tf.minimum(1.0, NAN).numpy())
    assert np.isnan((tf.constant(INF) - INF).numpy())
    assert (tf.constant(1.0) / 0).numpy() == INF


@pytest.mark.parametrize(
    ("name", "arguments", "value", "gradients"),
    [
        ("divide_no_nan", (1.0, 0.0), 0.0, (0.0, 0.0)),
        ("divide_no_nan", (NAN, 0.0), 0.0, (0.0, 0.0)),
        ("multiply_no_nan", (INF, 0.0), 0.0, (0.0, INF)),
        ("xdivy", (0.0, 0.0), 0.0, (0.0, 0.0)),
        ("xlogy", (0.0, 0.0), 0.0, (0.0, 0.0)),
        ("xlog1py", (0.0, -1.0), 0.0, (0.0, 0.0)),
        ("reciprocal_no_nan", (0.0,), 0.0, (0.0,)),
        ("maximum", (2.0, 2.0), 2.0, (1.0, 0.0)),
        ("minimum", (2.0, 2.0), 2.0, (1.0, 0.0)),
        ("abs", (0.0,), 0.0, (0.0,)),
        ("sign", (-3.0,), -1.0, (0.0,)),
        ("pow", (0.0, 2.0), 0.0, (0.0, 0.0)),
        ("pow", (-2.0, 3.0), -8.0, (12.0, 0.0)),
        ("pow", (2.0, 0.0), 1.0, (0.0, float(np.log(2, dtype=np.float32)))),
        ("floormod", (-5.0, 3.0), 1.0, (1.0, 2.0)),
    ],
)
def test_values_and_gradients_where_functions_have_corners(name, arguments, value, gradients):
    tensors = [tf.constant(argument) for argument in arguments]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        result = getattr(tf.math, name)(*tensors)
    assert result.numpy() == value
    assert [gradient.numpy() for gradient in tape.gradient(result, tensors)] == pytest.approx(list(gradients))


def test_empty_tensors_give_empty_tensors():
    empty = tf.zeros([0, 3])
    for function in (operator.add, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow):
        assert function(empty, empty).shape == [0, 3]
    assert (tf.zeros([0], tf.int32) // tf.zeros([0], tf.int32)).shape == [0]


def test_sums_of_lists():
    assert tf.add_n([tf.constant([1, 2]), [3, 4]]).numpy().tolist() == [4, 6]
    assert tf.add_n(tf.constant([[1, 2], [3, 4]])).numpy().tolist() == [4, 6]
    assert tf.math.accumulate_n([[1], [2]], [1], tf.int32).numpy().tolist() == [3]
    with pytest.raises(ValueError, match="at least one tensor"):
        tf.add_n([])
    with pytest.raises(InvalidArgumentError, match="all tensors must have one shape"):
        tf.add_n([tf.constant([1]), tf.constant([1, 2])])
    with pytest.raises(InvalidArgumentError, match="the inputs have shape"):
        tf.math.accumulate_n([[1], [2]], [2])
    with pytest.raises(InvalidArgumentError, match="tensor_dtype: the inputs are of int32"):
        tf.math.accumulate_n([[1], [2]], tensor_dtype=tf.int64)


def test_polynomials_have_their_highest_power_first():
    assert tf.math.polyval([1.0, 2.0, 3.0], 2.0).numpy() == 11.0
    assert tf.math.polyval([], 2.0).numpy() == 0.0


def test_only_scalars_scale():
    assert tf.math.scalar_mul(2, tf.constant([1.0, 2.0])).numpy().tolist() == [2.0, 4.0]
    with pytest.raises(InvalidArgumentError, match="Only scalar multiply works"):
        tf.scalar_mul(tf.constant([1.0]), tf.constant([1.0]))


def test_differences_of_complex_numbers_are_squared_by_their_size():
    assert tf.math.squared_difference([1 + 2j], [0j]).numpy().tolist() == [5 + 0j]
