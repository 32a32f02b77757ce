"""Static shapes with unknown sizes and unknown rank."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.core.tensors import TensorShape, as_shape, unknown_shape

SIZES = st.lists(st.none() | st.integers(0, 9), max_size=4)


@given(SIZES)
def test_a_shape_equals_the_list_and_the_tuple_of_its_sizes(sizes):
    shape = TensorShape(sizes)
    assert shape == sizes == shape
    assert shape == tuple(sizes)
    assert shape.as_list() == list(shape) == sizes
    assert shape.rank == len(shape) == len(sizes)
    assert TensorShape(shape) == shape
    assert hash(TensorShape(tuple(sizes))) == hash(shape)


@given(SIZES, SIZES)
def test_what_two_shapes_share_and_what_both_say(one, other):
    a, b = TensorShape(one), TensorShape(other)
    common = a.most_specific_compatible_shape(b)
    assert common.is_compatible_with(a)
    assert common.is_compatible_with(b)
    if a.is_compatible_with(b):
        merged = a.merge_with(b)
        assert merged.is_compatible_with(a)
        assert merged == b.merge_with(a)
    else:
        with pytest.raises(ValueError, match="are incompatible"):
            a.merge_with(b)


@given(SIZES, SIZES)
def test_shapes_are_joined(one, other):
    assert TensorShape(one) + other == one + other
    assert one + TensorShape(other) == one + other


def test_slices_are_shapes_and_items_are_sizes():
    shape = TensorShape([2, None, 4])
    assert shape[1:] == [None, 4]
    assert (shape[0], shape[1], shape[-1]) == (2, None, 4)


def test_counts():
    assert TensorShape([2, 3]).num_elements() == 6
    assert TensorShape([2, None]).num_elements() is None
    assert TensorShape([]).num_elements() == 1
    assert TensorShape([2, 3]).is_fully_defined()
    assert not unknown_shape(2).is_fully_defined()


def test_of_an_unknown_rank_nothing_is_known():
    shape = TensorShape(None)
    assert (shape.rank, shape.dims, bool(shape)) == (None, None, False)
    assert shape.is_compatible_with([1, 2])
    assert str(shape) == "<unknown>"
    for ask in (len, list, TensorShape.as_list):
        with pytest.raises(ValueError, match="unknown"):
            ask(shape)


@pytest.mark.parametrize(
    ("sizes", "error"), [([-1], ValueError), (["a"], TypeError), ([1.5], TypeError), ("ab", TypeError)]
)
def test_what_is_no_size_is_refused(sizes, error):
    with pytest.raises(error, match="shape: a size must"):
        as_shape(sizes)


def test_ranks_can_be_demanded():
    shape = TensorShape([2, 3])
    assert shape.with_rank(2) == shape.with_rank_at_least(1) == shape.with_rank_at_most(2) == shape
    with pytest.raises(ValueError, match="at least 3"):
        shape.with_rank_at_least(3)
    with pytest.raises(ValueError, match="at most 1"):
        shape.with_rank_at_most(1)
    with pytest.raises(ValueError, match="must have rank 3"):
        shape.assert_has_rank(3)
    with pytest.raises(ValueError, match="same rank"):
        shape.assert_same_rank([1])
    with pytest.raises(ValueError, match="must be known"):
        unknown_shape(1).assert_is_fully_defined()


def test_shapes_print_as_tensorflows():
    assert [str(TensorShape(sizes)) for sizes in ([], [3], [2, None])] == ["()", "(3,)", "(2, None)"]
    assert repr(TensorShape([2, None])) == "TensorShape([2, None])"
