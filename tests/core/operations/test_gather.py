import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import (
    batch_gather,
    gather,
    gather_nd,
    square,
    tensor_scatter_nd_update,
    unravel_index,
    where,
)
from tenon.core.operations._gather import on_host, outside, selected
from tenon.core.recording import executing_eagerly_on_arrays
from tenon.core.tensors import Tensor, constant, convert_to_tensor
from tenon.core.variables import Variable
from tests.core.operations.strategies import numbers, words


@given(st.data())
@settings(max_examples=25)
def test_gather_is_take_of_numpy(data):
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    axis = data.draw(st.integers(-len(sizes), len(sizes) - 1))
    shape = data.draw(st.lists(st.integers(0, 3), max_size=2))
    indices = np.array(
        data.draw(
            st.lists(st.integers(0, sizes[axis] - 1), min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))
        ),
        np.int32,
    ).reshape(shape)
    expected = np.take(numbers(sizes), indices, axis)
    np.testing.assert_array_equal(gather(constant(numbers(sizes)), indices, axis=axis).numpy(), expected)
    found = gather(words(sizes), indices, axis=axis).numpy()
    assert np.asarray(found, object).tolist() == np.asarray(np.take(words(sizes), indices, axis), object).tolist()


@pytest.mark.parametrize(("axis", "batch_dims"), [(1, 1), (2, 1), (None, 1), (2, 2), (-1, 2), (2, -1), (1, 0)])
def test_gather_goes_through_batches_in_step(axis, batch_dims):
    params, indices = numbers((2, 3, 4)), np.array([[0, 2, 1], [1, 1, 0]])
    batch = batch_dims % 2 if batch_dims < 0 else batch_dims
    place = batch if axis is None else axis % 3
    expected = np.empty([*params.shape[:place], *indices.shape[batch:], *params.shape[place + 1 :]], np.int32)
    for key in np.ndindex(*params.shape[:batch]):
        expected[key] = np.take(params[key], indices[key], place - batch)
    for values in (constant(params), params):
        np.testing.assert_array_equal(gather(values, indices, axis=axis, batch_dims=batch_dims).numpy(), expected)
    strings = gather(words((2, 3, 4)), indices, axis=axis, batch_dims=batch_dims).numpy()
    assert strings.tolist() == words((2, 3, 4)).ravel()[expected].tolist()


def test_batch_gather_counts_along_the_last_dimension():
    assert batch_gather([[1, 2], [3, 4]], [[1], [0]]).numpy().tolist() == [[2], [3]]


@pytest.mark.parametrize("indices", [[3], [-1], np.array([0, 3], np.int64), convert_to_tensor([7])])
def test_an_index_out_of_bounds_is_an_error(indices):
    with pytest.raises(InvalidArgumentError, match=r"indices\[[01]\] = -?\d is not in \[0, 3\)"):
        gather([1, 2, 3], indices)


def test_an_index_out_of_bounds_takes_the_nearest_while_a_function_is_traced():
    function = jax.jit(lambda indices: gather([1, 2, 3], Tensor(indices)).value)
    assert function(np.array([-5, 1, 9])).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, [0]), "params must be at least 1 dimensional"),
        (([1, 2], [0], None, 2), r"axis: must be in the range \[-1, 1\)"),
        (([[1, 2]], [[0]], None, 0, 1), "batch_dims must be at most"),
        (([[1, 2]], [[0], [1]], None, 1, 1), r"the first 1 sizes .* must be equal; received shapes \[1, 2\]"),
        (([1, 2], [0.5]), "indices must be a tensor of int32 or int64"),
    ],
)
def test_gather_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        gather(*arguments)


def test_gradients_of_indices_that_come_again_add_up():
    table = Variable(numbers((3, 2), np.float32))
    with GradientTape() as tape:
        rows = square(gather(table, [1, 1, 2]))
    np.testing.assert_array_equal(tape.gradient(rows, table).numpy(), [[0, 0], [8, 12], [8, 10]])


@given(st.data())
@settings(max_examples=25)
def test_gather_nd_is_indexing_of_numpy(data):
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    width = data.draw(st.integers(0, len(sizes)))
    shape = data.draw(st.lists(st.integers(0, 3), max_size=2))
    vector = st.tuples(*[st.integers(0, size - 1) for size in sizes[:width]])
    count = int(np.prod(shape))
    indices = np.array(data.draw(st.lists(vector, min_size=count, max_size=count)), np.int32).reshape(*shape, width)
    key = tuple(np.moveaxis(indices, -1, 0))
    expected = numbers(sizes)[key] if width else np.broadcast_to(numbers(sizes), [*shape, *sizes])
    np.testing.assert_array_equal(gather_nd(constant(numbers(sizes)), indices).numpy(), expected)
    if width:
        found = gather_nd(words(sizes), indices).numpy()
        assert np.asarray(found, object).tolist() == np.asarray(words(sizes)[key], object).tolist()


def test_gather_nd_goes_through_batches_in_step():
    params, indices = numbers((2, 2, 2)), [[[1, 0]], [[0, 1]]]
    assert gather_nd(constant(params), indices, batch_dims=1).numpy().tolist() == [[2], [5]]
    assert gather_nd(words((2, 2, 2)), indices, batch_dims=1).numpy().tolist() == [[b"w2"], [b"w5"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1, 2], [3, 4]], [[0, 0], [2, 0]]), r"indices\[1\] = \[2, 0\] does not index into param shape \[2, 2\]"),
        (([[1, 2], [3, 4]], [-1, 0]), r"indices = \[-1, 0\] does not index"),
        (([[1, 2], [3, 4]], [[0, 0, 0]]), "innermost dimension length must be <= params rank; saw: 3 vs. 2"),
        (([1, 2], 0), "at least a vector"),
        (([[1, 2]], [[0]], 2), "batch_dims must be less than the rank"),
        (([1], [[0]], 0, None, "NEVER"), "bad_indices_policy: must be one of"),
    ],
)
def test_gather_nd_refuses_what_does_not_fit(arguments, message):
    with pytest.raises(InvalidArgumentError, match=message):
        gather_nd(*arguments)


def test_gather_nd_gives_zeros_for_bad_indices_where_they_are_ignored():
    found = gather_nd([[1, 2], [3, 4]], [[2, 0], [1, -1], [1, 1]], bad_indices_policy="IGNORE")
    assert found.numpy().tolist() == [0, 0, 4]


def test_gradients_flow_through_gather_nd():
    tensor = constant(numbers((2, 2), np.float32))
    with GradientTape() as tape:
        tape.watch(tensor)
        found = square(gather_nd(tensor, [[1, 1], [1, 1], [0, 1]]))
    assert tape.gradient(found, tensor).numpy().tolist() == [[0, 2], [0, 12]]


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.data())
@settings(max_examples=10)
def test_unravel_index_is_numpys(dims, data):
    indices = np.array(data.draw(st.lists(st.integers(0, int(np.prod(dims)) - 1), max_size=4)), np.int32)
    found = unravel_index(indices, dims)
    np.testing.assert_array_equal(found.numpy(), np.stack(np.unravel_index(indices, dims)))
    assert found.dtype == "int32"


def test_unravel_index_refuses_what_does_not_fit():
    assert unravel_index(5, [3, 3]).numpy().tolist() == [1, 2]
    with pytest.raises(InvalidArgumentError, match=r"must be in \[0, 9\) for dims \[3, 3\]; received \[9\]"):
        unravel_index([9], [3, 3])
    with pytest.raises(InvalidArgumentError, match="a scalar or a vector"):
        unravel_index([[1]], [3, 3])


def test_selected_elements_keep_their_gradients_and_compile_nothing_else():
    array = constant(numbers((2, 3), np.float32)).value
    assert isinstance(selected(array, np.array([1]), 1), np.ndarray)
    assert selected(array, np.array([4, 0]), 0, 2).tolist() == [4, 0]
    with GradientTape() as tape:
        tape.watch(Tensor(array))
        found = Tensor(selected(array, np.array([2, 2]), 1))
    assert tape.gradient(found, Tensor(array)).numpy().tolist() == [[0, 0, 2], [0, 0, 2]]


@pytest.mark.parametrize(
    "function",
    [
        lambda i: gather(["a", "b"], i),
        lambda i: gather_nd(["a", "b"], [i]),
        lambda i: where(i > 0, ["a"], ["b"]),
        lambda i: tensor_scatter_nd_update(["a", "b"], [[i]], ["c"]),
    ],
)
def test_strings_cannot_be_chosen_by_what_a_traced_function_computes(function):
    with pytest.raises(InvalidArgumentError, match=r"strings live on the host.*tf\.py_function"):
        jax.jit(lambda i: function(Tensor(i)).value)(1)


def test_values_are_known_on_the_host_unless_they_are_traced():
    known = []
    jax.jit(lambda array: known.append((on_host(array), executing_eagerly_on_arrays())) or array)(1)
    assert known == [(None, False)]
    assert on_host(constant([1, 2]).value).tolist() == [1, 2]
    assert outside(np.array([-1, 0, 2]), 2).tolist() == [True, False, True]
