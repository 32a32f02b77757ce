import jax
import numpy as np
import pytest
from hypothesis import given, settings

from tenon.base import InvalidArgumentError
from tenon.core.autodiff import GradientTape
from tenon.core.operations import reduce_sum, square
from tenon.core.operations._variable_slices import _written
from tenon.core.recording import kernel
from tenon.core.tensors import Tensor, constant, convert_to_tensor
from tenon.core.variables import Variable
from tests.core.operations.strategies import numbers, shapes_and_keys, words


@given(shapes_and_keys())
@settings(max_examples=25)
def test_assigning_to_a_part_is_numpys(shape_and_key):
    shape, key = shape_and_key
    for values in (numbers, words):
        array = values(shape)
        variable = Variable(array)
        part = variable[key]
        new = np.full(np.shape(array[key]), b"new", object) if values is words else -np.asarray(array[key])
        expected = array.copy()
        expected[key] = new if new.size != 1 else new.item()
        assert np.asarray(part.numpy(), array.dtype).tolist() == np.asarray(array[key], array.dtype).tolist()
        assert part.assign(new) is variable
        np.testing.assert_array_equal(variable.numpy(), expected)


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        (slice(1, 3), [7, 8], [1, 7, 8, 4]),
        (slice(1, 3), 7, [1, 7, 7, 4]),
        (1, [7], [1, 7, 3, 4]),
        (slice(None, None, -2), [7, 8], [1, 8, 3, 7]),
        (slice(2, 2), [], [1, 2, 3, 4]),
        (convert_to_tensor(-1), 9, [1, 2, 3, 9]),
        ((None, slice(0, 2)), [[5, 6]], [5, 6, 3, 4]),
    ],
)
def test_values_broadcast_to_the_part(key, value, found):
    variable = Variable([1, 2, 3, 4])
    variable[key].assign(value)
    assert variable.numpy().tolist() == found


def test_a_part_can_be_added_to():
    variable = Variable([1, 2, 3, 4])
    variable[::2].assign_add([10, 20])
    variable[1].assign_sub(5)
    assert variable.numpy().tolist() == [11, -3, 23, 4]
    assert variable[0].assign(0, read_value=False) is None


def test_a_part_is_a_tensor_of_what_was_there():
    variable = Variable([1.0, 2.0])
    part = variable[0]
    variable.assign([5.0, 6.0])
    assert type(part) is Tensor
    assert float(part + 1) == 2
    assert [type(leaf) for leaf in jax.tree.leaves(part)] == [type(part.value)]
    assert type(jax.tree.map(lambda array: array, part)) is Tensor
    assert not hasattr(jax.tree.map(lambda array: array, part), "assign")
    assert not hasattr(variable[np.array([True, False])], "assign")
    assert not hasattr(constant(1), "assign")


def test_parts_that_do_not_fit_are_refused():
    variable = Variable([1.0, 2.0])
    with pytest.raises(InvalidArgumentError, match="slice index 7 of dimension 0 out of bounds"):
        variable[7]
    with pytest.raises(ValueError, match="requested dtype float32 for Tensor with dtype int32"):
        variable[0].assign(constant(1))
    with pytest.raises(ValueError, match="broadcast"):
        variable[:2].assign([1.0, 2.0, 3.0])


def test_parts_that_begin_elsewhere_compile_once():
    variable = Variable(np.zeros([40], np.float32))
    programs = kernel(_written, form=((2, 1),)).compiled
    before = programs._cache_size()
    for i in range(30):
        variable[i : i + 2].assign([float(i), 0.0])
    assert programs._cache_size() <= before + 1
    assert variable.numpy()[:30].tolist() == list(range(30))


def test_gradients_flow_to_the_part_of_a_variable_that_is_read():
    variable = Variable([[1.0, 2.0], [3.0, 4.0]])
    with GradientTape() as tape:
        found = reduce_sum(square(variable[:, 1]))
    assert tape.gradient(found, variable).numpy().tolist() == [[0, 4], [0, 8]]
