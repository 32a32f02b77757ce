"""Arrays are joined and padded, and nobody's values get into another's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenon.base import FailedPreconditionError
from tenon.serving.batching._padding import aligned, check_rows, equal_lengths, join, joined_shapes

DTYPES = (np.float32, np.int64, np.bool_, np.dtype("S4"), object)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(0, 9), st.sampled_from(DTYPES))
def test_what_is_joined_stands_in_order_before_copies_of_the_last_row(sizes, padding, dtype):
    rows = sum(sizes)
    source = np.arange(3 * rows).reshape(rows, 3).astype(dtype)
    tasks = [[part] for part in np.split(source, np.cumsum(sizes)[:-1])]
    [batch] = join(tasks, rows, rows + padding)
    assert batch.shape == (rows + padding, 3)
    assert batch.dtype == source.dtype
    assert batch[:rows].tolist() == source.tolist()
    assert (batch[rows:] == source[-1]).all()


def test_a_task_that_fills_a_batch_is_not_copied():
    task = [np.ones((4, 2))]
    assert join([task], 4, 4)[0] is task[0]


def test_programs_get_arrays_that_are_aligned():
    whole = np.arange(3, dtype=np.float32)
    view = np.frombuffer(b"." + whole.tobytes(), np.float32, 3, 1)
    assert not view.flags.aligned
    for found in (aligned([view]), join([[view]], 3, 3), join([[view], [view]], 6, 6), join([[view]], 3, 4)):
        assert found[0].flags.aligned
        np.testing.assert_array_equal(found[0][:3], whole)
    assert aligned([whole])[0] is whole


def test_lengths_are_padded_at_the_end_with_each_ones_own_first_element():
    first, second = [np.array([[5, 6, 7]]), np.array([[[1]]])], [np.array([[8], [9]]), np.array([[[2, 3]], [[4, 5]]])]
    (a, b), (c, d) = equal_lengths([first, second])
    assert a is first[0]
    assert b.tolist() == [[[1, 1]]]
    assert c.tolist() == [[8, 8, 8], [9, 8, 8]]
    assert d is second[1]


def test_an_array_without_elements_is_filled_with_zeros():
    [[empty], _] = equal_lengths([[np.zeros((2, 0), np.int32)], [np.ones((1, 2), np.int32)]])
    assert empty.tolist() == [[0, 0], [0, 0]]


def test_strings_are_padded_with_their_first_string():
    [[padded], _] = equal_lengths([[np.array([[b"a"]], object)], [np.array([[b"b", b"c"]], object)]])
    assert padded.tolist() == [[b"a", b"a"]]


@pytest.mark.parametrize("output", [np.zeros(()), np.zeros(3), np.zeros((1, 4))])
def test_an_output_without_a_row_for_each_row_is_refused(output):
    with pytest.raises(FailedPreconditionError, match="Batched output tensor's 0th dimension does not equal"):
        check_rows([np.zeros((4, 1)), output], 4)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=4))
def test_the_shapes_of_a_batch_are_known_before_it_is_joined(shapes):
    tasks = [[np.ones(shape), np.ones(shape[:2])] for shape in shapes]
    rows = sum(shape[0] for shape in shapes)
    whole = join(equal_lengths(tasks), rows, rows + 1)
    assert joined_shapes(tasks, rows + 1) == tuple(array.shape for array in whole)
