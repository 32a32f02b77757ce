"""One dtype for all tensors of an operation, and none that changes by itself."""

from __future__ import annotations

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tenon as tf
from tenon.base import InvalidArgumentError

DTYPES = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES += ["float16", "float32", "float64", "bfloat16", "complex64", "complex128"]


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(DTYPES, 2)))
def test_tensors_of_two_dtypes_are_refused_and_both_are_named(first, second):
    legacy = {"float16": "half", "float32": "float", "float64": "double"}
    named = [legacy.get(name, name) for name in (first, second)]
    with pytest.raises(InvalidArgumentError, match=f"expected to be a {named[0]} tensor but is a {named[1]} tensor"):
        tf.add(tf.cast([1], first), tf.cast([1], second))


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_of_python_take_the_dtype_of_the_tensor_beside_them(dtype):
    tensor = tf.cast([1, 2], dtype)
    assert (tensor + 1).dtype == dtype
    assert (1 + tensor).dtype == dtype
    assert tf.multiply(2, tensor).dtype == dtype
    if not tensor.dtype.is_integer:
        assert (tensor * 0.5).dtype == dtype


@pytest.mark.parametrize("dtype", [name for name in DTYPES if "int" in name])
def test_fractions_beside_integers_are_refused(dtype):
    tensor = tf.cast([1, 2], dtype)
    for refused in (lambda: tensor + 1.5, lambda: 1.5 + tensor, lambda: tf.maximum(1.5, tensor)):
        with pytest.raises(InvalidArgumentError, match="is a float tensor"):
            refused()
        with pytest.raises(TypeError, match="is a float tensor"):
            refused()


@given(st.sampled_from(DTYPES), st.sampled_from(["float64", "int64", "int32", "float32"]))
@settings(max_examples=30)
def test_values_of_numpy_beside_a_tensor_are_cast_to_its_dtype(dtype, given_dtype):
    tensor = tf.cast([1, 2], dtype)
    assert (tensor + np.array([1, 2], given_dtype)).dtype == dtype
    assert (np.array([1, 2], given_dtype) + tensor).dtype == dtype
    assert (tensor + np.dtype(given_dtype).type(1)).dtype == dtype


def test_without_a_tensor_the_first_value_decides():
    assert tf.add(2.5, 1).numpy() == 3.5
    with pytest.raises(InvalidArgumentError, match="was expected to be a int32 tensor but is a float tensor"):
        tf.add(1, 2.5)


def test_integers_wrap_into_the_tensors_dtype():
    assert (tf.constant([200], tf.uint8) + 300).numpy().tolist() == [244]
    assert (tf.constant([1]) * 2**40).numpy().tolist() == [0]


def test_a_jax_array_and_a_variable_are_tensors_among_others():
    assert tf.add(jnp.ones(2), 1).numpy().tolist() == [2.0, 2.0]
    assert tf.add(tf.Variable([1.0]), jnp.ones(1)).numpy().tolist() == [2.0]


def test_types_that_an_operation_does_not_take_are_named():
    with pytest.raises(InvalidArgumentError, match=r"tf\.math\.sqrt: Value for attr 'T' of int32 is not in the list"):
        tf.sqrt(4)
    with pytest.raises(InvalidArgumentError, match="of string is not in the list of allowed values"):
        tf.multiply(["a"], ["b"])
    with pytest.raises(InvalidArgumentError, match="of bool is not in the list"):
        tf.add(True, False)


def test_a_tensor_of_a_fixed_dtype_is_not_converted_but_a_value_is():
    assert tf.reduce_any([False, True]).numpy()
    with pytest.raises(InvalidArgumentError, match="was expected to be a bool tensor but is a int32 tensor"):
        tf.reduce_any(tf.constant([0, 1]))


def test_indices_are_integers():
    with pytest.raises(InvalidArgumentError, match="segment_ids must be a tensor of int32 or int64"):
        tf.math.unsorted_segment_sum([1.0], [0.5], 1)


def test_zero_and_minus_zero_beside_a_tensor_are_two_numbers():
    ones = tf.constant([1.0])
    assert np.signbit((ones * 0.0).numpy()).tolist() == [False]
    assert np.signbit((ones * -0.0).numpy()).tolist() == [True]
    assert (tf.constant([5]) + True).numpy().tolist() == [6]


def test_numbers_beside_a_traced_tensor_stay_constants_of_the_program():
    program = jax.make_jaxpr(lambda x: tf.add(x, 2.0).value)(np.float32(1))
    assert not program.consts


def test_none_is_no_tensor():
    with pytest.raises(ValueError, match=r"None.* unsupported type"):
        tf.constant([1.0]) + None
