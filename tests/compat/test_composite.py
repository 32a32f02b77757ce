from __future__ import annotations

import pytest

import tenon
from tests.compat.v1 import tf


def test_tensor_arrays_go_through_loops(run):
    x = tf.placeholder("float32", [None])
    array = tf.TensorArray("float32", 3)
    assert isinstance(array, tf.TensorArray)
    _, array = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a.write(i, x * tf.to_float(i))), [0, array])
    total = array.stack()
    assert run(total, {x: [1.0, 2.0]}).tolist() == [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]
    assert run(tf.gradients(total, x), {x: [1.0, 2.0]})[0].tolist() == [3.0, 3.0]
    assert array.dtype == tenon.float32


def test_sparse_tensors_are_made_changed_and_fetched(run):
    x = tf.placeholder("float32", [2])
    sparse = tf.SparseTensor([[0, 1], [2, 0]], x, [3, 2])
    dense = tf.sparse_tensor_to_dense(sparse)
    assert run(dense, {x: [1.0, 2.0]}).tolist() == [[0.0, 1.0], [0.0, 0.0], [2.0, 0.0]]
    found = run(sparse, {x: [1.0, 2.0]})
    assert found.values.numpy().tolist() == [1.0, 2.0]
    assert run(sparse.values * 2.0, {x: [1.0, 2.0]}).tolist() == [2.0, 4.0]
    product = tf.sparse_tensor_dense_matmul(sparse, [[1.0], [10.0]])
    assert run(product, {x: [1.0, 2.0]}).tolist() == [[10.0], [0.0], [2.0]]


def test_what_they_do_not_have_is_told(graph):
    array = tf.TensorArray("float32", 1)
    with pytest.raises(AttributeError, match="nothing"):
        _ = array.nothing
    assert "TensorArray" in repr(array)
