"""Choices, loops, maps and arrays of tensors; each case runs eagerly and traced."""

from tests.interop.function_cases.library import tf
from tests.interop.function_cases.registry import both

c = tf.constant


@both
def cond_of_structures():
    return tf.cond(c(True), lambda: {"a": 1, "b": [c(2.0), None]}, lambda: {"a": 3, "b": [c(4.0), None]})


@both
def case_takes_the_first():
    x = c(5)
    return tf.case([(x > 7, lambda: c(1)), (x > 3, lambda: c(2))], default=lambda: c(3))


@both
def case_falls_back():
    return tf.case([(c(1) > 7, lambda: c(1))], default=lambda: c(3))


@both
def switch_case_by_number():
    functions = [lambda: c(10), lambda: c(20), lambda: c(30)]
    return [tf.switch_case(c(n), functions) for n in (0, 1, 2, 7, -1)]


@both
def switch_case_by_key():
    functions = {1: lambda: c(10), 0: lambda: c(20)}
    return [tf.switch_case(c(n), functions, default=lambda: c(0)) for n in (0, 1, 4)]


@both
def while_with_structures():
    return tf.while_loop(
        lambda i, s: i < 4, lambda i, s: (i + 1, {"x": s["x"] + i, "y": s["y"] * 2.0}), (c(0), {"x": 0, "y": 1.0})
    )


@both
def while_with_a_limit():
    return tf.while_loop(lambda i: True, lambda i: [i + 1], [c(0)], maximum_iterations=5)


@both
def while_that_never_runs():
    return tf.while_loop(lambda i: i > 5, lambda i: [i + 1], [c(0)])


@both
def while_that_changes_a_dtype():
    return tf.while_loop(lambda i, x: i < 2, lambda i, x: (i + 1, tf.cast(x, tf.float32)), (c(0), c(1)))[0]


@both
def while_that_grows():
    def body(i, x):
        return i + 1, tf.concat([x, [i]], 0)

    shapes = (tf.TensorShape([]), tf.TensorShape([None]))
    return tf.while_loop(lambda i, x: i < 3, body, (c(0), c([7])), shape_invariants=shapes)


@both
def map_of_one():
    return tf.map_fn(lambda x: x * x, c([1, 2, 3]))


@both
def map_of_two():
    return tf.map_fn(lambda x: (x[0] + x[1], x[0] - x[1]), (c([1.0, 2.0]), c([3.0, 4.0])))


@both
def map_to_another_dtype():
    return tf.map_fn(lambda x: tf.cast(x, tf.float32) / 2, c([1, 2, 3]), fn_output_signature=tf.float32)


@both
def map_to_a_structure():
    signature = {"a": tf.int32, "b": tf.int32}
    return tf.map_fn(lambda x: {"a": x, "b": 2 * x}, c([1, 2]), fn_output_signature=signature)


@both
def map_to_a_spec():
    return tf.map_fn(lambda x: 1, c([1.0, 2.0]), fn_output_signature=tf.TensorSpec([], tf.int32))


@both
def map_of_nothing():
    return tf.shape(tf.map_fn(lambda x: x * 2, tf.zeros([0, 3])))[0]


@both
def map_with_an_unstated_dtype():
    return tf.map_fn(lambda x: tf.cast(x, tf.float32) / 2, c([1, 2, 3]))


@both
def map_of_a_scalar():
    return tf.map_fn(lambda x: x, c(1.0))


@both
def map_of_different_lengths():
    return tf.map_fn(lambda x: x[0], (c([1.0]), c([1.0, 2.0])))


@both
def scans():
    add = lambda a, x: a + x  # noqa: E731  # AutoGraph reads lambdas too
    x = c([1, 2, 3])
    pair = tf.scan(lambda a, _: (a[1], a[0] + a[1]), tf.zeros([5]), initializer=(c(0), c(1)))
    return tf.scan(add, x), tf.scan(add, x, initializer=10), tf.scan(add, x, reverse=True), pair


@both
def folds():
    take = lambda a, x: a - x  # noqa: E731  # AutoGraph reads lambdas too
    x = c([1, 2, 3])
    two = tf.foldl(lambda a, x: a + x[0] * x[1], (c([1, 2]), c([3, 4])), initializer=c(0))
    return tf.foldl(take, x), tf.foldr(take, x), tf.foldl(take, x, initializer=10), two


@both
def vectorized():
    one = tf.vectorized_map(lambda x: tf.reduce_sum(x) * 2, c([[1.0, 2.0], [3.0, 4.0]]))
    wide = tf.vectorized_map(lambda x: x[0] + x[1], (c([1.0, 2.0]), c([3.0])))
    return one, wide, tf.vectorized_map(lambda x: {"q": x}, c([1.0])), tf.vectorized_map(lambda x: 1, c([1.0, 2.0]))


@both
def array_written_and_stacked():
    array = tf.TensorArray(tf.float32, size=3)
    for i in range(3):
        array = array.write(i, c(float(i)))
    return array.stack(), array.size(), array.gather([2, 0])


@both
def array_that_grows():
    array = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in range(4):
        array = array.write(i, [float(i)])
    return array.stack(), array.concat(), array.size()


@both
def array_of_rows():
    array = tf.TensorArray(tf.int32, size=3).unstack(c([[1, 2], [3, 4], [5, 6]]))
    return array.read(1), array.read(0)


@both
def array_written_partly():
    return tf.TensorArray(tf.int32, size=2).write(0, [1, 2]).stack()


@both
def array_with_element_shape():
    array = tf.TensorArray(tf.int32, size=2, element_shape=[2])
    return array.stack()


@both
def array_split():
    array = tf.TensorArray(tf.int32, size=3, infer_shape=False).split(c([1, 2, 3, 4, 5, 6]), [1, 2, 3])
    return array.read(0), array.read(2)


@both
def array_scattered():
    return tf.TensorArray(tf.int32, size=3).scatter([0, 2], c([10, 20])).write(1, 5).stack()


@both
def array_in_a_for():
    array = tf.TensorArray(tf.float32, size=4)
    for i in tf.range(4):
        array = array.write(i, tf.cast(i, tf.float32) * 2.0)
    return array.stack()


@both
def array_that_grows_in_a_for():
    array = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in tf.range(4):
        array = array.write(i, tf.cast(i, tf.float32) * 2.0)
    return array.stack()


@both
def array_in_a_while():
    i, array = tf.while_loop(
        lambda i, _: i < 3, lambda i, array: (i + 1, array.write(i, [i, i])), (0, tf.TensorArray(tf.int32, 3))
    )
    return array.stack(), i


@both
def array_in_a_branch():
    array = tf.TensorArray(tf.int32, 3)
    for i in tf.range(3):
        if i % 2 == 0:
            array = array.write(i, i * 10)
    return array.stack()


@both
def array_of_different_lengths():
    array = tf.TensorArray(tf.float32, 0, dynamic_size=True, infer_shape=False)
    for i in range(3):
        array = array.write(i, tf.ones([i + 1]))
    return array.concat()


@both
def array_with_another_shape():
    return tf.TensorArray(tf.int32, size=2).write(0, [1, 2]).write(1, [1, 2, 3]).stack()
