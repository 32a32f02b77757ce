"""Row partitions: five ways to say the same rows, and what is refused."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.ragged import RaggedTensor, RowPartition

LENGTHS = st.lists(st.integers(0, 5), max_size=6)


@given(LENGTHS)
def test_all_ways_to_state_rows_give_the_same_rows(lengths):
    values = np.arange(sum(lengths))
    splits = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    ids = np.repeat(np.arange(len(lengths)), lengths).astype(np.int64)
    made = [
        RaggedTensor.from_row_lengths(values, np.array(lengths, np.int64)),
        RaggedTensor.from_row_splits(values, splits),
        RaggedTensor.from_row_starts(values, splits[:-1]) if lengths else None,
        RaggedTensor.from_row_limits(values, splits[1:]),
        RaggedTensor.from_value_rowids(values, ids, nrows=len(lengths)),
    ]
    expected = [values[a:b].tolist() for a, b in pairwise(splits)]
    assert all(ragged.to_list() == expected for ragged in made if ragged is not None)


@given(LENGTHS, st.data())
def test_taken_rows_are_those_rows(lengths, data):
    partition = RowPartition.of_lengths(np.array(lengths, np.int64))
    rows = np.array(data.draw(st.lists(st.integers(0, len(lengths) - 1), max_size=5)) if lengths else [], np.int64)
    chosen, values = partition.taken(rows)
    everything = np.arange(partition.size)
    expected = [everything[partition.splits[row] : partition.splits[row + 1]].tolist() for row in rows]
    assert chosen.lengths.tolist() == [len(row) for row in expected]
    assert values.tolist() == [value for row in expected for value in row]


def test_partitions_count_by_their_content():
    first, second = (RowPartition(np.array([0, 2, 3])) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert first != RowPartition(np.array([0, 1, 3]))
    assert first != RowPartition(np.array([0, 2, 3], np.int32))


@pytest.mark.parametrize(
    ("make", "rows", "rule"),
    [
        (RaggedTensor.from_row_splits, [1, 3], "first split must be zero"),
        (RaggedTensor.from_row_splits, [0, 2, 1, 3], "never fall"),
        (RaggedTensor.from_row_splits, [0, 2], "hold all values"),
        (RaggedTensor.from_row_lengths, [4, -1], "must not be negative"),
        (RaggedTensor.from_row_lengths, [1, 1], "hold all values"),
        (RaggedTensor.from_value_rowids, [1, 0, 1], "never fall"),
        (RaggedTensor.from_value_rowids, [-1, 0, 1], "must not be negative"),
        (RaggedTensor.from_row_limits, [3, 2, 3], "never fall"),
    ],
)
def test_rows_that_do_not_fit_are_refused(make, rows, rule):
    with pytest.raises(InvalidArgumentError, match=rule):
        make([1, 2, 3], rows)


def test_uniform_rows_are_in_the_shape():
    assert RaggedTensor.from_uniform_row_length([1, 2, 3, 4], 2).shape.as_list() == [2, 2]
    assert RaggedTensor.from_uniform_row_length([], 0, nrows=3).shape.as_list() == [3, 0]
    with pytest.raises(ValueError, match="must equal nvals=3"):
        RaggedTensor.from_uniform_row_length([1, 2, 3], 2)
    with pytest.raises(ValueError, match="negative"):
        RaggedTensor.from_uniform_row_length([1], -1)


def test_splits_must_be_integers_of_32_or_64_bits_and_keep_their_type():
    with pytest.raises(ValueError, match="int32 or int64"):
        RaggedTensor.from_row_splits([1], np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="rank 1"):
        RaggedTensor.from_row_splits([1], [[0, 1]])
    assert RaggedTensor.from_row_splits([1], np.array([0, 1], np.int32)).row_splits.dtype == "int32"
    assert RaggedTensor.from_row_splits([1], [0, 1]).with_row_splits_dtype("int32").row_splits.dtype == "int32"
