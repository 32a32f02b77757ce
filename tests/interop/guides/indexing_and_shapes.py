"""Indexing and shapes: parts of a tensor, and the same elements in another arrangement."""

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(single_axis, several_axes, by_tensors, assembling, shapes, shape_arithmetic, reshaping, transposing),
        *(joining, splitting, padding_and_repeating, ordering, choosing, grouping, shapes_in_functions),
    )


def single_axis(tf):
    primes = tf.constant([2, 3, 5, 7, 11, 13, 17, 19, 23])
    return {
        "first": primes[0],
        "last": primes[-1],
        "everything": primes[:],
        "before 4": primes[:4],
        "from 6": primes[6:],
        "between": primes[3:5],
        "every third": primes[::3],
        "reversed": primes[::-1],
        "reversed by two": primes[7:1:-2],
        "beyond the end": primes[7:99],
        "nothing": primes[5:5],
        "negative bounds": primes[-4:-1],
        "scalar keeps dtype": primes[3].dtype.name,
    }


def several_axes(tf):
    cube = tf.reshape(tf.range(24), [2, 3, 4])
    return {
        "element": cube[1, 2, 3],
        "row": cube[1, 2],
        "column": cube[:, :, 1],
        "corner": cube[0, :2, -2:],
        "ellipsis last": cube[..., 0],
        "ellipsis first": cube[1, ...],
        "ellipsis between": cube[0, ..., ::2],
        "new axis first": cube[tf.newaxis].shape.as_list(),
        "new axis last": cube[..., tf.newaxis].shape.as_list(),
        "new axis between": cube[:, tf.newaxis, 0].shape.as_list(),
        "None is a new axis": cube[None, 0, None].shape.as_list(),
        "steps in all": cube[::-1, ::2, 3:0:-1],
        "kept axis": cube[:, 1:2, :].shape.as_list(),
        "too many": caught(lambda: cube[0, 0, 0, 0], tf.errors.InvalidArgumentError, IndexError),
        "slice object": cube[slice(0, 1), slice(None), slice(1, 3)],
        "chained": cube[1][2][3],
    }


def by_tensors(tf):
    table = tf.reshape(tf.range(12), [3, 4])
    where = tf.constant(1)
    return {
        "tensor index": table[where],
        "tensor bounds": table[where : where + 2, :where],
        "numpy index": table[np.int64(2), np.int32(0)],
        "tensor step": tf.range(10)[:: tf.constant(3)],
        "gather rows": tf.gather(table, [2, 0, 2]),
        "gather columns": tf.gather(table, [3, 1], axis=1),
        "boolean mask": tf.boolean_mask(table, [True, False, True]),
        "boolean mask of elements": tf.boolean_mask(table, table % 2 == 0),
        "mask as index": table[table > 8],
    }


def assembling(tf):
    table = tf.reshape(tf.range(9.0), [3, 3])
    rows = [table[i] * tf.cast(i + 1, tf.float32) for i in range(3)]
    return {
        "stacked": tf.stack(rows),
        "stacked on axis 1": tf.stack(rows, axis=1),
        "diagonal": tf.linalg.diag_part(table),
        "trace": tf.linalg.trace(table),
        "triangles": [tf.linalg.band_part(table, -1, 0), tf.linalg.band_part(table, 0, 1)],
        "border": tf.concat([table[0], table[1:, -1]], axis=0),
        "blocks": tf.concat([tf.concat([table, table], 1), tf.concat([table, table], 1)], 0),
    }


def shapes(tf):
    shape = tf.TensorShape([None, 3, 50])
    return {
        "list": shape.as_list(),
        "rank": shape.rank,
        "ndims": shape.ndims,
        "len": len(shape),
        "index": [shape[0], shape[1], shape[-1]],
        "part": shape[1:].as_list(),
        "defined": [shape.is_fully_defined(), tf.TensorShape([2]).is_fully_defined()],
        "number of elements": [tf.TensorShape([2, 3]).num_elements(), shape.num_elements()],
        "unknown rank": [tf.TensorShape(None).rank, str(tf.TensorShape(None))],
        "text": [str(shape), repr(tf.TensorShape([2, 3])), str(tf.TensorShape([]))],
        "equal": [shape == tf.TensorShape([None, 3, 50]), tf.ones([2, 3]).shape == (2, 3), tf.ones([2]).shape == [3]],
        "tuple": tuple(tf.ones([4, 5]).shape),
        "iterated": list(shape),
        "hashed": len({tf.TensorShape([1, 2]), tf.TensorShape([1, 2]), tf.TensorShape([2, 1])}),
        "true": [bool(tf.TensorShape(None)), bool(tf.TensorShape([1]))],
        "no list of unknown rank": caught(lambda: tf.TensorShape(None).as_list(), ValueError),
    }


def shape_arithmetic(tf):
    shape = tf.TensorShape([None, 3])
    return {
        "compatible": [
            shape.is_compatible_with([7, 3]),
            shape.is_compatible_with([7, 4]),
            shape.is_compatible_with(None),
        ],
        "merged": shape.merge_with([5, None]).as_list(),
        "merge that fails": caught(lambda: shape.merge_with([5, 4]), ValueError),
        "joined": shape.concatenate([2, 2]).as_list(),
        "added": (tf.TensorShape([1]) + tf.TensorShape([2, 3])).as_list(),
        "with rank": shape.with_rank(2).as_list(),
        "wrong rank": caught(lambda: shape.with_rank(3), ValueError),
        "asserted": caught(lambda: tf.ones([2, 3]).shape.assert_has_rank(3), ValueError),
        "static broadcast": tf.broadcast_static_shape(tf.TensorShape([3, 1]), tf.TensorShape([1, 4])).as_list(),
        "dynamic broadcast": tf.broadcast_dynamic_shape([3, 1], [1, 4]),
    }


def reshaping(tf):
    cube = tf.reshape(tf.range(24), [2, 3, 4])
    return {
        "flat": tf.reshape(cube, [-1]),
        "inferred axis": tf.reshape(cube, [6, -1]).shape.as_list(),
        "tuple": tf.reshape(cube, (4, 6)).shape.as_list(),
        "by shape tensor": tf.reshape(cube, tf.stack([tf.shape(cube)[0], -1])).shape.as_list(),
        "expand": [tf.expand_dims(cube, axis).shape.as_list() for axis in (0, 2, -1)],
        "squeeze": tf.squeeze(tf.ones([1, 2, 1, 3])).shape.as_list(),
        "squeeze one": tf.squeeze(tf.ones([1, 2, 1, 3]), axis=[0]).shape.as_list(),
        "squeeze refuses": caught(lambda: tf.squeeze(cube, axis=0), tf.errors.InvalidArgumentError, ValueError),
        "two unknowns": caught(lambda: tf.reshape(cube, [-1, -1]), tf.errors.InvalidArgumentError, ValueError),
        "scalar": tf.reshape([[5]], []),
        "flatten of scalar": tf.reshape(7, [-1]),
        "ensured": caught(lambda: tf.ensure_shape(cube, [2, 3, 5]), tf.errors.InvalidArgumentError, ValueError),
        "ensured well": tf.ensure_shape(cube, [None, 3, 4]).shape.as_list(),
    }


def transposing(tf):
    cube = tf.reshape(tf.range(24), [2, 3, 4])
    image = tf.reshape(tf.range(8), [2, 2, 2, 1])
    return {
        "all axes": tf.transpose(cube).shape.as_list(),
        "matrix": tf.transpose(cube[0]),
        "by permutation": tf.transpose(cube, perm=[1, 0, 2]),
        "of each matrix": tf.linalg.matrix_transpose(cube).shape.as_list(),
        "conjugated": tf.transpose([[1 + 1j, 2], [3, 4 - 2j]], conjugate=True),
        "reverse": tf.reverse(cube, axis=[0, 2]),
        "roll": tf.roll(tf.range(5), shift=2, axis=0),
        "roll of two": tf.roll(cube[0], shift=[1, -1], axis=[0, 1]),
        "reverse sequence": tf.reverse_sequence(cube[0], [2, 4, 1], seq_axis=1, batch_axis=0),
        "space to depth": tf.nn.space_to_depth(image, 2),
        "depth to space": tf.nn.depth_to_space(tf.reshape(tf.range(8), [1, 1, 2, 4]), 2),
        "space to batch": tf.space_to_batch(image, [2, 2], [[0, 0], [0, 0]]),
    }


def joining(tf):
    a, b = tf.constant([[1, 2], [3, 4]]), tf.constant([[5, 6], [7, 8]])
    return {
        "rows": tf.concat([a, b], axis=0),
        "columns": tf.concat([a, b, a], -1),
        "of one": tf.concat([a], 0),
        "lists": tf.concat([[1, 2], [3]], 0),
        "with empty": tf.concat([a, tf.zeros([0, 2], tf.int32)], 0),
        "mismatch": caught(lambda: tf.concat([a, [[1, 2, 3]]], 0), tf.errors.InvalidArgumentError),
        "stack": tf.stack([a, b]).shape.as_list(),
        "stack of scalars": tf.stack([1.0, 2.0, 3.0]),
        "meshgrid": list(tf.meshgrid([1, 2, 3], [4, 5])),
        "meshgrid by matrix order": list(tf.meshgrid([1, 2, 3], [4, 5], indexing="ij")),
        "dynamic stitch": tf.dynamic_stitch([[0, 2], [1]], [[10, 30], [20]]),
    }


def splitting(tf):
    table = tf.reshape(tf.range(12), [2, 6])
    left, middle, right = tf.split(table, 3, axis=1)
    return {
        "equal parts": [left, middle, right],
        "by sizes": tf.split(table, [1, 2, 3], axis=1),
        "inferred size": [part.shape.as_list() for part in tf.split(table, [1, -1], axis=1)],
        "uneven": caught(lambda: tf.split(table, 4, axis=1), tf.errors.InvalidArgumentError, ValueError),
        "unstacked": tf.unstack(table, axis=0),
        "unstacked columns": [column.shape.as_list() for column in tf.unstack(table, axis=1)],
        "dynamic partition": tf.dynamic_partition(tf.range(6), [0, 1, 0, 2, 1, 0], 3),
    }


def padding_and_repeating(tf):
    table = tf.constant([[1, 2, 3], [4, 5, 6]])
    return {
        "zeros": tf.pad(table, [[1, 0], [2, 1]]),
        "constant": tf.pad(table, [[0, 1], [0, 1]], constant_values=9),
        "reflect": tf.pad(table, [[1, 1], [2, 2]], "REFLECT"),
        "symmetric": tf.pad(table, [[1, 1], [2, 2]], mode="SYMMETRIC"),
        "tile": tf.tile(table, [2, 2]),
        "tile of vector": tf.tile([1, 2], tf.constant([3])),
        "repeat": tf.repeat([1, 2, 3], 2),
        "repeat by counts": tf.repeat(table, [1, 3], axis=0),
        "broadcast to": tf.broadcast_to([1, 2, 3], [2, 3]),
        "sequence mask": tf.sequence_mask([1, 3, 0], 4),
    }


def ordering(tf):
    values = tf.constant([[3.0, 1.0, 2.0], [9.0, 7.0, 8.0]])
    best = tf.math.top_k(values, k=2)
    return {
        "sort": tf.sort(values),
        "sort down": tf.sort(values, axis=0, direction="DESCENDING"),
        "argsort": tf.argsort(values),
        "argsort down": tf.argsort([5, 1, 5, 2], direction="DESCENDING", stable=True),
        "top values": best.values,
        "top indices": best.indices,
        "in top": tf.math.in_top_k([0, 1], values, 1),
        "search": tf.searchsorted([1, 3, 5, 7], [0, 3, 8]),
        "search right": tf.searchsorted([1, 3, 5, 7], [0, 3, 8], side="right"),
        "inverse permutation": tf.math.invert_permutation([2, 0, 1]),
        "bucketize": tf.histogram_fixed_width([0.1, 0.9, 0.4, 5.0], [0.0, 1.0], nbins=4),
    }


def choosing(tf):
    x = tf.constant([[-1.0, 2.0], [3.0, -4.0]])
    return {
        "where": tf.where(x > 0, x, 0.0),
        "where of tensors": tf.where([True, False], [1, 2], [30, 40]),
        "where broadcast": tf.where([[True], [False]], x, -x),
        "where positions": tf.where(x > 0),
        "where positions of a vector": tf.where([False, True, True]),
        "unique": list(tf.unique([4, 4, 1, 7, 1])),
        "unique with counts": list(tf.unique_with_counts(["a", "b", "a"])),
        "set difference": list(tf.sets.difference([[1, 2, 3]], [[2]]).values),
        "nonzero": tf.math.count_nonzero(x > 0),
        "bincount": tf.math.bincount([1, 1, 3, 0], minlength=5),
        "confusion": tf.math.confusion_matrix([0, 1, 2, 2], [0, 2, 2, 2]),
    }


def grouping(tf):
    data, groups = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), tf.constant([0, 0, 2])
    return {
        "segment sum": tf.math.segment_sum(data, groups),
        "segment mean": tf.math.segment_mean(data, groups),
        "segment max": tf.math.segment_max(data, [0, 1, 1]),
        "segment min": tf.math.segment_min(data, [0, 1, 1]),
        "segment prod": tf.math.segment_prod(data, [0, 1, 1]),
        "unsorted sum": tf.math.unsorted_segment_sum(data, [2, 0, 2], num_segments=3),
        "unsorted mean": tf.math.unsorted_segment_mean(data, [1, 0, 1], 2),
        "unsorted max": tf.math.unsorted_segment_max(data, [1, 0, 1], 2),
        "negative groups are dropped": tf.math.unsorted_segment_sum(data, [-1, 0, 0], 1),
    }


def shapes_in_functions(tf):
    seen = []

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def double_rows(x):
        seen.append(x.shape.as_list())
        flat = tf.reshape(x, [-1, 1])
        return tf.concat([x, x], 0), tf.shape(x), tf.reshape(flat, [tf.shape(x)[0], 2]) + 1.0

    return {
        "three rows": list(double_rows(tf.ones([3, 2]))),
        "five rows": list(double_rows(tf.ones([5, 2])))[1],
        "static shape": seen[0],
    }
