"""Mixed precision: compute in half precision, keep variables in single, scale the loss against underflow."""

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    try:
        return collect(
            tf,
            *(
                policies,
                global_policy,
                layers_under_a_policy,
                output_in_single,
                half_arithmetic,
                underflow,
                loss_scaling,
            ),
            *(dynamic_scale, training_loop, fitting, brain_floats, own_layers, refused),
        )
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")


def policies(tf):
    mixed, brain = (tf.keras.mixed_precision.Policy(name) for name in ("mixed_float16", "mixed_bfloat16"))
    plain = tf.keras.mixed_precision.Policy("float32")
    return {
        "compute": [policy.compute_dtype for policy in (mixed, brain, plain)],
        "variable": [policy.variable_dtype for policy in (mixed, brain, plain)],
        "name": [policy.name for policy in (mixed, brain, plain)],
    }


def global_policy(tf):
    before = tf.keras.mixed_precision.global_policy().name
    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    name = tf.keras.mixed_precision.global_policy().name
    layer = tf.keras.layers.Dense(2)
    tf.keras.mixed_precision.set_global_policy(tf.keras.mixed_precision.Policy("float32"))
    return {
        "before": before,
        "set": name,
        "layer": [layer.dtype_policy.name, layer.compute_dtype, layer.variable_dtype],
    }


def layers_under_a_policy(tf):
    dense = tf.keras.layers.Dense(3, kernel_initializer="ones", dtype="mixed_float16")
    result = dense(tf.constant([[1.0, 2.0], [0.1, 0.2]]))
    batch_norm = tf.keras.layers.BatchNormalization(dtype="mixed_float16")
    normalised = batch_norm(tf.constant([[1.0], [2.0]]))
    return {
        "result": result,
        "kernel": dense.kernel.dtype,
        "normalised": normalised.dtype.name,
        "inputs are cast": tf.keras.layers.Dense(1, kernel_initializer="ones", dtype="mixed_float16")(
            tf.ones([1, 2])
        ).dtype.name,
    }


def output_in_single(tf):
    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    readings = tf.keras.Input(shape=(4,), name="readings")
    x = tf.keras.layers.Dense(6, activation="tanh", kernel_initializer="ones")(readings)
    x = tf.keras.layers.Dense(3, kernel_initializer=tf.keras.initializers.Constant(0.1))(x)
    shares = tf.keras.layers.Activation("softmax", dtype="float32")(x)
    model = tf.keras.Model(readings, shares)
    tf.keras.mixed_precision.set_global_policy("float32")
    return {
        "between": [x.dtype, shares.dtype],
        "weights": sorted({weight.dtype.name for weight in model.get_weights()}),
        "result": model(tf.constant([[0.1, 0.2, 0.3, 0.4]])),
    }


def half_arithmetic(tf):
    large, small = tf.constant(300.0, tf.float16), tf.constant(2e-4, tf.float16)
    matrix = tf.constant([[0.1, 0.2], [0.3, 0.4]], tf.float16)
    return {
        "overflow": large * large,
        "underflow": small * small,
        "sum": tf.constant(2048.0, tf.float16) + tf.constant(1.0, tf.float16),
        "matmul": matrix @ matrix,
        "reduce": tf.reduce_sum(matrix),
        "functions": [tf.exp(matrix), tf.sqrt(matrix), tf.nn.relu(-matrix)],
        "variable": tf.Variable([1.0, 2.0], dtype=tf.float16).assign_add([0.5, 0.5]),
        "limits": [float(tf.float16.max), float(tf.bfloat16.max)],
    }


def underflow(tf):
    """Without a scale the gradient is too small for half precision; with one it survives."""
    x = tf.constant(1e-4, tf.float16)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        loss = (x * tf.constant(1e-4, tf.float16)) * tf.constant(1e-4, tf.float16)
        scaled = (x * tf.constant(1e-4, tf.float16) * 1024.0) * tf.constant(1e-4, tf.float16) * 1024.0
    gradient = tf.cast(tape.gradient(scaled, x), tf.float32) / 1024.0**2
    return {"lost": loss, "scaled": gradient.numpy() > 0.0, "about": abs(float(gradient) - 1e-8) < 1e-9}


def loss_scaling(tf):
    inner = tf.keras.optimizers.SGD(learning_rate=0.5)
    optimizer = tf.keras.mixed_precision.LossScaleOptimizer(inner, initial_scale=1024.0)
    w = tf.Variable([1.0, 2.0])
    optimizer.build([w])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(w**2)
        scaled_loss = optimizer.scale_loss(loss)
    scaled = tape.gradient(scaled_loss, w)
    optimizer.apply_gradients([(scaled, w)])
    return {"scaled loss": scaled_loss, "scaled gradient": scaled, "w": w}


def dynamic_scale(tf):
    optimizer = tf.keras.mixed_precision.LossScaleOptimizer(
        tf.keras.optimizers.SGD(learning_rate=1.0), initial_scale=64.0, dynamic_growth_steps=2
    )
    w = tf.Variable([1.0])
    optimizer.build([w])
    history = []
    for gradient in ([64.0], [np.inf], [64.0], [32.0], [np.nan], [32.0]):
        optimizer.apply_gradients([(tf.constant(gradient, tf.float32), w)])
        history.append([float(w.numpy()[0]), float(np.asarray(optimizer.dynamic_scale))])
    return {"w and scale": history}


def data():
    rng = np.random.default_rng(6)
    x = rng.uniform(-1.0, 1.0, size=(32, 4)).astype(np.float32)
    return x, (x[:, 0] > x[:, 1]).astype(np.int32)


def make_model(tf, policy):
    rng = np.random.default_rng(9)
    model = tf.keras.Sequential(
        [
            tf.keras.Input([4]),
            tf.keras.layers.Dense(8, activation="relu", dtype=policy),
            tf.keras.layers.Dense(2, dtype=policy),
            tf.keras.layers.Activation("softmax", dtype="float32"),
        ]
    )
    model.set_weights([rng.uniform(-0.5, 0.5, size=weight.shape) for weight in model.get_weights()])
    return model


def losses_under(tf, policy):
    x, labels = (tf.constant(part) for part in data())
    model = make_model(tf, policy)
    loss_object = tf.keras.losses.SparseCategoricalCrossentropy()
    optimizer = tf.keras.mixed_precision.LossScaleOptimizer(tf.keras.optimizers.SGD(0.5), initial_scale=256.0)
    optimizer.build(model.trainable_variables)

    @tf.function
    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = loss_object(y, model(x))
            scaled = optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return [float(train_step(x, labels)) for _ in range(5)]


def training_loop(tf):
    """Half precision rounds, so its losses are compared with single precision and not digit by digit."""
    single, half = losses_under(tf, "float32"), losses_under(tf, "mixed_float16")
    return {
        "single": single,
        "half is near": bool(np.allclose(single, half, atol=0.02)),
        "variables stay single": sorted(
            {weight.dtype.name for weight in make_model(tf, "mixed_float16").get_weights()}
        ),
    }


def fitting(tf):
    x, labels = data()
    model = make_model(tf, "mixed_bfloat16")
    model.compile(optimizer=tf.keras.optimizers.SGD(0.5), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, labels, batch_size=16, epochs=3, shuffle=False, verbose=0).history
    return {
        "falls": history["loss"][-1] < history["loss"][0],
        "names": sorted(history),
        "predictions": [model.predict(x[:2], verbose=0).dtype.name],
    }


def brain_floats(tf):
    x = tf.constant([1.0, 1.0078125, 3.14159, 1e38], tf.bfloat16)
    return {
        "value": tf.cast(x, tf.float32),
        "sum": tf.cast(x + tf.constant(0.25, tf.bfloat16), tf.float32),
        "dtype": x.dtype.name,
        "numpy": x.numpy().astype(np.float32),
        "matmul": tf.cast(tf.ones([2, 3], tf.bfloat16) @ tf.ones([3, 2], tf.bfloat16), tf.float32),
        "with single": caught(lambda: x + tf.constant([1.0]), tf.errors.InvalidArgumentError),
    }


def own_layers(tf):
    class Scale(tf.keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.factor = self.add_weight(shape=(), initializer=tf.keras.initializers.Constant(1.1), name="factor")

        def call(self, inputs):
            return inputs * self.factor

    layer = Scale(dtype="mixed_float16")
    result = layer(tf.constant([1.0, 10.0]))
    return {"result": result, "stored": np.asarray(layer.factor).dtype.name, "autocast": layer.compute_dtype}


def refused(tf):
    return {
        "unknown policy": caught(lambda: tf.keras.mixed_precision.Policy("mixed_float8_and_a_half"), ValueError),
        "half with single": caught(lambda: tf.ones([1], tf.float16) * tf.ones([1]), tf.errors.InvalidArgumentError),
    }
