from __future__ import annotations

import numpy as np
import pytest

import tenon as tf

TABLE = np.arange(12.0, dtype="float32").reshape(4, 3)


def test_ids_of_any_shape_become_rows():
    for ids in (2, [2, 0], [[1, 3], [0, 0]], np.array([3], "int64")):
        np.testing.assert_array_equal(tf.nn.embedding_lookup(TABLE, ids), TABLE[np.array(ids)])


def test_a_list_of_tables_is_one_table():
    tables = [tf.constant(TABLE[:2]), tf.Variable(TABLE[2:])]
    np.testing.assert_array_equal(tf.nn.embedding_lookup(tables, [3, 0]), TABLE[[3, 0]])
    np.testing.assert_array_equal(tf.nn.embedding_lookup([TABLE], [3, 0]), TABLE[[3, 0]])


def test_long_rows_are_scaled_down():
    found = tf.nn.embedding_lookup(TABLE, [[0, 3]], max_norm=5.0).numpy()
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), [[np.sqrt(5), 5.0]], rtol=1e-6)
    np.testing.assert_allclose(found[0, 0], TABLE[0])


def test_gradients_reach_the_rows_that_were_looked_up():
    table = tf.Variable(TABLE)
    with tf.GradientTape() as tape:
        rows = tf.nn.embedding_lookup(table, [1, 1])
    gradient = tf.convert_to_tensor(tape.gradient(rows, table)).numpy()
    assert gradient.tolist() == [[0.0] * 3, [2.0] * 3, [0.0] * 3, [0.0] * 3]


def test_what_is_no_row_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[0\] = 4 is not in \[0, 4\)"):
        tf.nn.embedding_lookup(TABLE, [4])
    with pytest.raises(tf.errors.InvalidArgumentError, match="need at least one table; received an empty list"):
        tf.nn.embedding_lookup([], [0])
