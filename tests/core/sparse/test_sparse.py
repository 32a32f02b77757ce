"""Sparse tensors do what dense ones do: NumPy on the dense tensor says what comes out."""

import pickle

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tenon.base import InvalidArgumentError
from tenon.core import operations as ops
from tenon.core import sparse as sp
from tenon.core.autodiff import GradientTape
from tenon.core.functions import function
from tenon.core.sparse import SparseTensor, SparseTensorSpec
from tenon.core.tensors import constant, type_spec_from_value

FEW = settings(max_examples=6)  # XLA compiles for each new shape
MATRICES = arrays.arrays(np.int32, (2, 3), elements=st.integers(-3, 3))


def dense(sparse):
    return sp.to_dense(sparse).numpy().tolist()


@FEW
@given(MATRICES)
def test_a_matrix_survives_and_so_do_its_other_forms(matrix):
    sparse = sp.from_dense(matrix)
    assert dense(sparse) == matrix.tolist()
    assert dense(sp.transpose(sparse)) == matrix.T.tolist()
    assert dense(sp.reshape(sparse, [-1])) == matrix.ravel().tolist()
    assert dense(sp.expand_dims(sparse, 1)) == matrix[:, None].tolist()
    assert dense(sp.slice_(sparse, [0, 1], [2, 9])) == matrix[:2, 1:].tolist()
    assert dense(sp.retain(sparse, sparse.values > 0)) == np.maximum(matrix, 0).tolist()
    assert sp.reset_shape(sparse).sizes == tuple(1 + np.argwhere(matrix).max(0, initial=-1))
    parts = [np.array(dense(part)).tolist() for part in sp.split(sparse, 1, 0)]
    assert parts == [matrix.tolist()]


@FEW
@given(MATRICES)
def test_reductions_are_those_of_the_dense_matrix(matrix):
    sparse = sp.from_dense(matrix)
    for axis in (None, 0, 1, [0, 1], -1):
        numpys = tuple(axis) if isinstance(axis, list) else axis
        for keepdims in (False, True):
            found = sp.reduce_sum(sparse, axis, keepdims)
            assert found.numpy().tolist() == matrix.sum(numpys, keepdims=keepdims).tolist()
    assert dense(sp.reduce_sum(sparse, 1, output_is_sparse=True)) == matrix.sum(1).tolist()


@FEW
@given(MATRICES, st.data())
def test_arithmetic_of_two_is_that_of_the_dense_matrices(matrix, data):
    other = data.draw(arrays.arrays(np.int32, matrix.shape, elements=st.integers(-3, 3)))
    a, b = sp.from_dense(matrix), sp.from_dense(other)
    assert dense(sp.add(a, b)) == (matrix + other).tolist()
    assert sp.add(a, other).numpy().tolist() == sp.add(other, a).numpy().tolist() == (matrix + other).tolist()
    assert dense(sp.maximum(a, b)) == np.maximum(matrix, other).tolist()
    assert dense(sp.minimum(a, b)) == np.minimum(matrix, other).tolist()
    assert dense(a * other) == (matrix * other).tolist()
    assert dense(sp.concat_(0, [a, b])) == np.concatenate([matrix, other]).tolist()
    assert dense(sp.concat_(-1, [a, b])) == np.concatenate([matrix, other], 1).tolist()


@pytest.mark.parametrize("adjoint_a", [False, True])
@pytest.mark.parametrize("adjoint_b", [False, True])
def test_products_with_dense_matrices(adjoint_a, adjoint_b):
    a = np.array([[0, 1 + 2j, 0], [3j, 0, 4]], np.complex64)
    b = np.arange(6).reshape(3, 2).astype(np.complex64) * (1 - 1j)
    left, right = (a.conj().T if adjoint_a else a), (b.conj().T if adjoint_b else b)
    if left.shape[1] != right.shape[0]:
        with pytest.raises(InvalidArgumentError, match="inner dimension"):
            sp.sparse_dense_matmul(sp.from_dense(a), b, adjoint_a, adjoint_b)
        return
    expected = left @ right
    np.testing.assert_allclose(sp.sparse_dense_matmul(sp.from_dense(a), b, adjoint_a, adjoint_b), expected)
    np.testing.assert_allclose(sp.sparse_dense_matmul(constant(a), sp.from_dense(b), adjoint_a, adjoint_b), expected)


def test_order_matters_to_dense_tensors():
    sparse = SparseTensor([[1], [0]], [7, 8], [2])
    with pytest.raises(InvalidArgumentError, match=r"sparse\.reorder"):
        sp.to_dense(sparse)
    assert dense(sp.reorder(sparse)) == [8, 7]
    assert sp.to_dense(sparse, validate_indices=False).numpy().tolist() == [8, 7]
    with pytest.raises(InvalidArgumentError, match="out of bounds"):
        sp.to_dense(SparseTensor([[2]], [7], [2]))


def test_defaults_and_strings():
    assert sp.to_dense(SparseTensor([[1]], [7], [3]), -1).numpy().tolist() == [-1, 7, -1]
    assert dense(SparseTensor([[0, 1]], ["x"], [1, 2])) == [[b"", b"x"]]
    assert dense(SparseTensor([[1]], [True], [2])) == [False, True]
    assert dense(sp.eye(2, 3)) == [[1, 0, 0], [0, 1, 0]]


def test_places_values_and_shape_must_fit():
    for wrong in (([[0]], [1, 2], [1]), ([[0]], [1], [1, 1]), ([0], [1], [1])):
        with pytest.raises(ValueError, match="SparseTensor: needs indices"):
            SparseTensor(*wrong)
    with pytest.raises(TypeError, match="must be a SparseTensor"):
        sp.reorder([[1]])
    with pytest.raises(TypeError, match="do you mean"):
        sp.add([1], [2])
    with pytest.raises(InvalidArgumentError, match="shapes do not match"):
        sp.add(SparseTensor([[0]], [1], [1]), SparseTensor([[0]], [1], [2]))
    with pytest.raises(InvalidArgumentError, match="dense values"):
        sp.reshape(SparseTensor([[0]], [1], [1]), [2])


def test_elementwise_operations_are_of_the_values():
    sparse = SparseTensor([[0]], [-4.0], [2])
    assert dense(ops.abs_(sparse)) == [4, 0]
    assert ops.cast(sparse, "int32").dtype == "int32"
    assert dense(sparse / 2.0) == [-2, 0]
    assert dense(sp.map_values(ops.square, sparse)) == [16, 0]
    with pytest.raises(TypeError, match="takes no sparse tensor"):
        ops.cos(sparse)
    with pytest.raises(ValueError, match="No SparseTensor"):
        sp.map_values(ops.add, 1, 2)
    with pytest.raises(ValueError, match="same places"):
        sp.map_values(ops.add, sparse, SparseTensor([[1]], [1.0], [2]))


def test_softmax_is_over_stored_elements():
    sparse = SparseTensor([[0, 0], [0, 2], [1, 1]], [1.0, 2.0, 5.0], [2, 3])
    np.testing.assert_allclose(sp.softmax(sparse).values, [0.268941, 0.731059, 1.0], rtol=1e-5)


def test_empty_rows_are_filled():
    filled, empty = sp.fill_empty_rows(SparseTensor([[1, 1]], [7], [3, 2]), 5)
    assert dense(filled) == [[5, 0], [0, 7], [5, 0]]
    assert empty.numpy().tolist() == [True, False, True]
    assert sp.to_indicator(SparseTensor([[0, 0], [1, 0]], [2, 0], [2, 1]), 3).numpy().tolist() == [
        [False, False, True],
        [True, False, False],
    ]
    with pytest.raises(InvalidArgumentError, match="vocab_size=2"):
        sp.to_indicator(SparseTensor([[0, 0]], [2], [1, 1]), 2)


def test_segments_of_chosen_rows():
    data = np.array([[1.0], [2.0], [4.0]])
    assert sp.segment_sum(data, [2, 0, 1], [0, 0, 2], 4).numpy().ravel().tolist() == [5, 0, 2, 0]
    assert sp.segment_mean(data, [2, 1], [0, 0]).numpy().tolist() == [[3]]
    assert sp.segment_sqrt_n(data, [0, 1, 0, 0], [0, 0, 0, 0]).numpy().tolist() == [[2.5]]
    with pytest.raises(InvalidArgumentError, match="never fall"):
        sp.segment_sum(data, [0, 1], [1, 0])
    with pytest.raises(InvalidArgumentError, match="at least 3"):
        sp.segment_sum(data, [0], [2], 1)


def test_counts():
    assert dense(sp.bincount([[1, 1, 0], [2, 2, 2]], axis=-1)) == [[1, 2, 0], [0, 0, 3]]
    assert dense(sp.bincount([1, 1, 3], minlength=6)) == [0, 2, 0, 1, 0, 0]
    assert dense(sp.bincount([1, 1, 3], maxlength=2, binary_output=True)) == [0, 1]
    assert dense(sp.bincount([1, 1], weights=[0.5, 2.0])) == [0, 2.5]
    with pytest.raises(ValueError, match="axis=1"):
        sp.bincount([1], axis=1)


def test_sets():
    assert dense(sp.intersection([[1, 2, 3]], [[3, 9, 2]])) == [[2, 3]]
    assert dense(sp.union([[1, 2]], [[5, 2]])) == [[1, 2, 5]]
    assert dense(sp.difference([[1, 2]], [[2, 5]])) == [[1]]
    assert dense(sp.difference([[1, 2]], [[2, 5]], aminusb=False)) == [[5]]
    assert sp.size(SparseTensor([[0, 0], [0, 1]], ["a", "a"], [2, 2])).numpy().tolist() == [1, 0]
    with pytest.raises(ValueError, match="all sizes but the last"):
        sp.union([[1]], [[1], [2]])


@pytest.mark.parametrize(
    ("combiner", "expected"), [("sum", [8.0, 3.0]), ("mean", [2.0, 3.0]), ("sqrtn", [8 / np.sqrt(8), 3.0])]
)
def test_embeddings_of_rows_are_combined(combiner, expected):
    table = np.array([[1.0], [3.0], [5.0]], np.float32)
    ids = SparseTensor([[0, 0], [0, 1], [1, 0]], [0, 1, 1], [2, 2])
    weights = SparseTensor([[0, 0], [0, 1], [1, 0]], [2.0, 2.0, 1.0], [2, 2])
    found = sp.embedding_lookup_sparse(constant(table), ids, weights, combiner)
    np.testing.assert_allclose(found.numpy().ravel(), expected, rtol=1e-4)
    with pytest.raises(ValueError, match="combiner"):
        sp.embedding_lookup_sparse(constant(table), ids, None, "median")


def test_safe_embeddings_have_empty_rows():
    table = constant([[1.0], [3.0]])
    ids = SparseTensor([[0, 0], [1, 0]], [-1, 1], [3, 1])
    assert sp.safe_embedding_lookup_sparse(table, ids).numpy().tolist() == [[0], [3], [0]]
    assert sp.safe_embedding_lookup_sparse(table, ids, default_id=0).numpy().tolist() == [[1], [3], [1]]


def test_slices_by_index_are_left_out():
    slices = ops.IndexedSlices(constant([[1.0], [2.0]]), constant([4, 6]))
    assert sp.mask(slices, [4]).values.numpy().tolist() == [[2.0]]


def test_gradients_flow_through_values_and_dense_matrices():
    values, weights = constant([1.0, 2.0]), constant([[1.0], [10.0]])
    with GradientTape() as tape:
        tape.watch([values, weights])
        sparse = SparseTensor([[0, 1], [1, 0]], values, [2, 2])
        loss = ops.reduce_sum(ops.square(sp.sparse_dense_matmul(sparse, weights)))
        loss += ops.reduce_sum(sp.to_dense(sp.transpose(sparse)))
    by_values, by_weights = tape.gradient(loss, [values, weights])
    assert by_values.numpy().tolist() == [201, 5]
    assert by_weights.numpy().tolist() == [[8], [20]]


def test_functions_take_sparse_tensors_of_the_same_number_of_elements():
    traces = []

    @function
    def product(sparse, weights):
        traces.append(1)
        return sp.sparse_dense_matmul(sparse, weights), sp.to_dense(sparse), sp.reduce_sum(sparse, 1)

    for places in ([[0, 1], [1, 0]], [[0, 0], [1, 1]]):
        sparse = SparseTensor(places, [2.0, 3.0], [2, 2])
        matrix = sp.to_dense(sparse).numpy()
        found = product(sparse, np.eye(2, dtype=np.float32))
        for part, expected in zip(found, (matrix, matrix, matrix.sum(1)), strict=True):
            np.testing.assert_array_equal(part, expected)
    assert len(traces) == 1

    with pytest.raises(InvalidArgumentError, match="not known while a function is traced"):
        function(sp.reorder)(sparse)


def test_it_is_a_pytree_can_be_pickled_and_has_a_spec():
    sparse = SparseTensor([[0]], [7], [2])
    assert dense(jax.tree.map(lambda array: array, sparse)) == [7, 0]
    assert dense(pickle.loads(pickle.dumps(sparse))) == [7, 0]
    assert repr(sparse).startswith("SparseTensor(indices=tf.Tensor([[0]], shape=(1, 1), dtype=int64), values=tf.Ten")
    spec = SparseTensorSpec([None], "int32")
    assert spec.is_compatible_with(sparse)
    assert SparseTensorSpec.from_value(sparse) == SparseTensorSpec([2], "int32") == type_spec_from_value(sparse)
    assert repr(spec) == "SparseTensorSpec(TensorShape([None]), tf.int32)"
    assert pickle.loads(pickle.dumps(spec)) == spec
    sparse.set_shape([2])
    with pytest.raises(ValueError, match="not compatible"):
        sparse.set_shape([3])
