"""From values to tensors: dtypes, refusals, packing."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tenon.core.tensors import Tensor, as_dtype, constant, constant_value, convert_to_tensor, is_tensor

NUMBERS = st.sampled_from(["float16", "float32", "float64", "int8", "int32", "int64", "uint8", "bool", "complex64"])


@given(NUMBERS.flatmap(lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=0, max_side=3, min_side=0))))
def test_arrays_of_numpy_come_back_as_they_were(array):
    tensor = constant(array)
    assert tensor.dtype == array.dtype
    assert tensor.shape == array.shape
    np.testing.assert_array_equal(tensor.numpy(), array)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, "int32"),
        (2**31, "int64"),
        (-(2**31), "int32"),
        (1.0, "float32"),
        (True, "bool"),
        (1j, "complex128"),
        ("a", "string"),
        ([1, 2.5], "float32"),
        ([True, 2], "int32"),
        (np.float64(1), "float64"),
        ([np.float64(1)], "float64"),
        (range(3), "int32"),
        ([], "float32"),
        ([[b"a"], [b"b"]], "string"),
    ],
)
def test_values_of_python_have_their_natural_dtype(value, dtype):
    assert constant(value).dtype == dtype


@pytest.mark.parametrize(
    ("value", "dtype", "error", "match"),
    [
        (2.5, "int32", TypeError, "Cannot convert 2.5 to EagerTensor of dtype int32"),
        ("a", "float32", TypeError, "float32"),
        (1, "bool", TypeError, "Cannot convert 1 to EagerTensor of dtype bool"),
        (2**63, None, ValueError, "out-of-range integer"),
        ([2**70, 1], None, ValueError, "out-of-range integer"),
        ([1.0, "a"], None, ValueError, "Unsupported object type"),
        (None, None, ValueError, "None"),
        ([[1], [1, 2]], None, ValueError, "non-rectangular"),
        ({"a": 1}, None, ValueError, "unsupported type"),
        (constant(1), "float32", ValueError, "requested dtype float32 for Tensor with dtype int32"),
    ],
)
def test_what_does_not_fit_is_refused(value, dtype, error, match):
    with pytest.raises(error, match=match):
        convert_to_tensor(value, dtype)


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_keep_their_value(number):
    assert constant(number).numpy() == number
    assert constant(number, "int64").numpy() == number


def test_a_hint_is_followed_where_it_fits():
    assert convert_to_tensor(1, dtype_hint="float32").dtype == "float32"
    assert convert_to_tensor(2.5, dtype_hint="int32").dtype == "float32"
    assert convert_to_tensor("a", dtype_hint="string").dtype == "string"


def test_sequences_of_tensors_are_packed_and_lend_their_dtype():
    tensor = constant([[constant(1.0), 2], [3, constant(4.0)]])
    assert tensor.dtype == "float32"
    np.testing.assert_array_equal(tensor.numpy(), [[1, 2], [3, 4]])
    with pytest.raises(ValueError, match="Shapes of all inputs must match"):
        constant([constant([1.0]), constant([1.0, 2.0])])


def test_a_shape_fills_or_reshapes():
    assert constant(7, shape=(2, 2)).numpy().tolist() == [[7, 7], [7, 7]]
    assert constant([1, 2, 3, 4], shape=(2, 2)).numpy().tolist() == [[1, 2], [3, 4]]
    with pytest.raises(TypeError, match="unsupported shape"):
        constant([1, 2, 3], shape=(2, 2))


def test_tensors_and_arrays_of_jax_are_not_copied():
    array = jnp.ones(3)
    assert convert_to_tensor(array).value is array
    tensor = Tensor(array)
    assert convert_to_tensor(tensor) is tensor
    assert is_tensor(array)


def test_static_arguments_may_be_tensors():
    assert constant_value(constant([2, 3])) == [2, 3]
    assert constant_value([np.int64(1), constant(2)]) == [1, 2]
    assert constant_value(None) is None


def test_narrowing_of_numpy_values_is_tensorflows():
    assert constant(np.array([1.7, -1.7]), "int32").numpy().tolist() == [1, -1]
    assert constant(np.array([300]), "uint8").numpy().tolist() == [44]
    assert as_dtype(constant(np.array([1.5]), "bfloat16").value.dtype) == "bfloat16"


def test_truths_are_numbers_where_numbers_are_wanted():
    assert constant(True, "int32").numpy() == 1
    assert constant([True, False], "float32").numpy().tolist() == [1.0, 0.0]
    assert constant(2**63, "uint64").numpy() == 2**63
    assert constant(2**70, "float32").numpy() == 2.0**70
