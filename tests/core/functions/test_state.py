"""Variables in functions: created once, read and assigned in order, held weakly."""

from __future__ import annotations

import gc

import pytest

import tenon as tf

keras = tf.keras


class Lazy(tf.Module):
    """Creates its variable on the first call."""

    def __init__(self, make):
        super().__init__()
        self.make = make
        self.v = None
        self.runs = 0

    @tf.function
    def __call__(self, x):
        self.runs += 1
        if self.v is None:
            self.v = tf.Variable(self.make(x))
        return self.v + x


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (lambda x: 10.0, 10.0),
        (lambda x: x * 2.0, 6.0),
        (lambda x: lambda: tf.ones([]) * 4.0, 4.0),
    ],
)
def test_a_variable_is_created_on_the_first_call_and_the_function_traced_twice(make, value):
    lazy = Lazy(make)
    assert float(lazy(tf.constant(3.0))) == value + 3.0
    assert lazy.runs == 2
    assert float(lazy.v) == value
    assert float(lazy(tf.constant(100.0))) == value + 100.0
    assert lazy.runs == 2


def test_an_initial_value_may_depend_on_other_variables_but_not_on_an_argument_without_value():
    scale = tf.Variable(5.0)
    lazy = Lazy(lambda x: scale * 2.0)
    lazy.__call__.get_concrete_function(tf.TensorSpec([], tf.float32))
    assert float(lazy.v) == 10.0


def test_a_variable_created_each_time_is_refused():
    f = tf.function(lambda x: tf.Variable(1.0) + x)
    with pytest.raises(ValueError, match=r"only supports singleton tf\.Variables created"):
        f(1.0)


def test_a_variable_created_on_a_later_call_is_refused():
    kept = []

    @tf.function
    def f(x, create):
        if create and not kept:
            kept.append(tf.Variable(1.0))
        return x

    f(1.0, False)
    with pytest.raises(ValueError, match="created on the first call"):
        f(1.0, True)


def test_a_variable_may_always_be_created_outside_of_the_trace():
    kept = []

    @tf.function
    def f(x):
        with tf.init_scope():
            if not kept:
                kept.append(tf.Variable(7.0))
        return kept[0] + x

    assert float(f(1.0)) == 8.0
    assert f.experimental_get_tracing_count() == 1


def test_a_created_variable_may_be_assigned_at_once():
    class Counter(tf.Module):
        def __init__(self):
            super().__init__()
            self.v = None

        @tf.function
        def __call__(self):
            if self.v is None:
                self.v = tf.Variable(10)
            self.v.assign_add(1)
            return self.v.value()

    counter = Counter()
    assert [int(counter()) for _ in range(3)] == [11, 12, 13]


def test_a_variable_that_is_gone_is_named():
    holder = [tf.Variable(1.0, name="gone")]
    f = tf.function(lambda x: holder[0] * x)
    f(1.0)
    holder.clear()
    gc.collect()
    with pytest.raises(tf.errors.FailedPreconditionError, match="Could not find variable gone:0"):
        f(1.0)


def test_variables_as_arguments_are_one_signature():
    @tf.function
    def f(v, x):
        v.assign_add(x)
        return v * 2.0

    a, b = tf.Variable(1.0), tf.Variable(10.0)
    assert [float(f(a, 1.0)), float(f(b, 1.0)), float(f(a, 1.0))] == [4.0, 22.0, 6.0]
    assert (float(a), float(b)) == (3.0, 11.0)
    assert f.experimental_get_tracing_count() == 1


def test_gradients_flow_to_variables_that_are_arguments():
    f = tf.function(lambda v, x: v * x * x)
    v = tf.Variable(3.0)
    f(tf.Variable(1.0), 2.0)
    with tf.GradientTape() as tape:
        y = f(v, 2.0)
    assert float(tape.gradient(y, v)) == 4.0


def test_a_variable_that_is_an_argument_is_itself_while_the_function_is_traced():
    seen = []

    @tf.function
    def f(v, x):
        seen.append(v)
        v.assign_add(tf.reduce_sum(x))

    first, second = tf.Variable(1.0), tf.Variable(10.0)
    f(first, [1.0])
    f(second, [1.0])
    f(first, [1.0, 1.0])
    assert [float(first), float(second)] == [4.0, 11.0]
    assert all(v is first for v in seen)
    assert len(seen) == 2


def test_an_optimizer_is_built_for_a_variable_that_is_an_argument():
    optimizer = keras.optimizers.SGD(0.5, momentum=0.5)

    @tf.function
    def step(v, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(v * x)
        optimizer.apply_gradients(zip(tape.gradient(loss, [v]), [v], strict=True))

    v = tf.Variable(3.0)
    for x in ([1.0], [1.0], [1.0, 1.0]):  # the last one is traced anew
        step(v, x)
    assert float(v) == 3.0 - 0.5 - 0.75 - 1.375
    optimizer.apply_gradients([(tf.constant(0.0), v)])  # and outside of the function the variable is known too
    assert float(v) == 0.375 - 0.6875


def test_shapes_that_change_are_traced_again_without_being_counted():
    v = tf.Variable([1.0], shape=tf.TensorShape([None]))
    f = tf.function(lambda: v * 2.0)
    found = []
    for value in ([1.0], [1.0, 2.0], [3.0]):
        v.assign(value)
        found.append(f().numpy().tolist())
    assert found == [[2.0], [2.0, 4.0], [6.0]]
    assert f.experimental_get_tracing_count() == 1


def test_a_function_may_give_a_variable_another_shape():
    v = tf.Variable([1.0], shape=tf.TensorShape([None]))

    @tf.function
    def grow():
        v.assign(tf.concat([v, v], 0))
        return tf.size(v)

    assert [int(grow()) for _ in range(3)] == [2, 4, 8]


def test_layers_of_keras_create_their_weights_inside():
    model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    optimizer = keras.optimizers.Adam(0.05)

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x, training=True) - y) ** 2)
        variables = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    x = tf.reshape(tf.range(12, dtype=tf.float32), [6, 2]) / 12.0
    losses = [float(step(x, tf.reduce_sum(x, 1, keepdims=True))) for _ in range(30)]
    assert losses[-1] < losses[0] / 2
    assert step.experimental_get_tracing_count() == 2
    assert int(optimizer.iterations) == 30


def test_random_numbers_differ_from_call_to_call():
    f = tf.function(lambda: tf.random.uniform([3]))
    assert f().numpy().tolist() != f().numpy().tolist()
