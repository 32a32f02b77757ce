"""Forward accumulation: a derivative along one direction, carried with the computation."""

import numpy as np

from tests.interop.guides._results import collect


def run(tf):
    return collect(
        tf,
        *(along_a_direction, of_scalars, of_variables, several_primals, unconnected, reading_a_tangent),
        *(column_of_a_jacobian, hessian_vector_product, forward_over_forward, in_functions, watching),
    )


def along_a_direction(tf):
    x = tf.constant([[2.0, 3.0], [1.0, 4.0]])
    tangents = tf.constant([[1.0, 0.0], [0.5, -1.0]])
    with tf.autodiff.ForwardAccumulator(primals=x, tangents=tangents) as accumulator:
        y = tf.reduce_sum(tf.square(x), axis=1)
        z = tf.tanh(x) @ x
    return {"y": accumulator.jvp(y), "z": accumulator.jvp(z), "shape": accumulator.jvp(z).shape.as_list()}


def of_scalars(tf):
    x = tf.constant(0.5)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        values = [tf.sin(x), tf.exp(x), x**3, 1 / x, tf.math.log(x), tf.sqrt(x), tf.sigmoid(x)]
    return {"derivatives": [accumulator.jvp(value) for value in values]}


def of_variables(tf):
    v = tf.Variable([1.0, 2.0, 3.0])
    with tf.autodiff.ForwardAccumulator(v, tf.constant([1.0, 10.0, 100.0])) as accumulator:
        y = v * v
        total = tf.reduce_sum(y)
    return {"y": accumulator.jvp(y), "total": accumulator.jvp(total)}


def several_primals(tf):
    w = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    b = tf.Variable([0.5, -0.5])
    x = tf.constant([[1.0, -1.0]])
    with tf.autodiff.ForwardAccumulator([w, b], [tf.ones([2, 2]), tf.constant([2.0, 3.0])]) as accumulator:
        y = tf.nn.softplus(x @ w + b)
    return {"y": accumulator.jvp(y)}


def unconnected(tf):
    x, other = tf.constant(2.0), tf.constant(3.0)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        y = other * 2.0
    return {
        "none": accumulator.jvp(y),
        "zero": accumulator.jvp(y, unconnected_gradients=tf.UnconnectedGradients.ZERO),
    }


def reading_a_tangent(tf):
    x = tf.constant(1.5)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        y = x**2
        z = y * 10.0 if accumulator.jvp(y) > 2.0 else y
    return {"inside and after": accumulator.jvp(z), "of a structure": accumulator.jvp({"y": y, "z": [z]})}


def column_of_a_jacobian(tf):
    x = tf.constant([0.3, 0.7, -0.2])

    def f(t):
        return tf.stack([t[0] * t[1], tf.sin(t[2]) + t[0], tf.reduce_prod(t)])

    columns = []
    for direction in np.eye(3, dtype=np.float32):
        with tf.autodiff.ForwardAccumulator(x, tf.constant(direction)) as accumulator:
            y = f(x)
        columns.append(accumulator.jvp(y))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    backward = tape.jacobian(y, x)
    forward = tf.stack(columns, axis=1)
    return {"forward": forward, "equal to backward": tf.reduce_max(tf.abs(forward - backward)) < 1e-6}


def hessian_vector_product(tf):
    v = tf.Variable([1.0, 2.0])
    with tf.autodiff.ForwardAccumulator(v, tf.constant([1.0, 0.5])) as accumulator:
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(v**3.0) * v[0]
        backward = tape.gradient(y, v)
    with tf.GradientTape() as tape:
        with tf.autodiff.ForwardAccumulator(v, tf.constant([1.0, 0.5])) as inner:
            y = tf.reduce_sum(v**3.0) * v[0]
        slope = inner.jvp(y)
    return {
        "gradient": backward,
        "forward over backward": accumulator.jvp(backward),
        "backward over forward": tape.gradient(slope, v),
    }


def forward_over_forward(tf):
    x = tf.constant(1.1)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as outer:
        with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as inner:
            y = tf.exp(x) * x**2
        first = inner.jvp(y)
    return {"first": first, "second": outer.jvp(first)}


def in_functions(tf):
    @tf.function
    def slope(x, direction):
        with tf.autodiff.ForwardAccumulator(x, direction) as accumulator:
            y = tf.nn.softmax(x) * x
        return accumulator.jvp(y)

    @tf.function
    def f(x):
        return tf.sin(x) * x

    x = tf.constant([0.1, 0.2, 0.9])
    with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 2.0, 3.0])) as accumulator:
        y = f(x)
    return {"inside": slope(x, tf.constant([1.0, 0.0, -1.0])), "around": accumulator.jvp(y)}


def watching(tf):
    x, y = tf.constant(2.0), tf.constant(3.0)
    with tf.autodiff.ForwardAccumulator(primals=[x, y], tangents=[tf.constant(1.0), tf.constant(-1.0)]) as accumulator:
        z = x**2 * y + tf.stop_gradient(x) * y
    return {"z": accumulator.jvp(z), "of a primal": accumulator.jvp(x)}
