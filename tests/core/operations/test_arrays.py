import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import (
    broadcast_dynamic_shape,
    broadcast_static_shape,
    broadcast_to,
    ensure_shape,
    expand_dims,
    multiply,
    rank,
    reshape,
    shape,
    shape_n,
    size,
    squeeze,
    transpose,
)
from tenon.core.tensors import Tensor, TensorShape, constant, convert_to_tensor
from tests.core.operations.strategies import SHAPES, numbers, words


@given(SHAPES)
def test_shape_size_and_rank_are_numpys(sizes):
    array = numbers(sizes)
    assert shape(array).numpy().tolist() == list(sizes)
    assert size(constant(array)).numpy() == array.size
    assert rank(words(sizes)).numpy() == array.ndim


def test_shapes_are_of_int32_unless_asked_otherwise():
    assert shape([1]).dtype == size([1]).dtype == rank([1]).dtype == "int32"
    assert shape([1], "int64").dtype == size([1], out_type="int64").dtype == "int64"
    assert [found.numpy().tolist() for found in shape_n([[1, 2], [[3]]])] == [[2], [1, 1]]


def test_shapes_are_numbers_while_a_function_is_traced():
    def function(array):
        tensor = Tensor(array)
        rows = shape(tensor)[0] * 2
        return reshape(tensor, [rows, size(tensor) // rows]).value

    assert jax.jit(function)(np.ones((3, 4))).shape == (6, 2)


@given(st.permutations([2, 3, 4]), st.sampled_from([[-1], [4, -1], [2, 12], [-1, 6, 2], [24, 1]]))
@settings(max_examples=20)
def test_reshape_is_numpys(sizes, wanted):
    array = numbers(sizes)
    expected = array.reshape(wanted)
    np.testing.assert_array_equal(reshape(constant(array), wanted).numpy(), expected)
    assert reshape(words(sizes), wanted).numpy().tolist() == words(sizes).reshape(wanted).tolist()


@pytest.mark.parametrize("wanted", [(2, 1), np.array([2, 1]), TensorShape([2, 1]), [convert_to_tensor(2), 1], [2, -1]])
def test_a_wanted_shape_comes_in_many_ways(wanted):
    assert reshape(constant([1, 2]), wanted).shape == [2, 1]


@pytest.mark.parametrize(
    ("sizes", "wanted", "found"),
    [([0, 3], [-1, 3], [0, 3]), ([0, 3], [0, -1], [0, 3]), ([0], [5, 0, -1], [5, 0, 0]), ([1], [], [])],
)
def test_reshape_of_what_is_empty_or_alone(sizes, wanted, found):
    assert reshape(constant(np.zeros(sizes)), wanted).shape == found


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ([3], r"a tensor with 4 values, but the requested shape \[3\] has 3"),
        ([-1, 3], "has a multiple of 3"),
        ([-1, -1], "Only one input size may be -1"),
        ([-2, 2], "Size -2 must be non-negative"),
    ],
)
def test_reshape_refuses_what_does_not_fit(wanted, message):
    with pytest.raises(InvalidArgumentError, match=message):
        reshape(constant(numbers((2, 2))), wanted)


def test_a_computed_shape_is_refused_with_the_reason():
    with pytest.raises((TypeError, InvalidArgumentError), match="XLA compiles for fixed shapes"):
        jax.jit(lambda n: reshape(constant([1, 2]), [Tensor(n), 1]).value)(2)


@given(SHAPES, st.data())
@settings(max_examples=25)
def test_expand_dims_and_squeeze_are_numpys(sizes, data):
    axis = data.draw(st.integers(-len(sizes) - 1, len(sizes)))
    array = numbers(sizes)
    wide = expand_dims(array, axis)
    np.testing.assert_array_equal(wide.numpy(), np.expand_dims(array, axis))
    np.testing.assert_array_equal(squeeze(wide, axis).numpy(), array)
    assert squeeze(words(sizes)).shape == np.squeeze(array).shape


def test_squeeze_takes_several_axes_and_all_for_none():
    tensor = constant(numbers((1, 2, 1, 1)))
    assert squeeze(tensor, [0, -1]).shape == [2, 1]
    assert squeeze(tensor).shape == squeeze(tensor, []).shape == [2]


def test_squeeze_and_expand_dims_refuse_what_does_not_fit():
    with pytest.raises(InvalidArgumentError, match=r"Can not squeeze dim\[1\], expected a dimension of 1, got 2"):
        squeeze([[1, 2]], 1)
    with pytest.raises(InvalidArgumentError, match=r"axis: must be in the range \[-2, 2\)"):
        expand_dims([1], 2)
    with pytest.raises(InvalidArgumentError, match="single value"):
        expand_dims([1], [0, 1])


@given(SHAPES, SHAPES)
@settings(max_examples=40)
def test_shapes_broadcast_as_in_numpy(x, y):
    try:
        expected = np.broadcast_shapes(x, y)
    except ValueError:
        with pytest.raises(InvalidArgumentError):
            broadcast_dynamic_shape(np.array(x, np.int32), np.array(y, np.int32))
        with pytest.raises(ValueError, match="Incompatible shapes for broadcasting"):
            broadcast_static_shape(TensorShape(x), TensorShape(y))
        return
    found = broadcast_dynamic_shape(np.array(x, np.int32), np.array(y, np.int32))
    assert tuple(found.numpy().tolist()) == expected
    assert broadcast_static_shape(TensorShape(x), TensorShape(y)) == expected
    np.testing.assert_array_equal(broadcast_to(numbers(x), expected).numpy(), np.broadcast_to(numbers(x), expected))


@pytest.mark.parametrize(
    ("x", "y", "found"),
    [
        ([None, 3], [2, 1], [2, 3]),
        ([None, 3], [1, 1], [None, 3]),
        ([None], [None], [None]),
        ([1], [None, 1], [None, 1]),
        (None, [1], None),
    ],
)
def test_static_shapes_broadcast_as_far_as_they_are_known(x, y, found):
    assert broadcast_static_shape(TensorShape(x), TensorShape(y)).as_list() == found if found else True
    assert broadcast_static_shape(TensorShape(y), TensorShape(x)).rank == (None if found is None else len(found))


def test_shapes_that_are_computed_broadcast_too():
    found = jax.jit(lambda x, y: broadcast_dynamic_shape(Tensor(x), Tensor(y)).value)(
        np.array([1, 3]), np.array([5, 1, 1])
    )
    assert found.tolist() == [5, 1, 3]


def test_broadcast_to_refuses_what_does_not_fit():
    with pytest.raises(InvalidArgumentError, match=r"Incompatible shapes"):
        broadcast_to([1, 2], [3])
    with pytest.raises(InvalidArgumentError, match="Dimension -1 must be >= 0"):
        broadcast_to([1, 2], [2, -1])
    assert broadcast_to("a", [2]).numpy().tolist() == [b"a", b"a"]


def test_ensure_shape_returns_the_tensor_or_refuses():
    tensor = constant([1, 2])
    assert ensure_shape(tensor, [None]) is tensor
    assert ensure_shape("a", []).numpy() == b"a"
    with pytest.raises(InvalidArgumentError, match=r"Shape of tensor x \(2,\) is not compatible with expected shape"):
        ensure_shape(tensor, [3])


@given(st.permutations([0, 1, 2]))
def test_transpose_is_numpys(perm):
    array = numbers((2, 3, 4))
    np.testing.assert_array_equal(transpose(constant(array), perm).numpy(), array.transpose(perm))
    assert transpose(words((2, 3, 4)), perm).numpy().tolist() == words((2, 3, 4)).transpose(perm).tolist()


def test_transpose_without_an_order_reverses_the_dimensions():
    assert transpose(constant(numbers((2, 3, 4)))).shape == [4, 3, 2]
    assert transpose(1).numpy() == 1
    assert transpose([[1, 2]], [-1, -2]).shape == [2, 1]


def test_transpose_conjugates_if_asked():
    assert transpose([[1 + 2j]], conjugate=True).numpy().tolist() == [[1 - 2j]]
    assert transpose([[1.0]], conjugate=True).numpy().tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("perm", "message"),
    [([0], "a vector of size 2"), ([0, 0], "each axis may be given once"), ([1, 2], r"range \[-2, 2\)")],
)
def test_transpose_refuses_what_is_no_order(perm, message):
    with pytest.raises(InvalidArgumentError, match=message):
        transpose(numbers((2, 3)), perm)


def test_gradients_take_the_shape_back():
    tensor = constant(numbers((2, 3), np.float32))
    weights = constant(numbers((3, 2, 1), np.float32))
    with GradientTape() as tape:
        tape.watch(tensor)
        result = multiply(expand_dims(transpose(tensor), -1), weights)
    np.testing.assert_array_equal(tape.gradient(result, tensor).numpy(), numbers((3, 2)).T)
