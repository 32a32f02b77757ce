"""Automatic differentiation: a tape records operations and plays them backwards."""

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(scalars, linear_layer, structures, modules, watching, intermediate_results, persistent, non_scalar_targets),
        *(control_flow, no_gradient, by_ints, states, zero_or_none, reading_values, many_operations, indexing, nn),
        *(through_functions, by_strings_and_constants, refused),
    )


def scalars(tf):
    side = tf.Variable(2.5)
    with tf.GradientTape() as tape:
        volume = side**3
    with tf.GradientTape() as second:
        swing = tf.sin(side) * tf.exp(-side / 2)
    return {"cube": tape.gradient(volume, side), "swing": second.gradient(swing, side), "value": swing}


def linear_layer(tf):
    kernel = tf.Variable(np.arange(6, dtype=np.float32).reshape(3, 2) / 7, name="kernel")
    bias = tf.Variable([0.5, -0.25], name="bias")
    rows = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]
    with tf.GradientTape(persistent=True) as tape:
        loss = tf.reduce_sum(tf.tanh(rows @ kernel + bias))
    by_list = tape.gradient(loss, [kernel, bias])
    by_name = tape.gradient(loss, {"kernel": kernel, "bias": bias})
    return {
        "loss": loss,
        "by list": by_list,
        "by name": by_name,
        "shape is the source's": by_list[0].shape == kernel.shape,
        "one": tape.gradient(loss, kernel),
    }


def structures(tf):
    a, b, c = tf.Variable(1.0), tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = a * b + b * c**2
    found = tape.gradient(y, {"pair": (a, [b]), "single": c})
    return {
        "found": found,
        "a tuple stays": isinstance(found["pair"], tuple),
        "a list stays": isinstance(found["pair"][1], list),
    }


def modules(tf):
    class Affine(tf.Module):
        def __init__(self, size):
            self.w = tf.Variable(tf.eye(size) * 0.5)
            self.b = tf.Variable(tf.ones([size]))

        def __call__(self, x):
            return tf.nn.relu(x @ self.w + self.b)

    layer = Affine(2)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(layer(tf.constant([[1.0, -5.0], [2.0, 3.0]])) ** 2)
    gradients = tape.gradient(loss, layer.trainable_variables)
    return {"gradients": gradients, "shapes": [gradient.shape.as_list() for gradient in gradients]}


def watching(tf):
    trained = tf.Variable(1.5, name="trained")
    frozen = tf.Variable(4.0, name="frozen", trainable=False)
    sum_of_variable = tf.Variable(0.5, name="base") + 0.25
    number = tf.constant(-2.0)
    with tf.GradientTape() as tape:
        product = trained * frozen * sum_of_variable * number
    automatic = tape.gradient(product, [trained, frozen, sum_of_variable, number])
    watched = [variable.name for variable in tape.watched_variables()]
    with tf.GradientTape() as tape:
        tape.watch([number, sum_of_variable])
        product = trained * frozen * sum_of_variable * number
    by_hand = tape.gradient(product, [trained, sum_of_variable, number])
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(frozen)
        product = tf.exp(trained) * frozen
    chosen = tape.gradient(product, {"trained": trained, "frozen": frozen})
    return {"automatic": automatic, "watched": watched, "by hand": by_hand, "only chosen": chosen}


def intermediate_results(tf):
    angle = tf.constant(0.8)
    with tf.GradientTape() as tape:
        tape.watch(angle)
        height = tf.sin(angle)
        energy = 3.0 * height**2
    return {"by what lies between": tape.gradient(energy, height)}


def persistent(tf):
    times = tf.constant([0.5, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(times)
        speed = 1.0 / times
        energy = speed**3
    results = {
        "energy by times": tape.gradient(energy, times),
        "speed by times": tape.gradient(speed, times),
        "energy by speed": tape.gradient(energy, speed),
    }
    del tape
    return results


def non_scalar_targets(tf):
    rate = tf.Variable(0.5)
    with tf.GradientTape(persistent=True) as tape:
        growth, decay = tf.exp(rate), tf.exp(-2.0 * rate)
        table = rate * [[1.0, 5.0], [-2.0, 0.5]]
    places = tf.linspace(-3.0, 3.0, 7)
    with tf.GradientTape() as curve_tape:
        curve_tape.watch(places)
        curve = tf.tanh(places) * places
    return {
        "two targets": tape.gradient({"growth": growth, "decay": decay}, rate),
        "matrix": tape.gradient(table, rate),
        "weighted": tape.gradient(table, rate, output_gradients=tf.constant([[1.0, 0.0], [0.5, 2.0]])),
        "elementwise": curve_tape.gradient(curve, places),
    }


def control_flow(tf):
    def tariff(units):
        units, low, high = tf.constant(units), tf.Variable(0.2), tf.Variable(0.7)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(units)
            cost = units * low if units < 10.0 else units * high + low
        return [*tape.gradient(cost, [low, high]), tape.gradient(cost, units), tape.gradient(units, units)]

    x = tf.Variable(1.1)
    with tf.GradientTape() as tape:
        total = tf.constant(0.0)
        for power in range(1, 4):
            if power != 2:
                total += x**power
    return {"few": tariff(4.0), "many": tariff(40.0), "loop": tape.gradient(total, x)}


def no_gradient(tf):
    weights = tf.Variable([0.5, 2.0, 8.0])
    with tf.GradientTape() as tape:
        through_numpy = tf.reduce_sum(tf.constant(np.sqrt(weights.numpy())))
    outside = tape.gradient(through_numpy, weights)
    level = tf.Variable(3.0)
    by_turns = []
    for _ in range(2):
        with tf.GradientTape() as tape:
            doubled = level * 2.0
        by_turns.append(tape.gradient(doubled, level))
        level = level - 1.0
    left, right = tf.Variable(1.0), tf.Variable(4.0)
    with tf.GradientTape() as tape:
        root = tf.sqrt(right)
    return {"numpy": outside, "variable, then tensor": by_turns, "unconnected": tape.gradient(root, left)}


def by_ints(tf):
    count = tf.constant(4)
    with tf.GradientTape() as tape:
        tape.watch(count)
        triple = count * 3
    return {"of an int": tape.gradient(triple, count)}


def states(tf):
    rain, barrel = tf.Variable(0.5), tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        barrel.assign(barrel + rain)
        weight = barrel * 4.0
    v = tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as second:
        before = v * v
        v.assign(10.0)
        after = v * v * v
    return {
        "through a variable": tape.gradient(weight, rain),
        "from the variable on": tape.gradient(weight, barrel),
        "before assign": second.gradient(before, v),
        "after assign": second.gradient(after, v),
        "value": barrel,
    }


def zero_or_none(tf):
    row, scale = tf.Variable([1.0, 2.0, 3.0]), tf.Variable(0.5)
    with tf.GradientTape(persistent=True) as tape:
        alone = tf.exp(scale)
        stopped = tf.stop_gradient(row) * scale
        connected = row * 0.0 + scale
    return {
        "none": tape.gradient(alone, row),
        "zero": tape.gradient(alone, row, unconnected_gradients=tf.UnconnectedGradients.ZERO),
        "zero by text": tape.gradient(alone, row, unconnected_gradients="zero"),
        "stopped": tape.gradient(stopped, row),
        "beside stopped": tape.gradient(stopped, scale),
        "connected by zero": tape.gradient(connected, row),
    }


def reading_values(tf):
    x = tf.Variable([1.0, 4.0])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.sqrt(x))
        seen = y.numpy()
        largest = float(tf.reduce_max(x))
        scaled = y * largest
    return {"seen": seen, "gradient": tape.gradient(scaled, x)}


def many_operations(tf):
    x = np.array([[0.3, 0.9, 1.7], [2.2, 0.6, 1.1]], np.float32)
    functions = {
        "exp": tf.exp,
        "log": tf.math.log,
        "sqrt": tf.sqrt,
        "tanh": tf.tanh,
        "sigmoid": tf.math.sigmoid,
        "softplus": tf.nn.softplus,
        "erf": tf.math.erf,
        "lgamma": tf.math.lgamma,
        "reciprocal": tf.math.reciprocal,
        "abs": tf.abs,
        "softmax": lambda t: tf.nn.softmax(t) * [1.0, 2.0, 3.0],
        "log_softmax": lambda t: tf.nn.log_softmax(t) * [1.0, 2.0, 3.0],
        "logsumexp": lambda t: tf.reduce_logsumexp(t, axis=1),
        "max": lambda t: tf.reduce_max(t, axis=0),
        "prod": lambda t: tf.reduce_prod(t, axis=1),
        "variance": tf.math.reduce_variance,
        "std": lambda t: tf.math.reduce_std(t, axis=1),
        "norm": lambda t: tf.norm(t, axis=1),
        "matmul": lambda t: tf.matmul(t, t, transpose_b=True),
        "transpose": lambda t: tf.transpose(t) * [[1.0, 2.0]],
        "clip": lambda t: tf.clip_by_value(t, 0.5, 1.5),
        "maximum": lambda t: tf.maximum(t, 1.0),
        "where": lambda t: tf.where(t > 1, t**2, t),
        "cumsum": lambda t: tf.cumsum(t, axis=1) ** 2,
        "pow": lambda t: t**t,
        "atan2": lambda t: tf.math.atan2(t, t[::-1]),
        "concat": lambda t: tf.concat([t, 2 * t], 0) ** 2,
        "stack": lambda t: tf.stack([t, t * t]),
        "split": lambda t: tf.split(t, 3, axis=1)[1],
        "pad": lambda t: tf.pad(t, [[1, 1], [0, 0]]) ** 2,
        "tile": lambda t: tf.tile(t, [2, 2]) ** 2,
        "sort": lambda t: tf.sort(t, axis=1) * [1.0, 2.0, 3.0],
        "top_k": lambda t: tf.math.top_k(t, 2).values,
        "einsum": lambda t: tf.einsum("ij,kj->ik", t, t**2),
        "l2_normalize": lambda t: tf.math.l2_normalize(t, axis=1) * [1.0, 2.0, 3.0],
        "floor": tf.floor,
    }
    return {name: gradient_of(tf, function, x) for name, function in functions.items()}


def gradient_of(tf, function, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


def indexing(tf):
    x = tf.constant(np.arange(12, dtype=np.float32).reshape(3, 4))
    functions = {
        "slice": lambda t: t[1:, ::2] ** 2,
        "element": lambda t: t[2, 1] ** 3,
        "new axis": lambda t: t[:, tf.newaxis] * t[tf.newaxis],
        "gather": lambda t: tf.gather(t, [0, 2, 0]) ** 2,
        "gather_nd": lambda t: tf.gather_nd(t, [[0, 1], [2, 3]]) ** 2,
        "boolean_mask": lambda t: tf.boolean_mask(t, t > 5.0) ** 2,
        "scatter": lambda t: tf.tensor_scatter_nd_update(t, [[1]], [[0.0] * 4]) ** 2,
        "unstack": lambda t: tf.unstack(t)[1] * 5.0,
        "reverse": lambda t: tf.reverse(t, [0]) * t,
        "segment_sum": lambda t: tf.math.segment_sum(t, [0, 0, 1]) ** 2,
    }
    return {name: tf.convert_to_tensor(gradient_of(tf, function, x)) for name, function in functions.items()}


def nn(tf):
    logits = np.array([[1.0, -2.0, 0.5], [0.1, 0.2, 3.0]], np.float32)
    images = np.sin(np.arange(2 * 6 * 6 * 2, dtype=np.float32)).reshape(2, 6, 6, 2)
    filters = np.cos(np.arange(3 * 3 * 2 * 3, dtype=np.float32)).reshape(3, 3, 2, 3) / 10
    functions = {
        "cross entropy": lambda t: tf.nn.softmax_cross_entropy_with_logits([[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]], t),
        "sparse cross entropy": lambda t: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[2, 0], logits=t),
        "sigmoid cross entropy": lambda t: tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.ones([2, 3]), logits=t),
        "relu": tf.nn.relu,
        "elu": tf.nn.elu,
        "gelu": tf.nn.gelu,
        "selu": tf.nn.selu,
        "swish": tf.nn.silu,
        "leaky relu": lambda t: tf.nn.leaky_relu(t, alpha=0.1),
        "relu6": lambda t: tf.nn.relu6(t * 4),
        "l2_loss": tf.nn.l2_loss,
    }
    on_images = {
        "conv by image": lambda t: tf.nn.conv2d(t, filters, strides=1, padding="SAME") ** 2,
        "conv by strides": lambda t: tf.nn.conv2d(t, filters, strides=[1, 2, 2, 1], padding="VALID") ** 2,
        "max pool": lambda t: tf.nn.max_pool2d(t, 2, 2, "VALID") ** 2,
        "avg pool": lambda t: tf.nn.avg_pool2d(t, 3, 2, "SAME") ** 2,
        "depthwise": lambda t: tf.nn.depthwise_conv2d(t, filters[..., :1], [1, 1, 1, 1], "SAME") ** 2,
        "bias": lambda t: tf.nn.bias_add(t, [1.0, 2.0]) ** 2,
    }
    results = {name: gradient_of(tf, function, logits) for name, function in functions.items()}
    results |= {name: gradient_of(tf, function, images) for name, function in on_images.items()}
    by_filters = gradient_of(tf, lambda t: tf.nn.conv2d(images, t, 2, "SAME") ** 2, filters)
    return results | {"conv by filters": by_filters}


def through_functions(tf):
    w = tf.Variable([[1.0, 2.0], [3.0, 4.0]])

    @tf.function
    def squared(x):
        return tf.reduce_sum(tf.square(x @ w))

    x = tf.constant([[1.0, -1.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = squared(x) * 2.0

    @tf.function
    def gradient_inside(x):
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = x**3
        return inner.gradient(y, x)

    return {"around": tape.gradient(loss, [x, w]), "inside": gradient_inside(tf.constant(2.0))}


def by_strings_and_constants(tf):
    x = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = x * tf.strings.to_number("3.5") + tf.cast(tf.strings.length("abc"), tf.float32) * x
    with tf.GradientTape() as cast_tape:
        z = tf.cast(x, tf.float64) ** 2
    return {"strings are constants": tape.gradient(y, x), "through a cast": cast_tape.gradient(z, x)}


def refused(tf):
    x = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = x * 2.0
    tape.gradient(y, x)
    return {
        "twice": caught(lambda: tape.gradient(y, x), RuntimeError),
        "message names the way": "persistent" in message_of(lambda: tape.gradient(y, x)),
        "watch of a list": caught(lambda: tf.GradientTape().watch(3.0), ValueError, TypeError, RuntimeError),
    }


def message_of(call):
    try:
        call()
    except RuntimeError as error:
        return str(error)
    return ""
