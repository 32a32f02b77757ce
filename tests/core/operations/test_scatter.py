import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import (
    multiply,
    scatter_nd,
    tensor_scatter_nd_add,
    tensor_scatter_nd_max,
    tensor_scatter_nd_min,
    tensor_scatter_nd_sub,
    tensor_scatter_nd_update,
)
from tenon.core.operations._scatter import scattered
from tenon.core.tensors import Tensor, constant
from tests.core.operations.strategies import numbers

NUMPYS = {
    tensor_scatter_nd_add: np.add,
    tensor_scatter_nd_sub: np.subtract,
    tensor_scatter_nd_min: np.minimum,
    tensor_scatter_nd_max: np.maximum,
}


@st.composite
def scatters(draw):
    """Draw the shape of a tensor, vectors of indices into it, and updates."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    width = draw(st.integers(1, len(sizes)))
    count = draw(st.integers(0, 4))
    vector = st.tuples(*[st.integers(0, size - 1) for size in sizes[:width]])
    indices = np.array(draw(st.lists(vector, min_size=count, max_size=count)), np.int32).reshape(count, width)
    return sizes, indices, numbers([count, *sizes[width:]]) * 7 + 3


@given(scatters(), st.sampled_from(list(NUMPYS)))
@settings(max_examples=30)
def test_updates_meet_what_is_there_each_in_its_way(drawn, function):
    sizes, indices, updates = drawn
    expected = numbers(sizes)
    NUMPYS[function].at(expected, tuple(indices.T), updates)
    np.testing.assert_array_equal(function(constant(numbers(sizes)), indices, updates).numpy(), expected)


@given(scatters())
@settings(max_examples=20)
def test_an_update_takes_the_place_of_what_is_there(drawn):
    sizes, indices, updates = drawn
    expected, strings = numbers(sizes), numbers(sizes).astype("S").astype(object)
    for place, update in zip(indices.tolist(), updates, strict=True):
        expected[tuple(place)] = update
        strings[tuple(place)] = b"new"
    np.testing.assert_array_equal(
        tensor_scatter_nd_update(constant(numbers(sizes)), indices, updates).numpy(), expected
    )
    words = np.full(updates.shape, b"new", object)
    found = tensor_scatter_nd_update(numbers(sizes).astype("S").astype(object), indices, words)
    assert found.numpy().tolist() == strings.tolist()


@given(scatters())
@settings(max_examples=20)
def test_scatter_nd_adds_to_zeros(drawn):
    sizes, indices, updates = drawn
    expected = np.zeros(sizes, np.int32)
    np.add.at(expected, tuple(indices.T), updates)
    np.testing.assert_array_equal(scatter_nd(indices, constant(updates), sizes).numpy(), expected)


def test_scatter_nd_of_other_dtypes():
    assert scatter_nd([[0], [0]], ["a", "b"], [2]).numpy().tolist() == [b"ab", b""]
    assert scatter_nd([[0], [0]], [True, True], [2]).numpy().tolist() == [True, False]
    assert scatter_nd([[1]], constant([1.0]), constant([2])).numpy().tolist() == [0, 1]


@pytest.mark.parametrize("function", [tensor_scatter_nd_update, *NUMPYS])
@pytest.mark.parametrize("indices", [[[5]], [[-1]]])
def test_an_index_out_of_bounds_is_an_error(function, indices):
    with pytest.raises(InvalidArgumentError, match=r"indices\[0\] = \[-?\d\] does not index into shape \[2\]"):
        function([1, 2], indices, [3])


def test_an_index_out_of_bounds_is_dropped_where_it_is_ignored_or_computed():
    assert tensor_scatter_nd_add([1, 2], [[5], [1]], [3, 4], "IGNORE").numpy().tolist() == [1, 6]
    assert scatter_nd([[5], [-1], [0]], [1, 2, 3], [2], "IGNORE").numpy().tolist() == [3, 0]
    assert scatter_nd([[5], [0]], ["a", "b"], [2], "IGNORE").numpy().tolist() == [b"b", b""]
    function = jax.jit(lambda places: tensor_scatter_nd_update(constant([1, 2]), Tensor(places), [3, 4]).value)
    assert function(np.array([[-1], [1]])).tolist() == [1, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1, 2], [3, 4]], [[1, 0]], [[7]]), r"updates: must have the shape \[1\] .* received \[1, 1\]"),
        (([1, 2], [[0, 0]], [7]), "vectors of at most 1 numbers"),
        (([1, 2], 0, [7]), "vectors"),
        (([1, 2], [[0]], [7], "X"), "bad_indices_policy: must be one of .* received 'X'"),
    ],
)
def test_scattering_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        tensor_scatter_nd_add(*arguments)


def test_scatter_nd_refuses_what_does_not_fit():
    with pytest.raises(InvalidArgumentError, match=r"updates must have the shape"):
        scatter_nd([[0]], [5, 6], [2])
    with pytest.raises(InvalidArgumentError, match=r"indices\[0\] = \[5\] does not index into shape \[2\]"):
        scatter_nd([[5]], [5], [2])


def test_division_truncates_integers():
    assert scattered(np.array([8, -7]), np.array([[0], [1]]), np.array([3, 2]), "div").tolist() == [2, -3]
    assert scattered(np.array([1.0]), np.array([[0]]), np.array([4.0]), "div").tolist() == [0.25]
    assert scattered(np.array([3, 2]), np.array([[0], [0]]), np.array([2, 5]), "mul").tolist() == [30, 2]


def test_gradients_flow_to_tensor_and_updates():
    tensor, updates = constant([1.0, 2.0, 3.0]), constant([10.0, 20.0])
    with GradientTape(persistent=True) as tape:
        tape.watch([tensor, updates])
        weights = [1.0, 2.0, 3.0]
        results = {
            "update": multiply(tensor_scatter_nd_update(tensor, [[0], [2]], updates), weights),
            "add": multiply(tensor_scatter_nd_add(tensor, [[1], [1]], updates), weights),
            "sub": multiply(tensor_scatter_nd_sub(tensor, [[1], [1]], updates), weights),
            "max": multiply(tensor_scatter_nd_max(tensor, [[0], [1]], updates), weights),
            "nd": multiply(scatter_nd([[2], [2]], updates, [3]), weights),
        }
    found = {name: tape.gradient(result, [tensor, updates]) for name, result in results.items()}
    assert {name: [None if g is None else g.numpy().tolist() for g in pair] for name, pair in found.items()} == {
        "update": [[0, 2, 0], [1, 3]],
        "add": [[1, 2, 3], [2, 2]],
        "sub": [[1, 2, 3], [-2, -2]],
        "max": [[0, 0, 3], [1, 2]],
        "nd": [None, [3, 3]],
    }
