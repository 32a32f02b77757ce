"""When functions are traced, what they give back and what they refuse."""

import numpy as np

from tests.interop.function_cases.library import tf
from tests.interop.function_cases.registry import case
from tests.interop.function_cases.values import Equal, Pair, Thing


def counts(calls, **options):
    """Return how often a function was traced after each call."""
    kept = []

    @tf.function(**options)
    def f(*args):
        kept.append(args)
        return tf.constant(1)

    seen = []
    for args in calls:
        args = args if isinstance(args, tuple) else (args,)
        try:
            f(*args)
            seen.append(f.experimental_get_tracing_count())
        except Exception as error:  # the class is the answer
            seen.append(type(error).__name__)
    return seen


@case
def traces_for_numbers():
    return counts([1, 2, 1, 1.0, True, 2])


@case
def traces_for_numpy():
    return counts([np.float32(1), np.float64(1), np.ones(2, np.float32), np.ones(3, np.float32), np.float32(3)])


@case
def traces_for_tensors():
    return counts([tf.constant(1), tf.constant(2), tf.constant([1]), tf.constant([1, 2]), tf.constant(1.0)])


@case
def traces_for_variables():
    a, b, c = tf.Variable(1.0), tf.Variable(2.0), tf.Variable([1.0])
    return counts([a, b, a, c])


@case
def traces_for_two_variables():
    a, b = tf.Variable(1.0), tf.Variable(2.0)
    return counts([(a, b), (a, a), (b, b), (b, a)])


@case
def traces_for_containers():
    return counts([[1, 2], ((1, 2),), [1, 2], [1, 3], {"a": 1}, {"a": 2}, {"a": 1}, Pair(1, 2), Pair(1, 2)])


@case
def traces_for_texts():
    return counts(["a", "b", "a", b"a", None, None])


@case
def traces_for_objects():
    a, b = Thing(), Thing()
    return counts([a, a, b, a])


@case
def traces_for_equal_objects():
    a, b, c = Equal(1), Equal(1), Equal(2)
    return counts([a, b, c, a])


@case
def traces_for_functions():
    return counts([len, len, max])


@case
def traces_with_reduced_retracing():
    shapes = [[1], [2], [3], [4, 1], [4, 2], [5, 5], [2, 2, 2]]
    return counts([tf.ones(shape) for shape in shapes], reduce_retracing=True)


@case
def traces_with_a_signature():
    values = [tf.ones([1]), tf.ones([2]), tf.ones([4, 1]), [1.0, 2.0], np.ones(4), tf.ones([2], tf.int32)]
    return counts(values, input_signature=[tf.TensorSpec([None])])


@case
def keywords_and_defaults_are_one_signature():
    @tf.function
    def f(x, y=2, *, z=3):
        return x + y + z

    found = [f(1), f(1, 2), f(1, y=2), f(x=1, z=3), f(1, z=4)]
    return found, f.experimental_get_tracing_count()


@case
def side_effects_happen_while_tracing():
    log = []

    @tf.function
    def f(x):
        log.append("traced")
        return x + 1

    log.append(f(1.0))
    log.append(f(tf.constant(1.0)))
    log.append(f(tf.constant(2.0)))
    return log


@case
def inner_functions_are_traced_once():
    log = []

    @tf.function
    def inner(x):
        log.append("inner")
        return x + 1

    @tf.function
    def outer(x):
        log.append("outer")
        return inner(inner(x)) + inner(x)

    return outer(tf.constant(1)), outer(tf.constant(2)), inner(tf.constant(5)), log


@case
def recursion_on_numbers():
    @tf.function
    def down(n):
        if n > 0:
            return down(n - 1) + 1
        return 0

    return down(5)


@case
def what_comes_back():
    @tf.function
    def f(x):
        pair = Pair(x, 2)
        return "abc", b"x", 1, 2.5, True, None, np.ones(2), [x], {"x": (x,)}, pair, tf.TensorShape([1])

    found = f(1)
    return found, type(found).__name__, type(found[9]).__name__


@case
def what_cannot_come_back():
    return tf.function(lambda: object())()


@case
def tensors_that_leak():
    kept = []

    @tf.function
    def f(x):
        kept.append(x + 1)
        return x

    f(tf.constant(1.0))
    return kept[0] + 1


@case
def tensors_that_leak_into_a_function():
    kept = []

    @tf.function
    def f(x):
        kept.append(x + 1)
        return x

    f(tf.constant(1.0))
    return tf.function(lambda: kept[0] + 1)()


@case
def errors_keep_their_class():
    @tf.function
    def f(x):
        raise KeyError("mine")

    return f(1)


@case
def too_many_arguments():
    return tf.function(lambda x: x)(1, 2)


@case
def eager_inside_init_scope():
    @tf.function
    def f():
        inside = tf.executing_eagerly(), tf.inside_function()
        with tf.init_scope():
            return [*inside, tf.executing_eagerly(), tf.inside_function()]

    return f(), tf.executing_eagerly(), tf.inside_function()


@case
def what_is_symbolic():
    return tf.function(lambda x: tf.is_symbolic_tensor(x))(tf.constant(1.0)), tf.is_symbolic_tensor(tf.constant(1))


@case
def symbols_have_no_truth():
    return tf.function(lambda x: bool(x), autograph=False)(tf.constant(True))


@case
def symbols_have_no_array():
    return tf.function(lambda x: np.sin(x), autograph=False)(tf.constant(1.0))


@case
def methods_are_bound_to_their_object():
    class Scaled(tf.Module):
        def __init__(self, by):
            super().__init__()
            self.by = tf.Variable(by)

        @tf.function
        def __call__(self, x):
            return self.by * x

    a, b = Scaled(2.0), Scaled(3.0)
    return a(1.0), b(1.0), a(2.0), a.__call__ is a.__call__, Scaled.__call__ is Scaled.__call__
