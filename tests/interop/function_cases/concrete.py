"""Concrete functions and input signatures."""

from tests.interop.function_cases.library import tf
from tests.interop.function_cases.registry import case
from tests.interop.function_cases.values import Pair


def power_function():
    @tf.function
    def power(a, b=3, *, c="x", d=None):
        return {"r": a**b, "q": [a, None]}

    return power


@case
def signature_of_a_concrete_function():
    concrete = power_function().get_concrete_function(tf.TensorSpec([None], tf.float32), b=2)
    return [str(part) for part in concrete.structured_input_signature]


@case
def printed_signature():
    power = power_function()
    return power.get_concrete_function(tf.TensorSpec([], tf.float32), b=2).pretty_printed_signature()


@case
def printed_signature_with_structures():
    @tf.function
    def f(x, y):
        return x.p + y["k"], x

    return f.get_concrete_function(Pair(tf.constant(1.0), 2), {"k": 3.0}).pretty_printed_signature()


@case
def open_shapes_of_outputs():
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def f(x):
        return x + 1, tf.reduce_sum(x, axis=1), tf.shape(x)

    return [str(output.shape) for output in f.get_concrete_function().structured_outputs]


@case
def calls_of_a_concrete_function():
    concrete = power_function().get_concrete_function(tf.TensorSpec(None, tf.float32), b=2)
    return concrete(tf.constant(10.0)), concrete(a=tf.constant(2.0)), concrete(tf.constant([1.0, 2.0]))


@case
def concrete_functions_check_dtypes():
    concrete = power_function().get_concrete_function(tf.TensorSpec(None, tf.float32), b=2)
    return concrete(tf.constant(1))


@case
def concrete_functions_check_keywords():
    concrete = power_function().get_concrete_function(tf.TensorSpec(None, tf.float32), b=2)
    return concrete(tf.constant(1.0), z=1)


@case
def concrete_functions_are_shared():
    f = tf.function(lambda x: x + 1)
    f.get_concrete_function(tf.TensorSpec([None, 2]))
    counts = [f.experimental_get_tracing_count()]
    f(tf.ones([3, 2]))
    counts.append(f.experimental_get_tracing_count())
    f(tf.ones([3, 3]))
    return [*counts, f.experimental_get_tracing_count()]


@case
def variables_of_a_concrete_function():
    v, w = tf.Variable(1.0), tf.Variable(2, trainable=False)

    @tf.function
    def f(x):
        w.assign_add(1)
        return v * x

    concrete = f.get_concrete_function(tf.TensorSpec([], tf.float32))
    return len(concrete.variables), len(concrete.trainable_variables), concrete(tf.constant(3.0)), w.value()


@case
def calls_with_a_signature():
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32), tf.TensorSpec([], tf.int32)])
    def f(x, y=5):
        return x * tf.cast(y, tf.float32)

    return f([1.0, 2.0], 3), f([1.0, 2.0]), f(y=3, x=[1.0])


@case
def signatures_refuse_texts():
    return tf.function(lambda x: x, input_signature=[tf.TensorSpec([1], tf.float32)])(["a"])


@case
def signatures_may_not_be_longer():
    return tf.function(lambda x: x, input_signature=[tf.TensorSpec([1])] * 2)(1)


@case
def nested_signatures():
    spec = {"a": tf.TensorSpec([None]), "b": [tf.TensorSpec([], tf.int32)]}

    @tf.function(input_signature=[spec])
    def f(x):
        return x["a"] * tf.cast(x["b"][0], tf.float32)

    return f({"a": tf.constant([1.0]), "b": [tf.constant(2)]}), f({"a": [1.0, 2.0], "b": [3]})
