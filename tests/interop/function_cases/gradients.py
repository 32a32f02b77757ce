"""Gradients through functions."""

from tests.interop.function_cases.library import tf
from tests.interop.function_cases.registry import case


def gradients_of(function, fresh=2.0):
    """Return the gradients of a variable and an argument, eagerly and through ``tf.function``."""
    found = []
    for one in (function, tf.function(function)):
        v, x = tf.Variable(fresh), tf.constant(3.0)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = one(v, x)
        found.append([tape.gradient(y, [v, x]), y, v.value()])
    return found


@case
def gradient_after_assign():
    def f(v, x):
        v.assign(v * x)
        return v * v

    return gradients_of(f)


@case
def gradient_around_assign():
    def f(v, x):
        y = v * x
        v.assign(x)
        return y * v

    return gradients_of(f)


@case
def gradient_of_assignments_in_a_for():
    def f(v, x):
        y = x
        for _ in tf.range(3):
            v.assign(v * x)
            y = y * v
        return y

    return gradients_of(f)


@case
def gradient_of_assignments_in_a_while():
    def f(v, x):
        i = 0
        while i < 3:
            v.assign_add(x)
            x = x * v
            i += 1
        return x + v

    return gradients_of(f)


@case
def gradient_of_an_assignment_in_a_branch():
    def f(v, x):
        if x > 1.0:
            v.assign(x * 2.0)
        return v * x

    return gradients_of(f)


@case
def gradient_inside_of_a_function():
    def f(v, x):
        with tf.GradientTape() as tape:
            v.assign(v * x)
            y = v * v * x
        return tape.gradient(y, v)

    return gradients_of(f)


@case
def gradient_of_what_is_captured():
    x = tf.constant(3.0)
    f = tf.function(lambda: x * x)
    f()
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f()
    return tape.gradient(y, x)


@case
def unconnected_outputs():
    @tf.function
    def f(a, b):
        return a * a, b * b, tf.stop_gradient(a) * b

    a, b = tf.constant(2.0), tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([a, b])
        found = f(a, b)
    return [tape.gradient(one, [a, b]) for one in found]


@case
def higher_orders():
    f = tf.function(lambda x: x**4)
    x = tf.constant(2.0)
    with tf.GradientTape() as third:
        third.watch(x)
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                y = f(x)
            dy = first.gradient(y, x)
        ddy = second.gradient(dy, x)
    return y, dy, ddy, third.gradient(ddy, x)


@case
def jacobian_of_a_function():
    f = tf.function(lambda x: tf.stack([x[0] * x[1], x[0] + x[1], x[1] ** 2]))
    x = tf.constant([2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.jacobian(y, x)


@case
def gradient_of_a_dynamic_while():
    @tf.function
    def f(x, n):
        i = 0
        while i < n:
            x = tf.sin(x) * 1.5 + 0.1 * x
            i += 1
        return x

    found = []
    for n in (0, 1, 5, 40):
        x = tf.constant(0.7)
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = f(x, tf.constant(n))
            dy = tape.gradient(y, x)
        found.append([round(float(y), 4), round(float(dy), 4), round(float(second.gradient(dy, x) or 0.0), 3)])
    return found


@case
def gradient_of_a_map():
    x = tf.constant([1.0, 2.0, 3.0])
    found = []
    for one in (tf.map_fn, tf.function(lambda fn, e: tf.map_fn(fn, e)), tf.vectorized_map):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = one(lambda row: row * row * 2.0, x)
        found.append(tape.gradient(y, x))
    return found


@case
def whole_training_step():
    w, b = tf.Variable([[0.5], [-0.5]]), tf.Variable([0.0])
    x, y = tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([[1.0], [2.0]])

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y))
        for variable, gradient in zip([w, b], tape.gradient(loss, [w, b]), strict=True):
            variable.assign_sub(0.1 * gradient)
        return loss

    return [round(float(step()), 2) for _ in range(5)], [round(x, 2) for x in w.numpy()[:, 0].tolist()]
