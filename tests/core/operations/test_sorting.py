import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import (
    argsort,
    gather,
    histogram_fixed_width,
    histogram_fixed_width_bins,
    multiply,
    searchsorted,
    sort,
    unique,
    unique_with_counts,
)
from tenon.core.tensors import Tensor, constant, convert_to_tensor

VALUES = st.lists(st.integers(-3, 3), min_size=6, max_size=6)
DIRECTIONS = st.sampled_from(["ASCENDING", "DESCENDING"])


@given(VALUES, st.sampled_from([0, 1, -1]), DIRECTIONS)
@settings(max_examples=20)
def test_sort_is_numpys_in_both_directions(values, axis, direction):
    array = np.array(values).reshape(2, 3)
    expected = np.sort(array, axis)
    expected = expected if direction == "ASCENDING" else np.flip(expected, axis)
    np.testing.assert_array_equal(sort(array, axis, direction).numpy(), expected)


@given(VALUES, DIRECTIONS)
@settings(max_examples=20)
def test_argsort_brings_values_in_order_and_keeps_equal_ones_as_they_were(values, direction):
    array = np.array(values)
    found = argsort(array, direction=direction)
    key = array if direction == "ASCENDING" else -array
    np.testing.assert_array_equal(found.numpy(), np.argsort(key, kind="stable"))
    assert found.dtype == "int32"


@pytest.mark.parametrize("dtype", ["uint8", "int64", "bfloat16", "float16", "float64"])
def test_sort_keeps_the_dtype(dtype):
    found = sort(convert_to_tensor([3, 1, 2], dtype))
    assert found.dtype == dtype
    assert found.numpy().tolist() == [1, 2, 3]


def test_the_ends_of_integers_are_sorted_too():
    assert sort([-(2**31), 5, 2**31 - 1], direction="DESCENDING").numpy().tolist() == [2**31 - 1, 5, -(2**31)]


def test_sort_refuses_what_has_no_order():
    with pytest.raises(InvalidArgumentError, match="direction: must be one of ASCENDING, DESCENDING; received 'UP'"):
        sort([1], direction="UP")
    with pytest.raises(InvalidArgumentError, match="not in the list of allowed values"):
        sort([True])
    with pytest.raises(InvalidArgumentError, match="axis"):
        argsort(1)


def test_gradients_follow_the_values_that_are_sorted():
    values = constant([3.0, 1.0, 2.0])
    with GradientTape(persistent=True) as tape:
        tape.watch(values)
        ordered = multiply(sort(values), [1.0, 2.0, 3.0])
        picked = multiply(gather(values, argsort(values)), [1.0, 2.0, 3.0])
    assert tape.gradient(ordered, values).numpy().tolist() == [3, 1, 2]
    assert tape.gradient(picked, values).numpy().tolist() == [3, 1, 2]


@given(VALUES, VALUES, st.sampled_from(["left", "right"]))
@settings(max_examples=15)
def test_searchsorted_is_numpys_row_by_row(sequence, values, side):
    rows, wanted = np.sort(np.array(sequence).reshape(2, 3)), np.array(values).reshape(2, 3)
    expected = [np.searchsorted(*pair, side) for pair in zip(rows, wanted, strict=True)]
    np.testing.assert_array_equal(searchsorted(rows, wanted, side).numpy(), expected)


def test_searchsorted_has_a_dtype():
    assert searchsorted([1, 3], [2]).dtype == "int32"
    assert searchsorted([1, 3], [2], out_type="int64").dtype == "int64"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([1, 3], 4), InvalidArgumentError, "Leading dim_size"),
        (([[1, 3]], [[1], [2]]), InvalidArgumentError, r"received shapes \[1, 2\] and \[2, 1\]"),
        (([1, 3], [0], "up"), ValueError, "side must be 'left' or 'right'; received 'up'"),
    ],
)
def test_searchsorted_refuses_what_does_not_fit(arguments, error, message):
    with pytest.raises(error, match=message):
        searchsorted(*arguments)


@given(st.lists(st.floats(-2, 7, width=32), max_size=8))
@settings(max_examples=15)
def test_a_histogram_counts_each_value_once(values):
    array = np.array(values, np.float32)
    bins = histogram_fixed_width_bins(array, [0.0, 5.0], nbins=4)
    counts = histogram_fixed_width(array, [0.0, 5.0], nbins=4)
    expected = np.clip(np.floor(array.astype(np.float64) / 5 * 4), 0, 3).astype(int)
    assert bins.numpy().tolist() == expected.tolist()
    assert counts.numpy().tolist() == np.bincount(expected, minlength=4).tolist()


def test_histograms_have_a_dtype_and_a_shape():
    assert histogram_fixed_width([[1], [9]], [0, 10], 2, "int64").dtype == "int64"
    assert histogram_fixed_width_bins([[1], [9]], [0, 10], 2).numpy().tolist() == [[0], [1]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], [5.0, 5.0]), r"value_range\[0\] < value_range\[1\]; received \[5\.0, 5\.0\]"),
        (([1.0], [0.0]), "must have two elements"),
        (([1.0], [0.0, 1.0], 0), "nbins: must be a positive number; received 0"),
        (([float("nan")], [0.0, 1.0]), "must not contain NaN"),
    ],
)
def test_histograms_refuse_what_does_not_fit(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        histogram_fixed_width(*arguments)


@given(st.lists(st.integers(0, 3), max_size=8))
def test_unique_values_come_in_the_order_in_which_they_came(values):
    array = np.array(values, np.int32)
    distinct = list(dict.fromkeys(values))
    y, idx, count = unique_with_counts(array)
    assert y.numpy().tolist() == unique(array).y.numpy().tolist() == distinct
    assert [distinct[place] for place in idx.numpy().tolist()] == values
    assert count.numpy().tolist() == [values.count(value) for value in distinct]


def test_unique_has_names_and_dtypes():
    found = unique_with_counts(["b", "a", "b"], "int64")
    assert found.y.numpy().tolist() == [b"b", b"a"]
    assert found.idx.dtype == found.count.dtype == "int64"
    assert unique([True, False]).idx.dtype == "int32"
    assert unique([float("nan")] * 2).y.shape == [2]


def test_unique_wants_a_vector_whose_values_are_known():
    with pytest.raises(InvalidArgumentError, match=r"unique expects a 1D vector; received one of shape \[1, 2\]"):
        unique([[1, 2]])
    with pytest.raises(InvalidArgumentError, match=r"tf\.unique"):
        jax.jit(lambda array: unique(Tensor(array)).y.value)(np.array([1]))
