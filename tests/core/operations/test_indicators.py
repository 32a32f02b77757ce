import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import one_hot, sequence_mask
from tenon.core.tensors import Tensor, constant, convert_to_tensor


@given(st.lists(st.integers(-2, 5), max_size=4), st.integers(0, 4))
@settings(max_examples=20)
def test_one_hot_has_a_one_at_the_index_and_nothing_for_an_index_outside(indices, depth):
    expected = [[float(i == column) for column in range(depth)] for i in indices]
    found = one_hot(np.array(indices, np.int32), depth)
    assert found.numpy().tolist() == expected
    assert found.dtype == "float32"


@pytest.mark.parametrize("axis", [-1, 0, 1, 2])
def test_one_hot_puts_its_axis_anywhere(axis):
    indices = np.array([[0, 2], [1, 1]])
    expected = np.moveaxis(np.eye(3)[indices], -1, axis)
    np.testing.assert_array_equal(one_hot(indices, 3, axis=axis).numpy(), expected)


@pytest.mark.parametrize(
    ("arguments", "dtype"),
    [
        ({}, "float32"),
        ({"on_value": 5}, "int32"),
        ({"on_value": 5, "dtype": "float64"}, "float64"),
        ({"off_value": 5.0}, "float32"),
        ({"on_value": True, "off_value": False}, "bool"),
        ({"dtype": "uint8"}, "uint8"),
        ({"on_value": convert_to_tensor(1, "int64")}, "int64"),
    ],
)
def test_the_values_say_the_dtype_of_one_hot(arguments, dtype):
    assert one_hot([0, 1], 2, **arguments).dtype == dtype


def test_one_hot_of_strings():
    assert one_hot([1, 0], 2, "on", "off").numpy().tolist() == [[b"off", b"on"], [b"on", b"off"]]


def test_one_hot_of_bytes_may_be_deep():
    assert int(one_hot(np.array([200], np.uint8), 300)[0, 200]) == 1


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([0.0], 2), InvalidArgumentError, "indices must be of uint8, int8, int32, int64; received float32"),
        (([0], -1), InvalidArgumentError, "depth"),
        (([0], 2, None, None, -2), InvalidArgumentError, r"axis: must be -1 or between \[0, 2\); received -2"),
        (([0], 2, 1.0, 2), TypeError, "dtype float32 of on_value does not match dtype int32 of off_value"),
        (([0], 2, None, None, None, "string"), TypeError, "give on_value and off_value"),
    ],
)
def test_one_hot_refuses_what_does_not_fit(arguments, error, message):
    with pytest.raises(error, match=message):
        one_hot(*arguments)


def test_no_gradient_flows_through_one_hot_as_in_tensorflow():
    on = constant(2.0)
    with GradientTape() as tape:
        tape.watch(on)
        rows = one_hot([0, 1], 3, on, 1.0)
    assert tape.gradient(rows, on) is None


@pytest.mark.parametrize("dtype", ["bool", "float32", "int64"])
def test_sequence_mask_is_true_below_the_length(dtype):
    lengths = np.array([[1, 3], [0, 2]])
    expected = (np.arange(4) < lengths[..., None]).astype(dtype)
    found = sequence_mask(lengths, 4, dtype)
    np.testing.assert_array_equal(found.numpy(), expected)
    assert found.dtype == dtype


def test_the_longest_length_is_that_of_the_mask_unless_it_is_given():
    assert sequence_mask([1, 3, 2]).shape == [3, 3]
    assert sequence_mask([1, 3, 2], 2).shape == [3, 2]
    assert sequence_mask(2).numpy().tolist() == [True, True]
    assert sequence_mask([], 2).shape == [0, 2]


def test_a_mask_of_computed_lengths_needs_its_length():
    assert jax.jit(lambda n: sequence_mask(Tensor(n), 3).value)(2).tolist() == [True, True, False]
    with pytest.raises(InvalidArgumentError, match="Give maxlen"):
        jax.jit(lambda n: sequence_mask(Tensor(n)).value)(2)
    with pytest.raises(ValueError, match="maxlen: must be a scalar"):
        sequence_mask([1], [2])
