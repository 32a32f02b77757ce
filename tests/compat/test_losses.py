from __future__ import annotations

import numpy as np
import pytest

from tests.compat.v1 import tf

LABELS = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
FOUND = np.array([[0.5, 0.5], [1.0, 3.0]], np.float32)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("absolute_difference", 1.0),
        ("mean_squared_error", 1.375),
        ("huber_loss", 0.5625),
        ("hinge_loss", 1.0),
        ("mean_pairwise_squared_error", 2.0),
    ],
)
def test_losses_are_means(run, name, expected):
    np.testing.assert_allclose(run(getattr(tf.losses, name)(LABELS, FOUND)), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("NONE", [[0.0, 0.0], [2.0, 8.0]]),
        ("SUM", 10.0),
        ("MEAN", 2.5),
        ("SUM_OVER_BATCH_SIZE", 2.5),
        ("SUM_BY_NONZERO_WEIGHTS", 5.0),
    ],
)
def test_weights_count_as_the_reduction_says(run, reduction, expected):
    how = getattr(tf.losses.Reduction, reduction)
    found = tf.losses.mean_squared_error(LABELS, FOUND, [[0.0], [2.0]], reduction=how)
    np.testing.assert_allclose(run(found), expected, rtol=1e-6)


def test_losses_are_collected_and_added(run):
    tf.losses.add_loss(tf.constant(1.0))
    tf.losses.absolute_difference([0.0], [2.0])
    tf.losses.absolute_difference([0.0], [9.0], loss_collection=None)
    tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, tf.constant(10.0))
    assert run([tf.losses.get_total_loss(), tf.losses.get_total_loss(False)]) == [13.0, 3.0]
    assert run(tf.losses.get_regularization_loss()) == 10.0
    assert len(tf.losses.get_losses()) == 2


def test_cross_entropies_agree_where_they_mean_the_same(run):
    logits = np.array([[1.0, 2.0, 3.0], [0.0, 0.5, 0.0]], np.float32)
    by_number = tf.losses.sparse_softmax_cross_entropy([2, 1], logits)
    one_hot = tf.losses.softmax_cross_entropy([[0, 0, 1], [0, 1, 0]], logits)
    columns = tf.losses.sparse_softmax_cross_entropy([[2], [1]], logits, weights=[[1.0], [1.0]])
    smooth = tf.losses.softmax_cross_entropy([[0, 0, 1], [0, 1, 0]], logits, label_smoothing=0.3)
    found = run([by_number, one_hot, columns, smooth])
    np.testing.assert_allclose(found[:2], found[2], rtol=1e-6)
    assert found[3] > found[0]


def test_misuse_is_told(graph):
    with pytest.raises(ValueError, match="Invalid Reduction Key"):
        tf.losses.mean_squared_error([1.0], [1.0], reduction="other")
    with pytest.raises(ValueError, match="must specify argument `axis`"):
        tf.losses.cosine_distance([1.0], [1.0])
