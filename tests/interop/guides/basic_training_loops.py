"""Basic training loops: how trees grow, fitted by hand step by step, then the same by Keras."""

import numpy as np

from tests.interop.guides._results import collect


def run(tf):
    return collect(
        tf,
        *(data_and_loss, by_hand, in_a_function, by_optimizer, as_keras_model, in_batches, deciding, two_losses),
    )


def measured(tf):
    """Return the ages of 36 trees, in decades, and their heights in metres with errors of measurement."""
    ages = tf.linspace(0.0, 3.5, 36)
    errors = tf.constant(np.random.default_rng(22).normal(size=36), tf.float32)
    return ages, 6.5 * ages + 1.5 + 0.4 * errors


def growth_class(tf):
    class Growth(tf.Module):
        """Height is a size at planting and a growth per decade."""

        def __init__(self, name=None):
            super().__init__(name=name)
            self.planted = tf.Variable(0.0, name="planted")
            self.growth = tf.Variable(1.0, name="growth")

        def __call__(self, ages):
            return self.planted + self.growth * ages

    return Growth


def squared_error(tf, heights, predicted):
    return tf.reduce_mean(tf.square(heights - predicted))


def data_and_loss(tf):
    ages, heights = measured(tf)
    model = growth_class(tf)()
    return {
        "ages": ages,
        "heights": heights,
        "prediction": model(ages),
        "loss": squared_error(tf, heights, model(ages)),
        "variables": model.variables,
    }


def by_hand(tf):
    ages, heights = measured(tf)
    model = growth_class(tf)(name="by_hand")

    def descend(rate):
        with tf.GradientTape() as tape:
            loss = squared_error(tf, heights, model(ages))
        by_planted, by_growth = tape.gradient(loss, (model.planted, model.growth))
        model.planted.assign_sub(rate * by_planted)
        model.growth.assign_sub(rate * by_growth)
        return [float(loss), model.planted.numpy(), model.growth.numpy()]

    history = [descend(rate=0.08) for _ in range(12)]
    return {"history": history, "loss": squared_error(tf, heights, model(ages))}


def in_a_function(tf):
    ages, heights = measured(tf)
    model = growth_class(tf)()

    @tf.function
    def descend(ages, heights, rate):
        with tf.GradientTape() as tape:
            loss = squared_error(tf, heights, model(ages))
        gradients = tape.gradient(loss, model.trainable_variables)
        for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
            variable.assign_sub(rate * gradient)
        return loss

    losses = [descend(ages, heights, tf.constant(0.08)) for _ in range(12)]
    return {"losses": losses, "variables": list(model.variables)}


def by_optimizer(tf):
    ages, heights = measured(tf)
    model = growth_class(tf)()
    optimizer = tf.keras.optimizers.SGD(learning_rate=0.03, momentum=0.8)
    losses = []
    for _ in range(10):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.abs(model(ages) - heights))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        losses.append(float(loss))
    return {"losses": losses, "variables": list(model.variables), "steps": int(optimizer.iterations.numpy())}


def as_keras_model(tf):
    ages, heights = measured(tf)

    class Growth(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.line = tf.keras.layers.Dense(1, kernel_initializer="ones")

        def call(self, ages):
            return self.line(ages)

    model = Growth()
    model.compile(optimizer=tf.keras.optimizers.SGD(0.08), loss=tf.keras.losses.MeanSquaredError())
    rows = ages[:, tf.newaxis]
    history = model.fit(rows, heights, epochs=5, batch_size=36, shuffle=False, verbose=0)
    return {
        "loss": history.history["loss"],
        "weights": model.get_weights(),
        "evaluated": float(model.evaluate(rows, heights, verbose=0)),
        "predicted": model.predict(np.array([[0.0], [1.0]], np.float32), verbose=0),
    }


def in_batches(tf):
    """Fit a cubic to a curve, with batches in a fixed order."""
    x = tf.linspace(-1.0, 1.0, 32)
    y = tf.sin(3.0 * x) + 0.1 * tf.cos(20.0 * x)
    weights = tf.Variable(tf.zeros([4]))
    powers = x[:, tf.newaxis] ** tf.range(4, dtype=tf.float32)
    losses = []
    for _ in range(4):
        for start in range(0, 32, 8):
            batch = slice(start, start + 8)
            with tf.GradientTape() as tape:
                loss = squared_error(tf, y[batch], tf.linalg.matvec(powers[batch], weights))
            weights.assign_sub(0.2 * tape.gradient(loss, weights))
        losses.append(float(squared_error(tf, y, tf.linalg.matvec(powers, weights))))
    return {"losses": losses, "weights": weights}


def deciding(tf):
    rng = np.random.default_rng(3)
    x = tf.constant(rng.normal(size=(60, 3)), tf.float32)
    labels = tf.cast(x[:, 0] - 2.0 * x[:, 1] + 0.3 > 0.0, tf.float32)
    slope, shift = tf.Variable(tf.zeros([3, 1])), tf.Variable(0.0)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            logits = tf.squeeze(x @ slope, axis=1) + shift
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits))
        by_slope, by_shift = tape.gradient(loss, [slope, shift])
        slope.assign_sub(1.5 * by_slope)
        shift.assign_sub(1.5 * by_shift)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.round(tf.sigmoid(logits)), labels), tf.float32))
        return loss, accuracy

    history = [[float(value) for value in step()] for _ in range(15)]
    return {"history": history, "slope": slope, "shift": shift}


def two_losses(tf):
    """Two losses, weighted, with a penalty on the weights."""
    x, y = measured(tf)
    shared, up, down = tf.Variable([0.5, -0.5]), tf.Variable(1.0), tf.Variable(-1.0)
    for _ in range(5):
        with tf.GradientTape(persistent=True) as tape:
            features = tf.reduce_sum(x[:, tf.newaxis] * shared, axis=1) + 1.0
            first = squared_error(tf, features * up, y / 10.0)
            second = tf.reduce_mean(tf.abs(features * down + y))
            total = first + 0.5 * second + 0.01 * tf.nn.l2_loss(shared)
        gradients = tape.gradient(total, [shared, up, down])
        alone = tape.gradient(second, down)
        del tape
        for variable, gradient in zip([shared, up, down], gradients, strict=True):
            variable.assign_sub(0.02 * gradient)
    return {"shared": shared, "up": up, "down": down, "last alone": alone, "total": total}
