import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import concat, multiply, parallel_stack, split, stack, unstack
from tenon.core.tensors import Tensor, constant, convert_to_tensor
from tenon.core.variables import Variable
from tests.core.operations.strategies import FULL_SHAPES, numbers, words


@given(FULL_SHAPES, st.lists(st.integers(0, 3), min_size=1, max_size=3), st.data())
@settings(max_examples=25)
def test_concat_is_numpys(sizes, lengths, data):
    axis = data.draw(st.integers(-len(sizes), len(sizes) - 1))
    shapes = [
        [length if place == axis % len(sizes) else size for place, size in enumerate(sizes)] for length in lengths
    ]
    arrays = [numbers(shape) + i * 100 for i, shape in enumerate(shapes)]
    expected = np.concatenate(arrays, axis)
    np.testing.assert_array_equal(concat(arrays, axis).numpy(), expected)
    np.testing.assert_array_equal(concat([constant(array) for array in arrays], axis).numpy(), expected)
    joined = np.concatenate([words(shape) for shape in shapes], axis)
    assert concat([words(shape) for shape in shapes], axis).numpy().tolist() == joined.tolist()


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([[1, 2], [3]], "int32"),
        ([[1.5], [3]], "float32"),
        ([constant([1.0]), [3]], "float32"),
        ([[3], constant([1.0])], "float32"),
        ([np.array([1, 2]), [3]], "int64"),
        ([[1], np.array([1, 2])], "int32"),
        ([Variable([1.0]), [2]], "float32"),
    ],
)
def test_the_tensors_say_the_dtype_of_a_concat(values, dtype):
    assert concat(values, 0).dtype == dtype


def test_concat_of_one_tensor_is_that_tensor():
    assert concat(constant([1, 2]), 0).numpy().tolist() == [1, 2]
    assert concat(np.array([[1, 2]]), 1).numpy().tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("values", "axis", "message"),
    [
        ([[1, 2], [[3]]], 0, r"one rank, and at least 1; received shapes \[\[2\], \[1, 1\]\]"),
        ([1, 2], 0, r"Use tf\.stack"),
        ([[[1, 2]], [[3, 4, 5]]], 0, "all sizes but the one along axis 0 must be equal"),
        ([[1], [2]], 1, r"axis: must be in the range \[-1, 1\)"),
        ([], 0, "at least one tensor"),
        ([constant([1.0]), constant([1])], 0, "expected to be a float tensor but is a int32 tensor"),
    ],
)
def test_concat_refuses_what_does_not_fit(values, axis, message):
    with pytest.raises(InvalidArgumentError, match=message):
        concat(values, axis)


@given(FULL_SHAPES, st.integers(1, 3), st.data())
@settings(max_examples=20)
def test_stack_and_unstack_are_each_others_inverse(sizes, count, data):
    axis = data.draw(st.integers(-len(sizes) - 1, len(sizes)))
    arrays = [numbers(sizes) + i * 100 for i in range(count)]
    stacked = stack([constant(array) for array in arrays], axis)
    np.testing.assert_array_equal(stacked.numpy(), np.stack(arrays, axis))
    np.testing.assert_array_equal(stack(arrays, axis).numpy(), np.stack(arrays, axis))
    for found, array in zip(unstack(stacked, axis=axis), arrays, strict=True):
        np.testing.assert_array_equal(found.numpy(), array)


def test_stack_of_python_numbers_is_one_tensor():
    assert stack([1, 2.5]).dtype == "float32"
    assert stack([1, constant(2.0)]).numpy().tolist() == [1, 2]
    assert stack(["a", "b"]).numpy().tolist() == [b"a", b"b"]
    assert stack([]).shape == [0]


def test_stack_of_one_tensor_stacks_its_rows():
    assert stack(constant([[1, 2]])).numpy().tolist() == [[1, 2]]
    assert stack(constant([[1, 2]]), axis=1).numpy().tolist() == [[1], [2]]
    assert parallel_stack([[1, 2], [3, 4]]).shape == [2, 2]


def test_stack_refuses_other_shapes_and_axes():
    with pytest.raises(InvalidArgumentError, match=r"Shapes of all inputs must match: \[\[2\], \[1\]\]"):
        stack([[1, 2], [3]])
    with pytest.raises(InvalidArgumentError, match="axis: must be in the range"):
        stack([[1, 2], [3, 4]], 3)


def test_unstack_checks_how_many_there_are():
    assert [int(value) for value in unstack([1, 2], 2)] == [1, 2]
    assert unstack(["a", "b"])[1].numpy() == b"b"
    with pytest.raises(InvalidArgumentError, match=r"Input shape axis 0 must equal 3, got shape \[2\]"):
        unstack([1, 2], 3)
    with pytest.raises(ValueError, match="received a scalar"):
        unstack(1)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=4), st.integers(0, 1), st.data())
@settings(max_examples=25)
def test_split_by_sizes_is_undone_by_concat(sizes, axis, data):
    shape = [2, sum(sizes)] if axis else [sum(sizes), 2]
    array = numbers(shape)
    hole = data.draw(st.none() | st.integers(0, len(sizes) - 1))
    given_sizes = [-1 if place == hole else size for place, size in enumerate(sizes)]
    for value in (array, constant(array), words(shape)):
        pieces = split(value, given_sizes, axis)
        assert [piece.shape[axis] for piece in pieces] == sizes
        assert concat(pieces, axis).numpy().tolist() == convert_to_tensor(value).numpy().tolist()


def test_split_into_equal_pieces():
    assert [piece.numpy().tolist() for piece in split([1, 2, 3, 4], 2)] == [[1, 2], [3, 4]]
    assert [piece.shape.as_list() for piece in split(constant(numbers((2, 6))), 3, -1)] == [[2, 2]] * 3


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        (3, "evenly divide the split dimension, but got a dimension of 4 and num_split 3"),
        (0, "num_split 0"),
        ([1, 2], "must add up to the 4 elements"),
        ([5, -1], "must add up to the 4 elements"),
        ([-1, -1], "one of them may be -1"),
        ([], "must add up"),
    ],
)
def test_split_refuses_what_does_not_add_up(sizes, message):
    with pytest.raises(InvalidArgumentError, match=message):
        split([1, 2, 3, 4], sizes)


def test_split_checks_the_stated_number_and_the_rank():
    with pytest.raises(ValueError, match="num must be the number of pieces, 2; received 1"):
        split([1, 2], [1, 1], num=1)
    with pytest.raises(InvalidArgumentError, match="received a scalar"):
        split(5, 1)


def test_gradients_flow_to_every_tensor_that_is_joined():
    a, b = constant([1.0, 2.0]), constant([3.0])
    with GradientTape() as tape:
        tape.watch([a, b])
        joined = multiply(concat([a, b, a], 0), [1.0, 2.0, 3.0, 4.0, 5.0])
        _, middle, _ = split(joined, [1, 2, 2])
        (first, second) = unstack(stack([middle, middle]))
        target = multiply(first, second)
    gradients = [gradient.numpy().tolist() for gradient in tape.gradient(target, [a, b])]
    assert gradients == [[0.0, 2 * 2 * 2 * 2.0], [2 * 3 * 3 * 3.0]]


def test_joining_works_while_a_function_is_traced():
    def function(array):
        first, rest = split(Tensor(array), [1, -1])
        return concat([rest, first, [7]], 0).value

    assert jax.jit(function)(np.array([1, 2, 3], np.int32)).tolist() == [2, 3, 1, 7]
