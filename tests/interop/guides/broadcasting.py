"""Broadcasting: axes of length one, and missing axes, stretch to fit."""

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(tf, scalars, stretched, explicit, distances, standardised, reduced_gradients, refused)


def scalars(tf):
    x = tf.constant([1, 2, 3])
    return {
        "python": tf.multiply(x, 2),
        "operator": x * 2,
        "tensor": x * tf.constant(2),
        "vector of one": x * tf.constant([2]),
        "scalar on the left": tf.subtract(10, x),
    }


def stretched(tf):
    column, row = tf.reshape(tf.constant([1, 2, 3]), [3, 1]), tf.range(1, 5)
    cube = tf.reshape(tf.range(24), [2, 3, 4])
    return {
        "outer product": tf.multiply(column, row),
        "outer sum": column + row,
        "trailing axes": cube * row,
        "middle axis": cube + tf.constant([[[100], [200], [300]]]),
        "both sides": (tf.ones([4, 1, 3]) * tf.ones([5, 1])).shape.as_list(),
        "comparison": column > row,
        "logical": tf.logical_and(column > 1, row < 3),
        "power": tf.pow(column, [[0, 1, 2]]),
        "empty axis": (tf.ones([0, 3]) + tf.ones([1, 3])).shape.as_list(),
        "matmul of batches": tf.matmul(tf.ones([5, 1, 2, 3]), tf.ones([4, 3, 2])).shape.as_list(),
    }


def explicit(tf):
    x = tf.constant([1.0, 2.0, 3.0])
    return {
        "broadcast_to": tf.broadcast_to(x, [3, 3]),
        "more axes": tf.broadcast_to(x[:, tf.newaxis], [2, 3, 2]),
        "by shape tensor": tf.broadcast_to(5, tf.shape(x)),
        "equal to tile": tf.reduce_all(tf.broadcast_to(x, [2, 3]) == tf.tile(x[None], [2, 1])),
        "static": tf.broadcast_static_shape(tf.TensorShape([2, 1]), tf.TensorShape([3])).as_list(),
        "dynamic": tf.broadcast_dynamic_shape(tf.constant([2, 1]), tf.constant([3])),
    }


def distances(tf):
    points = tf.constant([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    apart = points[:, tf.newaxis, :] - points[tf.newaxis, :, :]
    return {
        "distances": tf.sqrt(tf.reduce_sum(tf.square(apart), axis=-1)),
        "nearest other": tf.argmin(tf.linalg.set_diag(tf.norm(apart, axis=-1), [99.0, 99.0, 99.0]), axis=1),
    }


def standardised(tf):
    samples = tf.constant(np.linspace(-2, 5, 12).reshape(4, 3) ** 2, tf.float32)
    centred = samples - tf.reduce_mean(samples, axis=0, keepdims=True)
    whitened = centred / tf.math.reduce_std(samples, axis=0)
    mean, variance = tf.nn.moments(samples, axes=[0])
    return {
        "whitened": whitened,
        "moments": [mean, variance],
        "by batch_normalization": tf.nn.batch_normalization(samples, mean, variance, None, None, 1e-12),
    }


def reduced_gradients(tf):
    column, row = tf.Variable([[1.0], [2.0]]), tf.Variable([3.0, 4.0, 5.0])
    scale = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        result = tf.reduce_sum(scale * (column + row) ** 2)
    gradients = tape.gradient(result, [column, row, scale])
    return {"gradients": gradients, "shapes": [gradient.shape.as_list() for gradient in gradients]}


def refused(tf):
    return {
        "axes that differ": caught(lambda: tf.ones([3]) * tf.ones([4]), tf.errors.InvalidArgumentError),
        "broadcast_to smaller": caught(lambda: tf.broadcast_to(tf.ones([3]), [2]), tf.errors.InvalidArgumentError),
        "static": caught(lambda: tf.broadcast_static_shape(tf.TensorShape([2]), tf.TensorShape([3])), ValueError),
    }
