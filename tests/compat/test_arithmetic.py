from __future__ import annotations

import numpy as np
import pytest

import tenon
from tests.compat.v1 import tf


def test_tables_take_turns_or_follow_each_other(run):
    tables = [tf.constant([[0.0], [2.0]]), tf.constant([[1.0], [3.0]])]
    found = run([tf.nn.embedding_lookup(tables, [0, 1, 2, 3]), tf.nn.embedding_lookup(tables, [0, 1], "div")])
    assert [value.ravel().tolist() for value in found] == [[0.0, 1.0, 2.0, 3.0], [0.0, 2.0]]
    with pytest.raises(ValueError, match="Unrecognized partition strategy"):
        tf.nn.embedding_lookup(tables, [0], "other")
    with pytest.raises(ValueError, match="must have as many rows each"):
        tf.nn.embedding_lookup([tables[0], tf.constant([[1.0]])], [0])


def test_values_that_are_known_while_a_graph_is_built(graph):
    x = tf.placeholder("float32", [None, 3])
    assert tenon.get_static_value(tf.constant([1, 2])).tolist() == [1, 2]
    assert tenon.get_static_value(tf.shape(x)[1]) == 3
    assert tenon.get_static_value(tf.shape(x)) is None
    assert tenon.get_static_value(tf.placeholder("string", [])) is None


def test_constants_repeat_their_last_value(run):
    assert run(tf.constant([1, 2], shape=[2, 2])).tolist() == [[1, 2], [2, 2]]
    assert run(tf.constant(7.0, shape=[2])).tolist() == [7.0, 7.0]
    with pytest.raises(TypeError, match="Expected Tensor's shape"):
        tf.constant([1, 2], shape=[3], verify_shape=True)


def test_normalizing_images(run):
    images = tf.constant(np.arange(16, dtype=np.float32).reshape(1, 2, 2, 4))
    normal, mean, variance = run(tf.nn.fused_batch_norm(images, tf.ones([4]), tf.zeros([4]), epsilon=0.0))
    np.testing.assert_allclose(normal.mean((0, 1, 2)), np.zeros(4), atol=1e-6)
    np.testing.assert_allclose(mean, [6.0, 7.0, 8.0, 9.0])
    np.testing.assert_allclose(variance, np.full(4, 80.0 / 3), rtol=1e-5)
    given = run(tf.nn.fused_batch_norm(images, [1.0] * 4, [0.0] * 4, mean, [1.0] * 4, is_training=False))[0]
    assert given[0, 0, 0].tolist() == [-6.0, -6.0, -6.0, -6.0]
    with pytest.raises(ValueError, match="must be a 1D tensor"):
        tf.nn.fused_batch_norm(images, [1.0] * 4, [0.0] * 4, is_training=False)


def test_small_layers(run):
    x, w, b = tf.constant([[1.0, -1.0]]), tf.constant([[1.0], [3.0]]), tf.constant([0.5])
    assert run([tf.nn.xw_plus_b(x, w, b), tf.nn.relu_layer(x, w, b)]) == [[[-1.5]], [[0.0]]]
    np.testing.assert_allclose(run(tf.clip_by_average_norm([3.0, 4.0], 1.0)), [1.2, 1.6], rtol=1e-6)
