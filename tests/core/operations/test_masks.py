import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import (
    boolean_mask,
    dynamic_partition,
    dynamic_stitch,
    log,
    multiply,
    range,  # noqa: A004
    square,
    where,
)
from tenon.core.operations._masks import is_mask, masked, values_of
from tenon.core.tensors import Tensor, constant, convert_to_tensor
from tests.core.operations.strategies import numbers, words

SHAPE = (2, 3, 2)


def bools(count):
    return st.lists(st.booleans(), min_size=count, max_size=count).map(np.array)


@given(bools(12), st.sampled_from([(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (2, 1)]))
@settings(max_examples=30)
def test_boolean_mask_is_numpys(mask, axis_and_rank):
    axis, rank = axis_and_rank
    sizes = SHAPE[axis : axis + rank]
    mask = np.resize(mask, sizes)
    key = (*[slice(None)] * axis, mask)
    np.testing.assert_array_equal(boolean_mask(constant(numbers(SHAPE)), mask, axis=axis).numpy(), numbers(SHAPE)[key])
    assert boolean_mask(words(SHAPE), mask, axis=axis).numpy().tolist() == words(SHAPE)[key].tolist()


def test_a_mask_may_be_a_tensor_or_numbers():
    assert boolean_mask([1, 2, 3], constant([True, False, True])).numpy().tolist() == [1, 3]
    assert boolean_mask([1, 2, 3], [1, 0, 1]).numpy().tolist() == [1, 3]


def test_a_mask_must_have_the_shape_of_what_it_masks():
    with pytest.raises(ValueError, match=r"Shapes \(2,\) and \(3,\) of tensor and mask are incompatible"):
        boolean_mask([[1, 2], [3, 4]], [True, False, True])
    with pytest.raises(ValueError, match="mask cannot be scalar"):
        boolean_mask([1], True)


def test_a_computed_mask_is_refused_with_the_way_out():
    with pytest.raises(InvalidArgumentError, match=r"how many elements a mask selects depends on values .*tf\.where"):
        jax.jit(lambda mask: boolean_mask([1, 2], Tensor(mask)).value)(np.array([True, False]))


def test_a_known_mask_works_while_a_function_is_traced():
    assert jax.jit(lambda array: Tensor(array)[np.array([True, False])].value)(np.array([1, 2])).tolist() == [1]


def test_gradients_flow_to_what_a_mask_selects():
    tensor = constant(numbers((2, 2), np.float32))
    with GradientTape() as tape:
        tape.watch(tensor)
        found = square(tensor[tensor > 1])
    assert tape.gradient(found, tensor).numpy().tolist() == [[0, 0], [4, 6]]


def test_masks_are_told_from_indices():
    assert is_mask(True)
    assert is_mask(constant([True]))
    assert is_mask(np.array([False]))
    assert not any(map(is_mask, (1, [True], slice(None), constant([1]), None)))
    assert masked(constant([1, 2]).value, [False, True]).tolist() == [2]
    assert values_of(constant([1]).value, "a", "b").tolist() == [1]


@given(bools(6), st.sampled_from([(), (3,), (2, 1), (1, 3), (2, 3)]), st.sampled_from([(), (3,), (2, 1), (2, 3)]))
@settings(max_examples=25)
def test_where_broadcasts_its_three_arguments(condition, x_shape, y_shape):
    condition = condition.reshape(2, 3)
    x, y = numbers(x_shape, np.float32), -numbers(y_shape, np.float32)
    np.testing.assert_array_equal(where(condition, x, constant(y)).numpy(), np.where(condition, x, y))
    strings = where(condition, words(x_shape), words(y_shape)).numpy()
    assert strings.tolist() == np.where(condition, words(x_shape), words(y_shape)).tolist()


@pytest.mark.parametrize(
    ("x", "y", "dtype"),
    [(1.0, 0, "float32"), (np.array(1.0), 0, "float64"), (0, constant(1.0), "float32"), (constant(1), 2, "int32")],
)
def test_the_tensors_say_the_dtype_of_where(x, y, dtype):
    assert where([True, False], x, y).dtype == dtype


@given(bools(6))
def test_where_of_a_condition_alone_gives_its_places(condition):
    condition = condition.reshape(2, 3)
    found = where(condition)
    np.testing.assert_array_equal(found.numpy(), np.argwhere(condition))
    assert found.dtype == "int64"


def test_numbers_that_are_not_zero_are_true():
    assert where([0.0, 1.5, -1.0]).numpy().tolist() == [[1], [2]]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([True], [1]), ValueError, "x and y must both be given"),
        (([1], [1], [2]), TypeError, "condition must be of bool; received int32"),
        (([True, False], [1, 2, 3], [3, 4, 5]), InvalidArgumentError, "Incompatible shapes"),
        (([True], constant(1), constant(2.0)), InvalidArgumentError, "expected to be a int32 tensor but is a float"),
        ((True,), InvalidArgumentError, "and have a dimension"),
    ],
)
def test_where_refuses_what_does_not_fit(arguments, error, message):
    with pytest.raises(error, match=message):
        where(*arguments)


def test_where_takes_gradients_from_the_side_that_it_takes_values_from():
    x, y = constant([1.0, 2.0, 4.0]), constant([8.0])
    with GradientTape() as tape:
        tape.watch([x, y])
        safe = where(x > 1, x, 1.0)
        found = multiply(where([True, False, False], log(safe), y), [1.0, 2.0, 3.0])
    gradients = tape.gradient(found, [x, y])
    assert [gradient.numpy().tolist() for gradient in gradients] == [[0, 0, 0], [5]]


def test_where_chooses_while_a_function_is_traced():
    assert jax.jit(lambda array: where(Tensor(array) > 1, array, 0).value)(np.array([1, 2])).tolist() == [0, 2]


@given(st.lists(st.integers(0, 2), min_size=4, max_size=4))
@settings(max_examples=15)
def test_partitions_stitched_together_are_what_was_there(numbers_of_parts):
    data = numbers((4, 2))
    for values in (data, constant(data), words((4, 2))):
        parts = dynamic_partition(values, numbers_of_parts, 3)
        places = dynamic_partition(range(4), numbers_of_parts, 3)
        for number, part in enumerate(parts):
            assert part.shape == [numbers_of_parts.count(number), 2]
        found = dynamic_stitch(places, parts).numpy()
        assert found.tolist() == convert_to_tensor(values).numpy().tolist()


def test_partitions_may_have_several_dimensions():
    parts = dynamic_partition(numbers((2, 2, 2)), [[1, 0], [1, 1]], 2)
    assert [part.numpy().tolist() for part in parts] == [[[2, 3]], [[0, 1], [4, 5], [6, 7]]]


@pytest.mark.parametrize(
    ("partitions", "message"),
    [([2, 0], r"must be in \[0, 2\); received \[2, 0\]"), ([-1, 0], r"\[0, 2\)"), ([1, 0, 1], "must start with")],
)
def test_dynamic_partition_refuses_what_does_not_fit(partitions, message):
    with pytest.raises(InvalidArgumentError, match=message):
        dynamic_partition([1, 2], partitions, 2)


def test_the_last_element_wins_and_missing_ones_are_zero():
    assert dynamic_stitch([[0, 3], [3]], [[1, 2], [5]]).numpy().tolist() == [1, 0, 0, 5]
    assert dynamic_stitch([[1]], [["a"]]).numpy().tolist() == [b"", b"a"]
    assert dynamic_stitch([0, [2, 1]], [[1, 1], [[2, 2], [3, 3]]]).numpy().tolist() == [[1, 1], [3, 3], [2, 2]]


@pytest.mark.parametrize(
    ("indices", "data", "message"),
    [
        ([[0]], [[1, 2]], r"data\[0\]\.shape = \[2\] does not start with indices\[0\]\.shape = \[1\]"),
        ([[-1]], [[1]], "indices must not be negative"),
        ([0, 1], [[1], [1, 2]], "must have one shape"),
    ],
)
def test_dynamic_stitch_refuses_what_does_not_fit(indices, data, message):
    with pytest.raises(InvalidArgumentError, match=message):
        dynamic_stitch(indices, data)


def test_gradients_flow_through_partitions():
    data = constant([1.0, 2.0, 3.0])
    with GradientTape() as tape:
        tape.watch(data)
        low, high = dynamic_partition(data, [0, 1, 0], 2)
        found = dynamic_stitch([[0, 1], [2]], [square(low), multiply(high, 5.0)])
    assert tape.gradient(found, data).numpy().tolist() == [2, 5, 6]
