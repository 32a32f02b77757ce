from __future__ import annotations

import numpy as np
import pytest

import tenon as tf
from tests.core.nn.strategies import numbers
from tests.core.open_sizes import assert_same_with_open_sizes

IMAGES = numbers(2, 6, 7, 4).astype("float32")
FILTERS = numbers(3, 3, 4, 5).astype("float32")
TRANSPOSED = numbers(3, 3, 5, 4).astype("float32")
DEPTHWISE = numbers(3, 3, 4, 2).astype("float32")
OF_ANY_SIZE = {
    "conv2d of stride 1": lambda x: tf.nn.conv2d(x, FILTERS, 1, "SAME"),
    "conv2d of stride 2": lambda x: tf.nn.conv2d(x, FILTERS, 2, "SAME"),
    "conv2d without padding": lambda x: tf.nn.conv2d(x, FILTERS, 2, "VALID"),
    "depthwise_conv2d": lambda x: tf.nn.depthwise_conv2d(x, DEPTHWISE, [1, 2, 2, 1], "SAME"),
    "avg_pool with padding": lambda x: tf.nn.avg_pool2d(x, 3, 2, "SAME"),
    "avg_pool without padding": lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"),
    "max_pool": lambda x: tf.nn.max_pool2d(x, 3, 2, "SAME"),
    "max_pool_with_argmax": lambda x: tf.nn.max_pool_with_argmax(x, 2, 2, "SAME", include_batch_in_index=True),
    "moments": lambda x: tf.nn.moments(x, [0, 1, 2]),
    "sufficient_statistics": lambda x: tf.nn.sufficient_statistics(x, [0, 1])[:3],
    "lrn": lambda x: tf.nn.lrn(x, 2),
    "softmax": tf.nn.softmax,
}
OF_ANY_BATCH = {
    "conv2d_transpose": lambda x: tf.nn.conv2d_transpose(x, TRANSPOSED, [tf.shape(x)[0], 12, 14, 5], 2),
    "depth_to_space": lambda x: tf.nn.depth_to_space(x, 2),
    "dilation2d": lambda x: tf.nn.dilation2d(x, FILTERS[..., 0], [1] * 4, "SAME", "NHWC", [1] * 4),
    "average loss": lambda x: tf.nn.compute_average_loss(x),
    "embedding_lookup": lambda x: tf.nn.embedding_lookup(FILTERS[0, 0], tf.cast(x, tf.int32)),
}


@pytest.mark.parametrize("name", OF_ANY_SIZE)
def test_a_program_takes_images_of_any_size(name):
    assert_same_with_open_sizes(OF_ANY_SIZE[name], IMAGES, "b, h, w, 4")


@pytest.mark.parametrize("name", OF_ANY_BATCH)
def test_a_program_takes_batches_of_any_size(name):
    assert_same_with_open_sizes(OF_ANY_BATCH[name], IMAGES, "b, 6, 7, 4")


def test_losses_take_batches_of_any_size():
    labels = np.array([[0.25, 0.25, 0.25, 0.25]], "float32")
    assert_same_with_open_sizes(lambda x: tf.nn.softmax_cross_entropy_with_logits(labels, x), IMAGES[0, 0], "b, 4")
