"""What operations are for ragged tensors: element by element, over axes, joined, by index; lists of Python say what."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core import NAMES
from tenon.core import operations as ops
from tenon.core.ragged import (
    RaggedTensor,
    boolean_mask,
    constant,
    map_flat_values,
    range_,
    row_splits_to_segment_ids,
    segment_ids_to_row_splits,
    stack,
    stack_dynamic_partitions,
)
from tenon.core.tensors import constant as dense

FEW = settings(max_examples=6)  # XLA compiles for each new shape
NUMBERS = st.integers(-3, 3)
ROWS = st.lists(st.lists(NUMBERS, max_size=4), min_size=1, max_size=5)
DEEP = st.lists(st.lists(st.lists(NUMBERS, max_size=3), max_size=3), min_size=1, max_size=4)
BOUND = st.none() | st.integers(-6, 6)
SLICES = st.builds(slice, BOUND, BOUND, st.none() | st.sampled_from([-2, -1, 1, 2]))


def ragged(rows, rank=1):
    return constant(rows, dtype="int32", ragged_rank=rank)


@FEW
@given(ROWS, SLICES, SLICES)
def test_slices_of_rows_and_columns_are_those_of_lists(rows, first, second):
    assert ragged(rows)[first, second].to_list() == [row[second] for row in rows[first]]


@FEW
@given(DEEP, SLICES, SLICES, SLICES)
def test_slices_go_all_the_way_in(rows, first, second, third):
    expected = [[inner[third] for inner in row[second]] for row in rows[first]]
    assert ragged(rows, 2)[first, second, third].to_list() == expected


@FEW
@given(ROWS, st.data())
def test_an_index_takes_a_row(rows, data):
    place = data.draw(st.integers(-len(rows), len(rows) - 1))
    assert ragged(rows)[place].numpy().tolist() == rows[place]
    assert [row.numpy().tolist() for row in ragged(rows)] == rows


def test_new_axes_and_ellipses():
    found = ragged([[1, 2], [3]])
    assert found[None].to_list() == [[[1, 2], [3]]]
    assert found[:, None].to_list() == [[[1, 2]], [[3]]]
    assert found[..., None].to_list() == [[[1], [2]], [[3]]]
    assert found[..., 1:].to_list() == [[2], []]
    assert RaggedTensor.from_uniform_row_length([1, 2, 3, 4], 2)[:, -1].numpy().tolist() == [2, 4]


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (5, IndexError, "Row key 5"),
        ((0, 9), InvalidArgumentError, "out of bounds"),
        ((slice(None), 0), ValueError, "inner ragged dimension"),
        (1.5, TypeError, "Only integers"),
        ((0, 0, 0), ValueError, "Too many indices"),
        ((slice(None), slice(None, None, 0)), ValueError, "zero"),
    ],
)
def test_keys_that_mean_nothing_are_refused(key, error, message):
    with pytest.raises(error, match=message):
        ragged([[1, 2], [3]])[key]


@FEW
@given(ROWS, NUMBERS)
def test_numbers_meet_every_element(rows, number):
    found = ragged(rows)
    assert (found + number).to_list() == [[x + number for x in row] for row in rows]
    assert (number - found).to_list() == [[number - x for x in row] for row in rows]
    assert (found > number).to_list() == [[x > number for x in row] for row in rows]
    assert (-found * found).to_list() == [[-x * x for x in row] for row in rows]


@FEW
@given(ROWS)
def test_a_column_of_a_dense_tensor_meets_every_row(rows):
    column = np.arange(len(rows), dtype=np.int32)[:, None]
    expected = [[x + place for x in row] for place, row in enumerate(rows)]
    assert (ragged(rows) + column).to_list() == expected
    assert (dense(column) + ragged(rows)).to_list() == expected


def test_ragged_tensors_of_other_depth_are_matched():
    deep = ragged([[[1, 2], [3]], [], [[4]]], 2)
    assert (deep + dense([[[10]], [[20]], [[30]]])).to_list() == [[[11, 12], [13]], [], [[34]]]
    inner = RaggedTensor.from_row_splits([[1, 2], [3, 4], [5, 6]], [0, 1, 3])
    assert (inner + dense([10, 20])).to_list() == [[[11, 22]], [[13, 24], [15, 26]]]
    assert (inner * RaggedTensor.from_uniform_row_length([[1], [2]], 1)).to_list() == [[[1, 2]], [[6, 8], [10, 12]]]


def test_rows_of_other_lengths_do_not_fit_and_are_not_equal():
    x, y = ragged([[1, 2], [3]]), ragged([[1], [3]])
    with pytest.raises(InvalidArgumentError, match="same lengths along dimension 1"):
        x + y
    with pytest.raises(InvalidArgumentError, match="dimension 0"):
        x + ragged([[1, 2], [3], [4]])
    assert (x == y) is False
    assert (x != y) is True
    assert (x == None) is False  # noqa: E711  # as users write it
    assert (x == ragged([[1, 0], [3]])).to_list() == [[True, False], [True]]


def test_logic_choice_and_casts_keep_rows():
    x = ragged([[8, 2], [7]])
    assert ((x > 2) & (x < 8)).to_list() == [[False, False], [True]]
    assert (~(x > 2)).to_list() == [[False, True], [False]]
    assert ops.where(x > 2, x, -x).to_list() == [[8, -2], [7]]
    assert ops.where(x > 2).numpy().tolist() == [[0, 0], [1, 0]]
    assert ops.cast(x, "float32").dtype == "float32"
    assert ops.clip_by_value(x, 3, 7).to_list() == [[7, 3], [7]]
    assert ops.add_n([x, x]).to_list() == [[16, 4], [14]]
    assert ops.one_hot(ragged([[1], [0, 1]]), 2).to_list() == [[[0, 1]], [[1, 0], [0, 1]]]
    assert (ops.size(x).numpy(), ops.rank(x).numpy()) == (3, 2)


@pytest.mark.parametrize(("name", "python"), [("sum", sum), ("max", max), ("min", min), ("prod", np.prod)])
@FEW
@given(rows=st.lists(st.lists(NUMBERS, min_size=1, max_size=3), min_size=1, max_size=3))
def test_reductions_of_rows_and_columns(name, python, rows):
    reduce = NAMES[f"math.reduce_{name}"]
    columns = [[row[place] for row in rows if place < len(row)] for place in range(max(map(len, rows)))]
    assert reduce(ragged(rows), axis=1).numpy().tolist() == [python(row) for row in rows]
    assert reduce(ragged(rows), axis=0).numpy().tolist() == [python(column) for column in columns]
    assert reduce(ragged(rows)).numpy() == python([x for row in rows for x in row])
    assert reduce(ragged(rows), axis=-1, keepdims=True).numpy().tolist() == [[python(row)] for row in rows]


def test_reductions_of_deep_rows():
    deep = ragged([[[1, 2], [3]], [], [[4]]], 2)
    assert ops.reduce_sum(deep, axis=0).to_list() == [[5, 2], [3]]
    assert ops.reduce_sum(deep, axis=1).to_list() == [[4, 2], [], [4]]
    assert ops.reduce_sum(deep, axis=2).to_list() == [[3, 3], [], [4]]
    assert ops.reduce_sum(deep, axis=[1, 2]).numpy().tolist() == [6, 0, 4]
    assert ops.reduce_sum(deep, axis=[0, 1]).numpy().tolist() == [8, 2]
    assert ops.reduce_sum(deep, keepdims=True).numpy().tolist() == [[[10]]]
    with pytest.raises(ValueError, match="axis=3"):
        ops.reduce_sum(deep, axis=3)


def test_means_variances_and_logic_over_axes():
    x = constant([[1.0, 2.0], [], [3.0]])
    np.testing.assert_array_equal(ops.reduce_mean(x, axis=1), np.array([1.5, np.nan, 3.0], np.float32))
    np.testing.assert_array_equal(ops.reduce_variance(x, axis=1), np.array([0.25, np.nan, 0.0], np.float32))
    np.testing.assert_array_equal(ops.reduce_std(x, axis=1), np.array([0.5, np.nan, 0.0], np.float32))
    assert ops.reduce_mean(ragged([[1, 2]]), axis=1).numpy().tolist() == [1.5]
    assert ops.reduce_any(x > 1, axis=1).numpy().tolist() == [True, False, True]
    assert ops.reduce_all(x > 1, axis=1).numpy().tolist() == [False, True, True]
    assert ops.count_nonzero(x > 1, axis=1).numpy().tolist() == [1, 0, 1]
    assert ops.cumsum(x, axis=1).to_list() == [[1.0, 3.0], [], [3.0]]
    np.testing.assert_allclose(NAMES["nn.softmax"](x).flat_values, [0.268941, 0.731059, 1.0], rtol=1e-5)


@FEW
@given(ROWS, ROWS)
def test_rows_are_joined_below_and_beside(first, second):
    assert ops.concat([ragged(first), ragged(second)], 0).to_list() == first + second
    count = min(len(first), len(second))
    beside = ops.concat([ragged(first[:count]), ragged(second[:count])], 1)
    assert beside.to_list() == [a + b for a, b in zip(first, second, strict=False)]
    assert ops.stack([ragged(first), ragged(second)]).to_list() == [first, second]
    pairs = [[a, b] for a, b in zip(first, second, strict=False)]
    assert ops.stack([ragged(first[:count]), ragged(second[:count])], axis=1).to_list() == pairs


def test_joining_needs_the_same_rows():
    deep = ragged([[[1, 2], [3]], []], 2)
    assert ops.concat([deep, deep], 2).to_list() == [[[1, 2, 1, 2], [3, 3]], []]
    assert ops.concat([ragged([[1, 2]]), dense([[9]])], 1).to_list() == [[1, 2, 9]]
    with pytest.raises(InvalidArgumentError, match="numbers of rows"):
        ops.concat([ragged([[1]]), ragged([[1], [2]])], 1)
    with pytest.raises(InvalidArgumentError, match="same rank"):
        ops.concat([ragged([[1]]), deep], 0)
    with pytest.raises(InvalidArgumentError, match="before the axis 2"):
        ops.concat([deep, deep[::-1]], 2)
    assert stack([ragged([[1]]), [[2], [3]]]).to_list() == [[[1]], [[2], [3]]]
    with pytest.raises(ValueError, match="must not be empty"):
        stack([])


@FEW
@given(ROWS, st.integers(1, 3), st.integers(1, 3))
def test_tile_repeats_rows_and_columns(rows, below, beside):
    assert ops.tile(ragged(rows), [below, beside]).to_list() == [row * beside for row in rows] * below


def test_dimensions_are_added_taken_away_merged_and_turned():
    deep = ragged([[[1, 2], [3]], [], [[4]]], 2)
    assert [ops.expand_dims(deep, axis).shape.as_list() for axis in (0, 1, 3)] == [
        [1, 3, None, None],
        [3, 1, None, None],
        [3, None, None, 1],
    ]
    assert ops.squeeze(ops.expand_dims(deep, 0), 0).to_list() == deep.to_list()
    assert deep.merge_dims(1, 2).to_list() == [[1, 2, 3], [], [4]]
    assert deep.merge_dims(0, 1).to_list() == [[1, 2], [3], [4]]
    assert deep.merge_dims(0, -1).numpy().tolist() == [1, 2, 3, 4]
    assert ops.reverse(deep, [0, 2]).to_list() == [[[4]], [], [[2, 1], [3]]]
    assert ops.tile(deep, [1, 1, 2]).to_list() == [[[1, 2, 1, 2], [3, 3]], [], [[4, 4]]]
    assert [part.to_list() for part in ops.split(deep, [1, 2])] == [[[[1, 2], [3]]], [[], [[4]]]]
    assert ops.reshape(deep, [2, 2]).numpy().tolist() == [[1, 2], [3, 4]]
    with pytest.raises(InvalidArgumentError, match="no size of 1"):
        ops.squeeze(deep, 0)
    with pytest.raises(ValueError, match="ragged dimension cannot be split"):
        ops.split(deep, 1, axis=1)


def test_rows_and_elements_by_their_indices():
    x = ragged([[8, 2, 5], [7], []])
    assert ops.gather(x, [2, 0]).to_list() == [[], [8, 2, 5]]
    assert ops.gather(x, [[0, 1], [1, 0]]).to_list() == [[[8, 2, 5], [7]], [[7], [8, 2, 5]]]
    assert ops.gather(x, 1).numpy().tolist() == [7]
    assert ops.gather(dense([10, 20, 30]), ragged([[2], [0, 1]])).to_list() == [[30], [10, 20]]
    assert ops.gather(x, ragged([[1], [0, 1]])).to_list() == [[[7]], [[8, 2, 5], [7]]]
    assert ops.gather(x, ragged([[0, 2], [0], []]), batch_dims=1).to_list() == [[8, 5], [7], []]
    assert ops.gather_nd(x, [[0, 1], [1, 0]]).numpy().tolist() == [2, 7]
    for call in (lambda: ops.gather(x, [7]), lambda: ops.gather_nd(x, [[1, 1]])):
        with pytest.raises(InvalidArgumentError, match="indices"):
            call()
    with pytest.raises(InvalidArgumentError, match="bounds of its row"):
        ops.gather(x, ragged([[0], [1], []]), batch_dims=1)


@FEW
@given(ROWS, st.data())
def test_masks_choose_rows_and_elements(rows, data):
    of_rows = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    expected = [row for row, kept in zip(rows, of_rows, strict=True) if kept]
    assert boolean_mask(ragged(rows), np.array(of_rows)).to_list() == expected
    assert boolean_mask(ragged(rows), ragged(rows) > 0).to_list() == [[x for x in row if x > 0] for row in rows]


def test_masks_must_have_the_rows_of_the_data():
    assert boolean_mask([[1, 2], [3, 4]], [[True, False], [False, False]]).to_list() == [[1], []]
    with pytest.raises(ValueError, match="rows of data"):
        boolean_mask(ragged([[1, 2]]), constant([[True]]))
    with pytest.raises(ValueError, match="shape of data"):
        boolean_mask(ragged([[1, 2]]), [True, False])
    with pytest.raises(ValueError, match="scalar"):
        boolean_mask(ragged([[1, 2]]), True)


def test_functions_of_flat_values():
    x = ragged([[1], [2, 3]])
    assert map_flat_values(lambda a, b: a + b["y"], x, {"y": x}).to_list() == [[2], [4, 6]]
    assert map_flat_values(lambda a: a, 3) == 3
    with pytest.raises(ValueError, match="same outer-dimension size"):
        map_flat_values(ops.reduce_sum, x)
    with pytest.raises(ValueError, match="same rows"):
        map_flat_values(ops.add, x, ragged([[1, 2], [3]]))


def test_ranges_and_segments():
    assert range_([3, 0, 2]).to_list() == [[0, 1, 2], [], [0, 1]]
    assert range_([0, 5], [4, 9], 2).to_list() == [[0, 2], [5, 7]]
    assert range_(3, [0, 1], -1).to_list() == [[3, 2, 1], [3, 2]]
    assert range_([1.0], [2.0], 0.5).to_list() == [[1.0, 1.5]]
    with pytest.raises(InvalidArgumentError, match="delta"):
        range_([1], [2], 0)
    assert row_splits_to_segment_ids([0, 3, 3, 5], out_type="int32").numpy().tolist() == [0, 0, 0, 2, 2]
    assert segment_ids_to_row_splits([0, 0, 2], 4).numpy().tolist() == [0, 2, 2, 3, 3]
    assert stack_dynamic_partitions(["a", "b", "c"], [3, 0, 0], 4).to_list() == [[b"b", b"c"], [], [], [b"a"]]
    assert [part.to_list() for part in ops.dynamic_partition(ragged([[1], [2, 3]]), [1, 0], 2)] == [[[2, 3]], [[1]]]
