import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.core.operations._cuts import FULL, INDEX, NEW, Cut, cut_of, parsed, plain, spread
from tenon.core.tensors import convert_to_tensor


@pytest.mark.parametrize(
    ("key", "form", "begins"),
    [
        (1, (INDEX, FULL), [1]),
        (-1, (INDEX, FULL), [1]),
        ((slice(None), None, 2), (FULL, NEW, INDEX), [2]),
        ((..., slice(1, 3)), (FULL, (2, 1)), [1]),
        (slice(0, 2), (FULL, FULL), []),
        ((0, slice(None, None, -2)), (INDEX, (2, -2)), [0, 2]),
        (slice(5, 9), ((0, 1), FULL), [0]),
    ],
)
def test_a_key_becomes_a_form_and_begins(key, form, begins):
    assert parsed(key, (2, 3)) == Cut(form, begins, [])


def test_keys_that_differ_only_in_where_they_begin_have_one_form():
    assert len({parsed((i, slice(i, i + 2)), (9, 9)).form for i in range(7)}) == 1


def test_what_a_key_leaves_out_is_taken_whole():
    assert spread([1], 3) == [1, slice(None), slice(None)]
    assert spread([1, Ellipsis, 2], 4) == [1, slice(None), slice(None), 2]
    assert spread([Ellipsis, None, 2], 1) == [None, 2]


def test_integers_of_every_kind_become_those_of_python():
    assert [plain(value) for value in (np.int8(1), np.array(2), convert_to_tensor(3), True)] == [1, 2, 3, 1]
    assert plain(slice(np.int64(1), None, convert_to_tensor(2))) == slice(1, None, 2)


def test_an_index_out_of_bounds_is_named():
    with pytest.raises(InvalidArgumentError, match="slice index 3 of dimension 1 out of bounds: the size is 3"):
        cut_of([0, 3], (2, 3))
