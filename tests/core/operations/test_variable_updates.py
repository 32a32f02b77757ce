import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import VARIABLE_METHODS, IndexedSlices
from tenon.core.variables import Variable


@pytest.mark.parametrize(
    ("method", "found"),
    [
        ("scatter_update", [2, 2, 4, 8]),
        ("scatter_add", [3, 2, 8, 8]),
        ("scatter_sub", [-1, 2, 0, 8]),
        ("scatter_mul", [2, 2, 16, 8]),
        ("scatter_div", [0, 2, 1, 8]),
        ("scatter_min", [1, 2, 4, 8]),
        ("scatter_max", [2, 2, 4, 8]),
    ],
)
def test_slices_meet_a_variable_each_in_their_way(method, found):
    variable = Variable([1, 2, 4, 8])
    assert getattr(variable, method)(IndexedSlices([2, 4], [0, 2])) is variable
    assert variable.numpy().tolist() == found


@pytest.mark.parametrize(
    ("method", "found"),
    [
        ("scatter_nd_update", [[8, 2], [3, 9]]),
        ("scatter_nd_add", [[9, 2], [3, 13]]),
        ("scatter_nd_sub", [[-7, 2], [3, -5]]),
        ("scatter_nd_min", [[1, 2], [3, 4]]),
        ("scatter_nd_max", [[8, 2], [3, 9]]),
    ],
)
def test_vectors_of_indices_meet_a_variable(method, found):
    variable = Variable([[1, 2], [3, 4]])
    assert getattr(variable, method)([[0, 0], [1, 1]], [8, 9]) is variable
    assert variable.numpy().tolist() == found


def test_indices_that_come_again_add_up():
    assert Variable([1.0, 2.0]).scatter_add(IndexedSlices([3.0, 4.0], [0, 0])).numpy().tolist() == [8, 2]
    assert Variable([[1], [2]]).scatter_nd_add([[0, 0], [0, 0]], [3, 4]).numpy().tolist() == [[8], [2]]


def test_one_value_may_go_to_all_indices():
    assert Variable([1, 2, 3]).scatter_update(IndexedSlices(9, [0, 2])).numpy().tolist() == [9, 2, 9]
    assert Variable([1, 2, 3]).scatter_update(IndexedSlices(9, 0)).numpy().tolist() == [9, 2, 3]
    assert Variable([[1, 2], [3, 4]]).scatter_add(IndexedSlices(1, [1])).numpy().tolist() == [[1, 2], [4, 5]]


def test_strings_can_be_updated():
    assert Variable(["a", "b"]).scatter_update(IndexedSlices(["z"], [0])).numpy().tolist() == [b"z", b"b"]


def test_batches_are_updated_each_by_their_own_indices():
    variable = Variable([[1, 2, 3], [4, 5, 6]])
    assert variable.batch_scatter_update(IndexedSlices([[7, 8], [9, 0]], [[0, 2], [1, 2]])) is variable
    assert variable.numpy().tolist() == [[7, 2, 8], [4, 9, 0]]
    vector = Variable([1, 2, 3])
    assert vector.batch_scatter_update(IndexedSlices([7], [1])).numpy().tolist() == [1, 7, 3]


def test_what_is_no_indexed_slices_is_refused():
    for method in ("scatter_add", "batch_scatter_update"):
        with pytest.raises(TypeError, match=r"`sparse_delta` must be a `tf\.IndexedSlices`; received \[1\]"):
            getattr(Variable([1]), method)([1])


@pytest.mark.parametrize(
    ("delta", "error", "message"),
    [
        (IndexedSlices([7, 8], [0, 9]), InvalidArgumentError, r"indices\[1\] = \[9\] does not index into shape \[2\]"),
        (IndexedSlices([7.5], [0]), TypeError, "Cannot convert"),
        (IndexedSlices([7, 8], [0]), InvalidArgumentError, r"updates: must have the shape \[1\]"),
    ],
)
def test_slices_that_do_not_fit_are_refused(delta, error, message):
    with pytest.raises(error, match=message):
        Variable([1, 2]).scatter_add(delta)


def test_a_variable_is_read_sparsely_and_tapes_see_it():
    variable = Variable([[1.0, 2.0], [3.0, 4.0]])
    with GradientTape(persistent=True) as tape:
        rows, element = variable.sparse_read([1, 1]), variable.gather_nd([[0, 1]])
    assert rows.numpy().tolist() == [[3, 4], [3, 4]]
    assert element.numpy().tolist() == [2]
    assert tape.gradient(rows, variable).numpy().tolist() == [[0, 0], [2, 2]]
    assert tape.gradient(element, variable).numpy().tolist() == [[0, 1], [0, 0]]


def test_every_method_is_there_and_described():
    for name, method in VARIABLE_METHODS.items():
        assert getattr(Variable, name) is method
        assert method.__name__ == name
        assert method.__doc__


def test_indices_may_be_of_64_bits():
    variable = Variable(np.zeros([3], np.float64))
    assert variable.scatter_update(IndexedSlices([1.0], np.array([2]))).numpy().tolist() == [0, 0, 1]
