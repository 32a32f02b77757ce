"""Optimizers from scratch: gradient descent, momentum and Adam by hand, beside Keras's."""

import numpy as np

from tests.interop.guides._results import collect


def run(tf):
    return collect(
        tf, by_hand, momentum_by_hand, adam_by_hand, keras_optimizers, options, in_functions, state, newton, line_search
    )


def valley(tf, x, y):
    """Return the height of a narrow valley."""
    return (1.0 - x) ** 2 + 5.0 * (y - x**2) ** 2


def by_hand(tf):
    class Descent:
        """Go down by a share of the slope, which shrinks a little every time."""

        def __init__(self, rate, shrink):
            self.rate, self.shrink = rate, shrink

        def update(self, variables, slopes):
            for variable, slope in zip(variables, slopes, strict=True):
                variable.assign(variable - self.rate * slope)
            self.rate *= self.shrink

    return path_of(tf, Descent(0.05, 0.98), 12)


def path_of(tf, optimizer, steps):
    x, y = tf.Variable(-0.5), tf.Variable(1.0)
    path = []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            height = valley(tf, x, y)
        optimizer.update([x, y], tape.gradient(height, [x, y]))
        path.append([float(x), float(y)])
    return {"path": path, "height": valley(tf, x, y)}


def momentum_by_hand(tf):
    class HeavyBall(tf.Module):
        """Keep most of the last step."""

        def __init__(self, rate, kept):
            super().__init__()
            self.rate, self.kept, self.steps = rate, kept, {}

        def update(self, variables, slopes):
            for variable, slope in zip(variables, slopes, strict=True):
                step = self.steps.setdefault(variable.ref(), tf.Variable(tf.zeros_like(slope)))
                step.assign(self.kept * step - self.rate * slope)
                variable.assign_add(step)

    return path_of(tf, HeavyBall(0.02, 0.7), 12)


def adam_by_hand(tf):
    class Adam:
        """Divide the mean of the slopes by the root of the mean of their squares; plain tensors hold the means."""

        def __init__(self, rate):
            self.rate, self.time, self.memory = rate, 0, {}

        def update(self, variables, slopes):
            self.time += 1
            for place, (variable, slope) in enumerate(zip(variables, slopes, strict=True)):
                mean, square = self.memory.get(place, (0.0, 0.0))
                mean, square = mean + 0.1 * (slope - mean), square + 0.001 * (slope**2 - square)
                self.memory[place] = mean, square
                unbiased = mean / (1 - 0.9**self.time), square / (1 - 0.999**self.time)
                variable.assign_sub(self.rate * unbiased[0] / (unbiased[1] ** 0.5 + 1e-7))

    return path_of(tf, Adam(0.1), 12)


def keras_optimizers(tf):
    makers = {
        "SGD": lambda: tf.keras.optimizers.SGD(0.02),
        "momentum": lambda: tf.keras.optimizers.SGD(0.02, momentum=0.8),
        "nesterov": lambda: tf.keras.optimizers.SGD(0.02, momentum=0.8, nesterov=True),
        "Adam": lambda: tf.keras.optimizers.Adam(0.1),
        "AMSGrad": lambda: tf.keras.optimizers.Adam(0.1, amsgrad=True),
        "AdamW": lambda: tf.keras.optimizers.AdamW(0.1, weight_decay=0.01),
        "RMSprop": lambda: tf.keras.optimizers.RMSprop(0.05),
        "Adagrad": lambda: tf.keras.optimizers.Adagrad(0.2),
        "Adadelta": lambda: tf.keras.optimizers.Adadelta(1.0),
        "Adamax": lambda: tf.keras.optimizers.Adamax(0.1),
        "Nadam": lambda: tf.keras.optimizers.Nadam(0.1),
        "Ftrl": lambda: tf.keras.optimizers.Ftrl(0.2),
        "Lion": lambda: tf.keras.optimizers.Lion(0.02),
    }
    found = {}
    for name, make in makers.items():
        x, optimizer = tf.Variable([-0.5, 1.0]), make()
        for _ in range(6):
            with tf.GradientTape() as tape:
                height = valley(tf, x[0], x[1])
            optimizer.apply_gradients([(tape.gradient(height, x), x)])
        found[name] = x.numpy()
    return found


def options(tf):
    decayed, averaged = tf.Variable([1.0, -1.0]), tf.Variable([1.0, -1.0])
    with_decay = tf.keras.optimizers.SGD(0.1, weight_decay=0.5)
    with_average = tf.keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5)
    for _ in range(3):
        with_decay.apply_gradients([(tf.constant([0.0, 1.0]), decayed)])
        with_average.apply_gradients([(tf.constant([1.0, 1.0]), averaged)])
    before = averaged.numpy()
    with_average.finalize_variable_values([averaged])
    return {
        "decayed": decayed,
        "averaged": [before, averaged],
        "config": tf.keras.optimizers.Adam(0.25).get_config()["learning_rate"],
        "by name": type(tf.keras.optimizers.get("adam")).__name__,
    }


def in_functions(tf):
    w = tf.Variable(np.linspace(-1, 1, 6).reshape(3, 2), dtype=tf.float32)
    x = tf.constant(np.sin(np.arange(15)).reshape(5, 3), tf.float32)
    optimizer = tf.keras.optimizers.Adam(0.05)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.softplus(x @ w))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
        return loss

    return {"losses": [step() for _ in range(5)], "w": w, "iterations": int(optimizer.iterations.numpy())}


def state(tf):
    w = tf.Variable([1.0, 2.0])
    optimizer = tf.keras.optimizers.Adam(0.1)
    optimizer.build([w])
    before = len(optimizer.variables)
    optimizer.apply_gradients([(tf.constant([0.5, -0.5]), w)])
    optimizer.learning_rate = 0.2
    optimizer.apply_gradients([(tf.constant([0.5, -0.5]), w)])
    return {
        "number of variables": before,
        "rate": float(optimizer.learning_rate.numpy()),
        "w": w,
        "moments": [np.asarray(variable) for variable in optimizer.variables[2:]],
    }


def newton(tf):
    x = tf.Variable([-0.5, 1.0])
    path = []
    for _ in range(4):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                height = valley(tf, x[0], x[1])
            gradient = inner.gradient(height, x)
        hessian = outer.jacobian(gradient, x)
        x.assign_sub(tf.linalg.solve(hessian, gradient[:, tf.newaxis])[:, 0])
        path.append(x.numpy())
    return {"path": path}


def line_search(tf):
    @tf.function
    def search(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            height = valley(tf, x[0], x[1])
        gradient = tape.gradient(height, x)
        step = tf.constant(1.0)
        while valley(tf, x[0] - step * gradient[0], x[1] - step * gradient[1]) > height - 0.3 * step * tf.reduce_sum(
            gradient**2
        ):
            step *= 0.5
        return x - step * gradient, step

    x, steps = tf.constant([-0.5, 1.0]), []
    for _ in range(5):
        x, step = search(x)
        steps.append(float(step))
    return {"x": x, "steps": steps}
