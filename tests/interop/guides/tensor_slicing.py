"""Tensor slicing: read parts by slices and indices, and write into new tensors at places."""

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(slicing, strided, gathering, gathering_by_batch, gathering_nd, scattering, inserting, of_images, masks),
        *(blocks_and_windows, gradients, in_functions, refused),
    )


def slicing(tf):
    levels = tf.constant([4, 8, 15, 16, 23, 42, 50])
    table = tf.reshape(tf.range(100, 120), [5, 4])
    cube = tf.reshape(tf.range(24), [3, 2, 4])
    return {
        "slice": tf.slice(levels, begin=[2], size=[3]),
        "python": levels[2:5],
        "last": levels[-2:],
        "to the end": tf.slice(table, [3, 1], [-1, 2]),
        "matrix": tf.slice(table, begin=[1, 0], size=[2, 3]),
        "python matrix": table[:-2, 2:],
        "cube": tf.slice(cube, [1, 1, 0], [1, 1, 2]),
        "by tensors": tf.slice(table, tf.constant([0, 1]), tf.stack([2, tf.shape(table)[1] - 1])),
        "empty": tf.slice(levels, [2], [0]),
    }


def strided(tf):
    t = tf.reshape(tf.range(20), [4, 5])
    return {
        "steps": t[::2, ::3],
        "strided_slice": tf.strided_slice(t, [0, 1], [4, 5], strides=[2, 2]),
        "backwards": tf.strided_slice(t, [-1, 0], [-4, 5], [-1, 2]),
        "masks": tf.strided_slice(t, [1, 0], [2, 1], [1, 1], shrink_axis_mask=1, end_mask=2),
        "new axis": tf.strided_slice(t[0], [0, 1], [0, 3], [1, 1], new_axis_mask=1).shape.as_list(),
    }


def gathering(tf):
    levels = tf.constant([4, 8, 15, 16, 23, 42, 50])
    table = tf.constant([["oak", "acorn"], ["pine", "cone"], ["apple", "pip"]])
    numbers = tf.reshape(tf.range(24), [2, 3, 4])
    return {
        "some": tf.gather(levels, indices=[1, 5, 2]),
        "every other": [tf.gather(levels, tf.range(0, 7, 2)), levels[::2]],
        "strings": tf.gather(list("birch"), [4, 1, 4]),
        "rows": tf.gather(table, [2, 0]),
        "columns": tf.gather(table, [1], axis=1),
        "matrix of indices": tf.gather(levels, [[6, 0], [1, 2]]),
        "axis 1 by matrix": tf.gather(numbers, [[0, 2], [1, 1]], axis=1).shape.as_list(),
        "last axis": tf.gather(numbers, [3, 0], axis=-1),
        "scalar": tf.gather(numbers, 1),
        "long indices": tf.gather(levels, tf.constant([2], tf.int64)),
        "embedding": tf.nn.embedding_lookup(tf.constant([[1.0], [2.0], [3.0]]), [[0, 2]]),
    }


def gathering_by_batch(tf):
    logits = tf.constant([[0.1, 0.7, 0.2], [0.3, 0.3, 0.4]])
    cube = tf.reshape(tf.range(24), [2, 3, 4])
    best = tf.argmax(logits, axis=1)
    return {
        "of the best": tf.gather(logits, best, axis=1, batch_dims=1),
        "several": tf.gather(logits, [[0, 1], [2, 2]], batch_dims=1),
        "cube": tf.gather(cube, [[2], [0]], axis=1, batch_dims=1),
        "last axis": tf.gather(cube, [[3, 0], [1, 1]], axis=2, batch_dims=1),
        "nd": tf.gather_nd(cube, [[[2, 0]], [[0, 1]]], batch_dims=1),
        "by top_k": tf.gather(logits, tf.math.top_k(logits, 2).indices, batch_dims=1),
    }


def gathering_nd(tf):
    pairs = tf.constant([[10, 11], [20, 21], [30, 31], [40, 41]])
    cube = tf.reshape(tf.range(18), [2, 3, 3])
    return {
        "rows": tf.gather_nd(pairs, indices=[[3], [0], [3]]),
        "elements": tf.gather_nd(cube, [[0, 1, 2], [1, 0, 0]]),
        "rows of cube": tf.gather_nd(cube, [[1, 2], [0, 0]]),
        "matrices": tf.gather_nd(cube, indices=[[[0, 1], [1, 1]], [[1, 2], [0, 0]]]),
        "positions of where": tf.gather_nd(pairs, tf.where(pairs > 21)),
    }


def scattering(tf):
    places = tf.constant([[6], [0], [3]])
    values = tf.constant([60, 7, 30])
    return {
        "vector": tf.scatter_nd(indices=places, updates=values, shape=[8]),
        "diagonal": tf.scatter_nd([[0, 0], [1, 1], [2, 2]], [1.0, 2.0, 3.0], [3, 3]),
        "rows": tf.scatter_nd([[0], [2]], [[1, 2], [3, 4]], [4, 2]),
        "same place adds": tf.scatter_nd([[1], [1], [0]], [5, 6, 7], [3]),
        "back again": tf.gather_nd(tf.scatter_nd(places, values, [8]), places),
        "shape tensor": tf.scatter_nd([[0]], [1], tf.constant([2], tf.int32)),
        "long": tf.scatter_nd(tf.constant([[1]], tf.int64), [1.0], tf.constant([2], tf.int64)),
    }


def inserting(tf):
    board = tf.constant([[5, 1], [7, 2], [9, 3]])
    squares = tf.constant([[1, 1], [0, 0]])
    return {
        "add": tf.tensor_scatter_nd_add(board, indices=squares, updates=[100, 200]),
        "sub": tf.tensor_scatter_nd_sub(board, squares, updates=[9, 9]),
        "min": tf.tensor_scatter_nd_min(board, indices=squares, updates=[0, 99]),
        "max": tf.tensor_scatter_nd_max(board, squares, [0, 99]),
        "update": tf.tensor_scatter_nd_update(board, squares, [-1, -2]),
        "update rows": tf.tensor_scatter_nd_update(board, [[1]], [[70, 80]]),
        "the old stays": board,
        "same place": tf.tensor_scatter_nd_add(board, [[0, 0], [0, 0]], [10, 20]),
        "floats": tf.tensor_scatter_nd_add(tf.zeros([4]), [[1], [3]], [0.5, 0.25]),
        "strings": tf.tensor_scatter_nd_update(["a", "b"], [[1]], ["c"]),
    }


def of_images(tf):
    image = tf.reshape(tf.range(48), [4, 4, 3])
    return {
        "crop": image[1:3, 1:3, 0],
        "channels reversed": image[..., ::-1][0, 0],
        "flipped": image[:, ::-1, 1],
        "every second": image[::2, ::2].shape.as_list(),
        "patch": tf.slice(image, [0, 0, 0], [2, 2, 1])[..., 0],
        "erased": tf.tensor_scatter_nd_update(image[..., 0], [[0, 0], [3, 3]], [-1, -1]),
    }


def masks(tf):
    x = tf.constant([[1.0, -2.0, 3.0], [-4.0, 5.0, -6.0]])
    return {
        "negative ones": tf.boolean_mask(x, x < 0),
        "zeroed": tf.where(x < 0, tf.zeros_like(x), x),
        "rows": tf.boolean_mask(x, tf.reduce_sum(x, axis=1) > 0),
        "columns": tf.boolean_mask(x, [True, False, True], axis=1),
        "places": tf.where(x < 0),
        "rebuilt": tf.scatter_nd(tf.where(x < 0), tf.boolean_mask(x, x < 0), [2, 3]),
    }


def blocks_and_windows(tf):
    x = tf.range(10)
    starts = tf.range(0, 8, 2)
    return {
        "windows": tf.stack([x[start : start + 4] for start in range(0, 7, 3)]),
        "by gather": tf.gather(x, starts[:, tf.newaxis] + tf.range(3)[tf.newaxis]),
        "frames": tf.signal.frame(tf.cast(x, tf.float32), 4, 3),
        "patches": tf.image.extract_patches(
            tf.reshape(tf.range(16.0), [1, 4, 4, 1]), [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID"
        ),
    }


def gradients(tf):
    x = tf.Variable(np.arange(12, dtype=np.float32).reshape(3, 4))
    updates = tf.Variable([10.0, 20.0])
    with tf.GradientTape(persistent=True) as tape:
        sliced = tf.reduce_sum(tf.slice(x, [1, 0], [2, 2]) ** 2)
        strided_part = tf.reduce_sum(x[::2, ::-2] ** 3)
        inserted = tf.reduce_sum(tf.tensor_scatter_nd_update(x, [[0, 0], [2, 3]], updates) ** 2)
        added = tf.reduce_sum(tf.tensor_scatter_nd_add(x, [[0, 0], [0, 0]], updates) ** 2)
        scattered = tf.reduce_sum(tf.scatter_nd([[1], [1]], updates, [3]) ** 2)
        batched = tf.reduce_sum(tf.gather(x, [[0], [1], [3]], batch_dims=1) ** 2)
    found = {
        "slice": (sliced, x),
        "steps": (strided_part, x),
        "update by target": (inserted, x),
        "update by updates": (inserted, updates),
        "add by target": (added, x),
        "add by updates": (added, updates),
        "scatter": (scattered, updates),
        "gather by batch": (batched, x),
    }
    return {name: tf.convert_to_tensor(tape.gradient(target, source)) for name, (target, source) in found.items()}


def in_functions(tf):
    @tf.function
    def windows(x, start):
        return x[start : start + 2], tf.slice(x, [start], [2]), tf.gather(x, [start, 0]), x[start]

    @tf.function
    def counts(labels):
        return tf.tensor_scatter_nd_add(tf.zeros([4], tf.int32), labels[:, tf.newaxis], tf.ones_like(labels))

    return {
        "windows": list(windows(tf.range(6), tf.constant(3)))[1:],
        "counts": counts(tf.constant([0, 3, 3, 1])),
    }


def refused(tf):
    t = tf.constant([1, 2, 3])
    return {
        "slice beyond": caught(lambda: tf.slice(t, [1], [5]), tf.errors.InvalidArgumentError),
        "gather beyond": caught(lambda: tf.gather(t, [3]), tf.errors.InvalidArgumentError),
        "gather_nd beyond": caught(lambda: tf.gather_nd(t, [[7]]), tf.errors.InvalidArgumentError),
        "scatter beyond": caught(lambda: tf.scatter_nd([[9]], [1], [3]), tf.errors.InvalidArgumentError),
    }
