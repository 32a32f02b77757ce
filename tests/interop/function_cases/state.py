"""Variables in functions."""

import gc
import weakref

from tests.interop.function_cases.library import tf
from tests.interop.function_cases.registry import case


@case
def variables_created_on_the_first_call():
    class Lazy(tf.Module):
        def __init__(self):
            super().__init__()
            self.v = None
            self.runs = 0

        @tf.function
        def __call__(self, x):
            self.runs += 1
            if self.v is None:
                self.v = tf.Variable(tf.ones([3]) * x)
            return self.v * x

    lazy = Lazy()
    found = lazy(tf.constant(2.0))
    return found, lazy.runs, lazy.v, lazy(tf.constant(3.0)), lazy.runs


@case
def variables_created_each_time():
    return tf.function(lambda x: tf.Variable(1.0) + x)(1.0)


@case
def variables_created_late():
    kept = []

    @tf.function
    def f(x, create):
        if create and not kept:
            kept.append(tf.Variable(1.0))
        return x

    f(1.0, False)
    return f(1.0, True)


@case
def assignments_in_order():
    v = tf.Variable(1.0)
    log = []

    @tf.function
    def f(x):
        a = v + x
        v.assign(a * 2)
        b = v + x
        v.assign_sub(b)
        return a, b, v.value()

    log.append(f(1.0))
    log.append(f(1.0))
    return log, v.value()


@case
def variables_as_arguments():
    a, b = tf.Variable(3.0), tf.Variable(5.0)

    @tf.function
    def f(v, x):
        v.assign_add(x)
        return v * x

    return f(a, 2.0), f(b, 2.0), a.value(), b.value(), f.experimental_get_tracing_count()


@case
def one_variable_twice():
    v = tf.Variable(1.0)

    @tf.function
    def f(a, b):
        a.assign(10.0)
        return a + b

    return f(v, v), v.value()


@case
def inner_functions_share_state():
    v = tf.Variable(1.0)

    @tf.function
    def inner():
        v.assign_add(1.0)
        return v * 10.0

    @tf.function
    def outer():
        v.assign(5.0)
        a = inner()
        v.assign_add(100.0)
        return a, inner(), v.value()

    return outer(), v.value(), inner()


@case
def shapes_of_variables_that_change():
    v = tf.Variable([1.0], shape=tf.TensorShape([None]))
    f = tf.function(lambda: v * 2.0)
    found = [f()]
    v.assign([1.0, 2.0, 3.0])
    return [*found, f(), f.experimental_get_tracing_count()]


@case
def deleted_objects_are_not_kept():
    class Holder(tf.Module):
        def __init__(self):
            super().__init__()
            self.v = tf.Variable(2.0)

        @tf.function
        def f(self, x):
            return self.v * x

    holder = Holder()
    holder.f(1.0)
    reference = weakref.ref(holder)
    del holder
    gc.collect()
    return reference() is None


@case
def state_in_branches_and_loops():
    v, w = tf.Variable(1.0), tf.Variable(0)

    @tf.function
    def f(x):
        if x > 0:
            v.assign_add(x)
        else:
            w.assign_add(1)
        for i in tf.range(3):
            v.assign(v * 2.0)
            w.assign_add(i)
        while v > 10.0:
            v.assign(v / 2.0)
        return v + x

    return [f(tf.constant(x)) for x in (1.0, -1.0, 30.0)], v.value(), w.value()
