"""The ragged tensor: its parts, its text, and its way through functions and tapes."""

import pickle

import jax
import numpy as np
import pytest

from tenon.base import InvalidArgumentError
from tenon.core import NAMES
from tenon.core.autodiff import GradientTape
from tenon.core.functions import function
from tenon.core.operations import reduce_mean, reduce_sum
from tenon.core.ragged import RaggedTensor, RaggedTensorSpec, constant
from tenon.core.tensors import constant as dense
from tenon.core.tensors import type_spec_from_value


def deep():
    return constant([[[1, 2], [3]], [], [[4]]])


def test_the_parts_of_a_nested_ragged_tensor():
    ragged = deep()
    assert ragged.ragged_rank == 2
    assert ragged.shape.as_list() == [3, None, None]
    assert [splits.numpy().tolist() for splits in ragged.nested_row_splits] == [[0, 2, 2, 3], [0, 2, 3, 4]]
    assert [lengths.numpy().tolist() for lengths in ragged.nested_row_lengths()] == [[2, 0, 1], [2, 1, 1]]
    assert [ids.numpy().tolist() for ids in ragged.nested_value_rowids()] == [[0, 0, 2], [0, 0, 1, 2]]
    assert ragged.row_lengths(axis=2).to_list() == [[2, 1], [], [1]]
    assert ragged.bounding_shape().numpy().tolist() == [3, 2, 2]
    assert ragged.bounding_shape(axis=1, out_type="int32").numpy() == 2
    assert int(ragged.nrows()) == 3
    assert ragged.flat_values.numpy().tolist() == [1, 2, 3, 4]
    assert ragged.uniform_row_length is None


def test_nested_factories_agree():
    flat, splits = [1, 2, 3], [[0, 1, 2], [0, 2, 3]]
    found = RaggedTensor.from_nested_row_splits(flat, splits)
    assert found.to_list() == [[[1, 2]], [[3]]]
    assert RaggedTensor.from_nested_row_lengths(flat, [[1, 1], [2, 1]]).to_list() == found.to_list()
    assert RaggedTensor.from_nested_value_rowids(flat, [[0, 1], [0, 0, 1]]).to_list() == found.to_list()
    with pytest.raises(TypeError, match="list of vectors"):
        RaggedTensor.from_nested_row_splits(flat, np.array(splits))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([[8, 2], [7], []], "<tf.RaggedTensor [[8, 2], [7], []]>"),
        ([[1.0, 2.5], []], "<tf.RaggedTensor [[1.0, 2.5], []]>"),
        ([["a"], []], "<tf.RaggedTensor [[b'a'], []]>"),
        ([[]], "<tf.RaggedTensor [[]]>"),
        ([[1, 2], [3, 4]], "<tf.RaggedTensor [[1, 2],\n [3, 4]]>"),
    ],
)
def test_the_text_is_that_of_tensorflow(value, text):
    assert repr(constant(value)) == str(constant(value)) == text


def test_equal_rows_are_an_array_and_others_an_array_of_arrays():
    assert constant([[1, 2], [3, 4]]).numpy().tolist() == [[1, 2], [3, 4]]
    found = constant([[1, 2], [3]]).numpy()
    assert found.dtype == object
    assert [row.tolist() for row in found] == [[1, 2], [3]]


def test_a_ragged_tensor_is_no_bool_no_key_and_has_no_length():
    ragged = deep()
    with pytest.raises(TypeError, match="boolean"):
        bool(ragged)
    with pytest.raises(TypeError, match="unhashable"):
        hash(ragged)
    with pytest.raises(TypeError, match="no len"):
        len(ragged)


def test_new_values_must_be_as_many():
    assert deep().with_flat_values([5, 6, 7, 8]).to_list() == [[[5, 6], [7]], [], [[8]]]
    with pytest.raises(ValueError, match="there must be 3"):
        deep().with_values([1, 2])
    with pytest.raises(ValueError, match="rank at least 1"):
        RaggedTensor.from_row_splits(3, [0, 1])


def test_operations_without_a_meaning_for_rows_say_so():
    with pytest.raises(TypeError, match="takes no ragged tensor"):
        NAMES["math.top_k"](constant([[1.0], [2.0, 3.0]]))


def test_it_passes_through_functions_which_are_traced_again_for_other_rows():
    traces = []

    @function
    def doubled(ragged):
        traces.append(1)
        return ragged * 2, reduce_sum(ragged, axis=1)

    for rows in ([[1, 2], [3]], [[4, 5], [6]], [[1], [2, 3]]):
        ragged, sums = doubled(constant(rows))
        assert ragged.to_list() == [[2 * x for x in row] for row in rows]
        assert sums.numpy().tolist() == [sum(row) for row in rows]
    assert len(traces) == 2


def test_rows_that_are_computed_in_a_trace_are_refused():
    @function
    def rows_of(lengths):
        return RaggedTensor.from_row_lengths([1, 2, 3], lengths).values

    with pytest.raises(InvalidArgumentError, match=r"row_lengths.*traced"):
        rows_of(dense([1, 2]))


def test_gradients_flow_through_the_values():
    values = dense([1.0, 2.0, 3.0, 4.0])
    with GradientTape() as tape:
        tape.watch(values)
        ragged = RaggedTensor.from_row_lengths(values * values, [3, 0, 1])
        loss = reduce_sum(reduce_mean(ragged[::2], axis=1)) + reduce_sum(ragged.to_tensor()[0])
    expected = 2 * np.array([1.0, 2.0, 3.0, 4.0]) * np.array([4 / 3, 4 / 3, 4 / 3, 1])
    np.testing.assert_allclose(tape.gradient(loss, values), expected, rtol=1e-6)


def test_it_is_a_pytree_and_can_be_pickled():
    ragged = deep()
    assert jax.tree.map(lambda array: array + 1, ragged).to_list() == [[[2, 3], [4]], [], [[5]]]
    assert pickle.loads(pickle.dumps(ragged)).to_list() == ragged.to_list()


def test_rows_of_several_lines_print_as_tensorflows():
    ragged = RaggedTensor.from_row_splits([[1, 3], [0, 0], [5, 3]], [0, 2, 3])
    assert repr(ragged) == "<tf.RaggedTensor [[[1, 3],\n  [0, 0]], [[5, 3]]]>"


def test_specs_describe_ragged_tensors():
    ragged = deep()
    spec = RaggedTensorSpec([None, None, None], "int32")
    assert repr(spec) == "RaggedTensorSpec(TensorShape([None, None, None]), tf.int32, 2, tf.int64)"
    assert spec.is_compatible_with(ragged)
    assert spec.is_compatible_with(RaggedTensorSpec.from_value(ragged))
    assert type_spec_from_value(ragged) == RaggedTensorSpec.from_value(ragged)
    assert not RaggedTensorSpec([None, None], "int32").is_compatible_with(ragged)
    assert spec == pickle.loads(pickle.dumps(spec))
    assert len({spec, RaggedTensorSpec([None, None, None], "int32")}) == 1
    assert (spec.ragged_rank, spec.dtype, spec.row_splits_dtype, spec.flat_values_spec) == (2, "int32", "int64", None)
    with pytest.raises(ValueError, match="known rank"):
        RaggedTensorSpec(None)
    with pytest.raises(ValueError, match="less than rank"):
        RaggedTensorSpec([None], ragged_rank=1)
