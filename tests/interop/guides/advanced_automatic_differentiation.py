"""Advanced automatic differentiation: control of the recording, own gradients, higher orders, Jacobians, Hessians."""

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(stop_recording, resetting, stop_gradient, damped_backward_pass, custom_gradients, custom_with_variables),
        *(custom_of_several, custom_of_higher_order, recomputed, several_tapes, higher_orders, nested_sources),
        *(gradient_penalty, jacobian_of_scalar, jacobian_of_vector, jacobian_of_layer, batch_jacobian, hessian),
        *(newtons_method, by_pfor_and_without, in_functions, tape_inside_and_outside),
    )


def stop_recording(tf):
    length, width = tf.Variable(1.5), tf.Variable(4.0)
    with tf.GradientTape() as tape:
        area = length * width
        with tape.stop_recording():
            fence = 2.0 * (length + width)
        price = area * 3.0 + fence
    gradients = tape.gradient(price, {"length": length, "width": width})
    with tf.GradientTape(persistent=True) as inside:
        cost = tf.exp(length) * length
        with inside.stop_recording():
            slope = inside.gradient(cost, length)
        normalised = cost / slope
    return {"gradients": gradients, "the slope is a constant": inside.gradient(normalised, length)}


def resetting(tf):
    early, late = tf.Variable(0.5), tf.Variable(1.25)
    with tf.GradientTape() as tape:
        forgotten = tf.exp(early)
        tape.reset()
        total = forgotten + tf.exp(late)
    return {"after reset": tape.gradient(total, [early, late])}


def stop_gradient(tf):
    guess, target = tf.Variable(0.3), tf.Variable(0.9)
    with tf.GradientTape() as tape:
        distance = (guess - tf.stop_gradient(target * 2.0)) ** 2
    with tf.GradientTape() as straight_through:
        rounded = guess * 4.3 + tf.stop_gradient(tf.round(guess * 4.3) - guess * 4.3)
        cost = rounded**2
    return {
        "stopped": tape.gradient(distance, {"guess": guess, "target": target}),
        "straight through": straight_through.gradient(cost, guess),
    }


def damped_backward_pass(tf):
    @tf.custom_gradient
    def damped(signal):
        def backward(upstream):
            return tf.tanh(upstream)

        return signal, backward

    gain = tf.Variable([0.5, 3.0])
    with tf.GradientTape() as tape:
        output = damped(gain**3)
    return {"output": output, "gradient": tape.gradient(output, gain)}


def custom_gradients(tf):
    @tf.custom_gradient
    def log_cosh(x):
        size = tf.abs(x)

        def backward(upstream):
            return upstream * tf.tanh(x)

        return size + tf.math.log1p(tf.exp(-2.0 * size)) - np.log(2.0).astype(np.float32), backward

    @tf.custom_gradient
    def round_straight(x):
        return tf.round(x), lambda upstream: upstream

    x = tf.constant([-200.0, 0.5, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = log_cosh(x)
        z = tf.reduce_sum(round_straight(x * 1.4) ** 2)
    return {"values": y, "stable": tape.gradient(y, x), "straight through": tape.gradient(z, x)}


def custom_with_variables(tf):
    scale = tf.Variable(3.0)

    @tf.custom_gradient
    def scaled(x):
        result = x * scale

        def grad(upstream, variables=None):
            return upstream * 10.0, [tf.reduce_sum(upstream * x) * 100.0 for _ in variables]

        return result, grad

    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = scaled(x)
    by_x, by_scale = tape.gradient(y, [x, scale])
    return {"by x": by_x, "by variable": by_scale}


def custom_of_several(tf):
    @tf.custom_gradient
    def swapped(a, b):
        def grad(by_first, by_second):
            return by_second * 2.0, by_first * 3.0

        return (a * b, a + b), grad

    a, b = tf.Variable(2.0), tf.Variable(5.0)
    with tf.GradientTape() as tape:
        first, second = swapped(a, b)
        total = first * 10.0 + second
    return {"total": total, "gradients": tape.gradient(total, [a, b])}


def custom_of_higher_order(tf):
    @tf.custom_gradient
    def cube(x):
        def grad(upstream):
            return upstream * 3.0 * x**2

        return x**3, grad

    x = tf.Variable(2.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = cube(x)
        first = inner.gradient(y, x)
    return {"first": first, "second": outer.gradient(first, x)}


def recomputed(tf):
    w = tf.Variable([[0.5, -0.25], [1.0, 2.0]])

    @tf.recompute_grad
    def block(x):
        return tf.tanh(x @ w)

    x = tf.constant([[1.0, 2.0]])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(block(x) ** 2)
    return {"gradient": tape.gradient(y, w)}


def several_tapes(tf):
    wind, wave = tf.constant(0.4), tf.constant(-1.2)
    with tf.GradientTape() as wind_tape, tf.GradientTape() as wave_tape:
        wind_tape.watch(wind)
        wave_tape.watch(wave)
        force = tf.exp(wind) * tf.cos(wave) + wind
    return {
        "by wind": wind_tape.gradient(force, wind),
        "by wave": wave_tape.gradient(force, wave),
    }


def higher_orders(tf):
    v = tf.Variable(0.7)
    with tf.GradientTape() as third:
        with tf.GradientTape() as second:
            with tf.GradientTape() as first:
                y = tf.sin(v) * tf.exp(v)
            dy = first.gradient(y, v)
        ddy = second.gradient(dy, v)
    dddy = third.gradient(ddy, v)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            cube = v**3
        slope = inner.gradient(cube, v)
    return {"products": [y, dy, ddy, dddy], "cube": [slope, outer.gradient(slope, v)]}


def nested_sources(tf):
    a, b = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 5.0])
    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape() as inner:
            y = tf.reduce_sum(a**2 * b**3)
        by_a = inner.gradient(y, a)
    return {
        "mixed": outer.gradient(by_a, b),
        "pure": outer.gradient(by_a, a),
        "of y by the outer": outer.gradient(y, b),
    }


def gradient_penalty(tf):
    """Keep a function smooth: train on the length of its gradient by its inputs."""
    points = tf.constant(np.linspace(-1, 1, 12).reshape(3, 4), tf.float32)
    kernel = tf.Variable(np.cos(np.arange(20)).reshape(4, 5), dtype=tf.float32)
    with tf.GradientTape() as by_weights:
        with tf.GradientTape(watch_accessed_variables=False) as by_points:
            by_points.watch(points)
            scores = tf.reduce_sum(tf.nn.elu(points @ kernel), axis=1)
        slopes = by_points.gradient(scores, points)
        penalty = tf.reduce_mean((tf.norm(slopes, axis=1) - 1.0) ** 2)
    return {"slopes": slopes, "penalty": penalty, "by kernel": by_weights.gradient(penalty, kernel)}


def jacobian_of_scalar(tf):
    phase = tf.Variable(0.25)
    with tf.GradientTape() as tape:
        wave = tf.sin(tf.linspace(0.0, 6.0, 13) * 2.0 + phase)
    return {"wave": wave.shape.as_list(), "jacobian": tape.jacobian(wave, phase)}


def jacobian_of_vector(tf):
    x = tf.Variable([1.0, 2.0, 3.0])
    other = tf.Variable([1.0])
    with tf.GradientTape(persistent=True) as tape:
        y = tf.stack([x[0] * x[1], tf.sin(x[2]), tf.reduce_sum(x**2)])
    return {
        "by vector": tape.jacobian(y, x),
        "by both": tape.jacobian(y, [x, other]),
        "zero": tape.jacobian(y, other, unconnected_gradients=tf.UnconnectedGradients.ZERO),
    }


def jacobian_of_layer(tf):
    rows = tf.constant(np.sin(np.arange(10)).reshape(2, 5), tf.float32)
    kernel = tf.Variable(np.cos(np.arange(15)).reshape(5, 3), dtype=tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        outputs = tf.nn.softplus(rows @ kernel)
    jacobian = tape.jacobian(outputs, kernel)
    gradient = tape.gradient(outputs, kernel)
    return {
        "shape": jacobian.shape.as_list(),
        "jacobian": jacobian,
        "sums to the gradient": tf.reduce_max(tf.abs(gradient - tf.reduce_sum(jacobian, axis=[0, 1]))) < 1e-5,
    }


def batch_jacobian(tf):
    points = tf.constant(np.sin(np.arange(8)).reshape(4, 2), tf.float32)
    inner, outer = (tf.constant(np.cos(np.arange(6) + shift), tf.float32) for shift in (0.0, 1.0))
    with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(points)
        outputs = tf.tanh(points @ tf.reshape(inner, [2, 3])) @ tf.reshape(outer, [3, 2])
    full, each = tape.jacobian(outputs, points), tape.batch_jacobian(outputs, points)
    return {
        "full shape": full.shape.as_list(),
        "each": each,
        "the same": tf.reduce_max(tf.abs(tf.einsum("iaib->iab", full) - each)) < 1e-5,
    }


def hessian(tf):
    rows = tf.constant(np.sin(np.arange(15)).reshape(3, 5), tf.float32)
    kernel = tf.Variable(np.cos(np.arange(10)).reshape(5, 2) / 2, dtype=tf.float32)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            loss = tf.reduce_mean(tf.math.log(1.0 + tf.exp(rows @ kernel)))
        slope = inner.gradient(loss, kernel)
    curvature = outer.jacobian(slope, kernel)
    matrix = tf.reshape(curvature, [10, 10])
    return {
        "shape": curvature.shape.as_list(),
        "matrix": matrix,
        "symmetric": tf.reduce_max(tf.abs(matrix - tf.transpose(matrix))) < 1e-6,
    }


def newtons_method(tf):
    x = tf.Variable([1.5, -0.5])
    heights = []
    for _ in range(3):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                height = tf.reduce_sum(tf.cosh(x)) + 0.5 * x[0] * x[1]
            slope = inner.gradient(height, x)
        curvature = outer.jacobian(slope, x)
        x.assign_sub(tf.linalg.solve(curvature, slope[:, tf.newaxis])[:, 0])
        heights.append(float(height))
    return {"heights": heights, "x": x}


def by_pfor_and_without(tf):
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        y = x**3 * x[::-1]
    return {
        "vectorised": tape.jacobian(y, x),
        "one at a time": tape.jacobian(y, x, experimental_use_pfor=False),
    }


def in_functions(tf):
    w = tf.Variable([[1.0, -2.0], [0.5, 3.0]])

    @tf.function
    def jacobian(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.tanh(tf.linalg.matvec(w, x)) * x
        return tape.jacobian(y, x)

    @tf.function
    def second(x):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(tf.exp(x) * x)
            g = inner.gradient(y, x)
        return outer.gradient(g, x)

    return {"jacobian": jacobian(tf.constant([0.1, 0.2])), "second": second(tf.constant([0.5, 1.0]))}


def tape_inside_and_outside(tf):
    v = tf.Variable(2.0)

    @tf.function
    def inner_gradient(x):
        with tf.GradientTape() as tape:
            y = v * x**2
        return tape.gradient(y, v) * v

    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        result = inner_gradient(x)
    gradients = tape.gradient(result, [x, v])
    with tf.GradientTape() as tape:
        y = v * v
    return {
        "through a function with a tape": gradients,
        "no tape left": caught(lambda: tape.gradient(y, v) and tape.gradient(y, v), RuntimeError),
    }
