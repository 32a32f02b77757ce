"""Sparse tensors: only the elements that are not zero, with their places."""

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf, *(making, manipulating, arithmetic, multiplying, reducing, joining, in_functions, gradients, indexed_slices)
    )


def parts(sparse):
    return [sparse.indices, sparse.values, sparse.dense_shape]


def small(tf):
    return tf.SparseTensor(indices=[[1, 3], [2, 4], [2, 0]], values=[7, 20, 30], dense_shape=[3, 8])


def making(tf):
    sparse = tf.sparse.SparseTensor([[0, 0], [1, 2]], [1.5, 2.5], [3, 4])
    return {
        "parts": parts(sparse),
        "dtype": sparse.dtype.name,
        "shape": sparse.shape.as_list(),
        "get_shape": sparse.get_shape().as_list(),
        "dense": tf.sparse.to_dense(sparse),
        "dense with default": tf.sparse.to_dense(tf.sparse.reorder(small(tf)), default_value=-1),
        "from dense": parts(tf.sparse.from_dense([[0, 0, 7], [8, 0, 0]])),
        "eye": tf.sparse.to_dense(tf.sparse.eye(2, 3)),
        "is sparse": [isinstance(sparse, tf.SparseTensor), tf.sparse.SparseTensor is tf.SparseTensor],
        "of strings": tf.sparse.to_dense(tf.SparseTensor([[0, 1]], ["x"], [1, 2])),
        "by numpy": parts(tf.SparseTensor(np.array([[1, 1]]), np.array([3.0]), np.array([2, 2]))),
        "empty": tf.sparse.to_dense(tf.SparseTensor(tf.zeros([0, 2], tf.int64), tf.zeros([0]), [2, 2])),
    }


def manipulating(tf):
    ordered = tf.sparse.reorder(small(tf))
    return {
        "reordered": parts(ordered),
        "slice": parts(tf.sparse.slice(ordered, start=[2, 0], size=[1, 5])),
        "transpose": parts(tf.sparse.transpose(ordered)),
        "reshape": parts(tf.sparse.reshape(ordered, [6, 4])),
        "retain": parts(tf.sparse.retain(ordered, ordered.values > 15)),
        "expand": tf.sparse.expand_dims(ordered, 0).shape.as_list(),
        "fill rows": parts(tf.sparse.fill_empty_rows(ordered, 5)[0]),
        "empty rows": tf.sparse.fill_empty_rows(ordered, 5)[1],
        "new values": parts(ordered.with_values(ordered.values * 2)),
        "mapped": parts(tf.sparse.map_values(tf.square, ordered)),
        "split": [parts(part) for part in tf.sparse.split(sp_input=ordered, num_split=2, axis=1)],
    }


def arithmetic(tf):
    a = tf.SparseTensor([[0, 2], [1, 0]], [1.0, 2.0], [2, 3])
    b = tf.SparseTensor([[0, 2], [1, 1]], [10.0, 20.0], [2, 3])
    return {
        "sum": tf.sparse.to_dense(tf.sparse.add(a, b)),
        "sum with dense": tf.sparse.add(a, tf.ones([2, 3])),
        "times number": parts(a * 3.0),
        "times dense": parts(a * tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])),
        "divided": parts(a / 2.0),
        "maximum": parts(tf.sparse.maximum(a, b)),
        "minimum": parts(tf.sparse.minimum(a, b)),
        "softmax": parts(tf.sparse.softmax(a)),
        "cast": parts(tf.cast(a, tf.int32)),
        "abs": parts(tf.abs(tf.SparseTensor([[0]], [-4.0], [2]))),
    }


def multiplying(tf):
    a = tf.SparseTensor([[0, 2], [1, 0], [1, 2]], [1.0, 2.0, 3.0], [2, 3])
    dense = tf.reshape(tf.range(6.0), [3, 2])
    return {
        "matmul": tf.sparse.sparse_dense_matmul(a, dense),
        "adjoint": tf.sparse.sparse_dense_matmul(a, tf.ones([2, 4]), adjoint_a=True),
        "as dense": tf.matmul(tf.sparse.to_dense(a), dense, a_is_sparse=True),
    }


def reducing(tf):
    a = tf.SparseTensor([[0, 2], [1, 0], [1, 2]], [1.0, 2.0, 3.0], [2, 3])
    return {
        "sum": tf.sparse.reduce_sum(a),
        "sum of rows": tf.sparse.reduce_sum(a, axis=1),
        "sum of columns": tf.sparse.reduce_sum(a, axis=0, keepdims=True),
        "max": tf.sparse.reduce_max(a, axis=1),
        "embedded": tf.nn.embedding_lookup_sparse(
            tf.reshape(tf.range(8.0), [4, 2]),
            tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [1, 3, 0], [2, 2]),
            None,
            combiner="mean",
        ),
    }


def joining(tf):
    a = tf.SparseTensor([[0, 1]], [1], [1, 2])
    b = tf.SparseTensor([[0, 0]], [2], [1, 2])
    return {
        "rows": parts(tf.sparse.concat(axis=0, sp_inputs=[a, b])),
        "columns": parts(tf.sparse.concat(1, [a, b])),
        "bincount": tf.sparse.to_dense(tf.sparse.bincount([[1, 1, 0], [2, 2, 2]], axis=-1)),
        "indicator": tf.sparse.to_indicator(tf.SparseTensor([[0, 0], [1, 0]], [2, 0], [2, 1]), 3),
        "cross of sets": tf.sparse.to_dense(tf.sets.intersection([[1, 2, 3]], [[2, 3, 9]])),
        "union of sets": tf.sparse.to_dense(tf.sets.union([[1, 2]], [[2, 5]])),
    }


def in_functions(tf):
    @tf.function
    def weighted(sparse, weights):
        return tf.sparse.sparse_dense_matmul(sparse, weights), sparse.values * 2

    product, doubled = weighted(tf.SparseTensor([[0, 1], [1, 0]], [2.0, 3.0], [2, 2]), tf.ones([2, 3]))
    return {"product": product, "doubled": doubled}


def gradients(tf):
    weights = tf.Variable(tf.reshape(tf.range(6.0), [3, 2]))
    values = tf.Variable([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        sparse = tf.SparseTensor([[0, 2], [1, 0], [1, 2]], values, [2, 3])
        loss = tf.reduce_sum(tf.square(tf.sparse.sparse_dense_matmul(sparse, weights)))
    by_weights, by_values = tape.gradient(loss, [weights, values])
    return {"by weights": by_weights, "by values": by_values}


def indexed_slices(tf):
    table = tf.Variable(tf.ones([5, 2]))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(table, [3, 1, 3]) * [[1.0], [10.0], [100.0]])
    gradient = tape.gradient(loss, table)
    slices = tf.IndexedSlices(tf.constant([[1.0, 2.0]]), tf.constant([2]), dense_shape=tf.constant([4, 2]))
    scatter_target = tf.Variable(tf.zeros([4, 2]))
    scatter_target.scatter_add(slices)
    return {
        "dense gradient": tf.convert_to_tensor(gradient),
        "slices": [slices.values, slices.indices, slices.dense_shape],
        "as tensor": tf.convert_to_tensor(slices),
        "added": scatter_target,
        "too few indices": caught(
            lambda: tf.sparse.to_dense(tf.SparseTensor([[0, 0]], [1.0, 2.0], [1, 1])),
            ValueError,
            tf.errors.InvalidArgumentError,
        ),
    }
