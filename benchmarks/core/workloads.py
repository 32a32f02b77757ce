"""What is timed: programs of TensorFlow's users, written once and run under Tenon and under TensorFlow.

A workload is a function of the module (``tenon`` or ``tensorflow``) that prepares everything and returns the thing to
time and a check value: a function that runs it once and returns something whose value both sides must agree on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Workload = Callable[[Any], Callable[[], Any]]
WORKLOADS: dict[str, Workload] = {}


def workload(name: str) -> Callable[[Workload], Workload]:
    """Return a decorator that lists a workload under a name."""

    def register(make: Workload) -> Workload:
        WORKLOADS[name] = make
        return make

    return register


def _random(*shape: int, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    return (np.random.RandomState(seed).standard_normal(shape) * scale).astype(np.float32)


@workload("eager add of two small tensors")
def eager_add(tf: Any) -> Callable[[], Any]:
    x, y = tf.constant([1.0, 2.0, 3.0]), tf.constant([4.0, 5.0, 6.0])
    return lambda: x + y


@workload("eager tape step, MLP 64-64-64-10, 32 rows")
def eager_tape_step(tf: Any) -> Callable[[], Any]:
    return _mlp_step(tf, 64, 64, 32)


@workload("call of a tf.function that adds")
def function_call(tf: Any) -> Callable[[], Any]:
    x = tf.constant([1.0, 2.0, 3.0])
    function = tf.function(lambda a: a + a)
    return lambda: function(x)


@workload("call of a tf.function with a variable")
def stateful_function_call(tf: Any) -> Callable[[], Any]:
    counter = tf.Variable(0.0)

    @tf.function
    def count(x: Any) -> Any:
        counter.assign_add(x)
        return counter.read_value()

    x = tf.constant(0.5)
    return lambda: count(x)


def _mlp_step(tf: Any, inputs: int, hidden: int, rows: int) -> Callable[[], Any]:
    sizes = ((inputs, hidden), (hidden, hidden), (hidden, 10))
    weights = [tf.Variable(_random(*size, seed=i, scale=0.1)) for i, size in enumerate(sizes)]
    biases = [tf.Variable(np.zeros(size[1], np.float32)) for size in sizes]
    x, labels = tf.constant(_random(rows, inputs)), tf.constant(np.arange(rows) % 10)

    def step() -> Any:
        with tf.GradientTape() as tape:
            h = tf.nn.relu(x @ weights[0] + biases[0])
            h = tf.nn.relu(h @ weights[1] + biases[1])
            logits = h @ weights[2] + biases[2]
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
        variables = weights + biases
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(0.01 * gradient)
        return loss

    return step


@workload("custom training loop in a tf.function, MLP 784-128-128-10, 32 rows")
def mlp_loop(tf: Any) -> Callable[[], Any]:
    return tf.function(_mlp_step(tf, 784, 128, 32))


def _keras_step(tf: Any, model: Any, x: Any, labels: Any) -> Callable[[], Any]:
    for variable, seed in zip(model.trainable_variables, range(100), strict=False):
        variable.assign(_random(*variable.shape, seed=seed, scale=0.05))
    loss_function = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = tf.keras.optimizers.Adam(1e-3)

    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = loss_function(labels, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return step


def _mlp(tf: Any) -> Any:
    layers = tf.keras.layers
    hidden = [layers.Dense(128, activation="relu") for _ in range(2)]
    return tf.keras.Sequential([tf.keras.Input((784,)), *hidden, layers.Dense(10)])


def _cnn(tf: Any) -> Any:
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            tf.keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


@workload("custom training loop in a tf.function, Keras MLP and Adam, 32 rows")
def keras_mlp_loop(tf: Any) -> Callable[[], Any]:
    return tf.function(_keras_step(tf, _mlp(tf), tf.constant(_random(32, 784)), tf.constant(np.arange(32) % 10)))


@workload("custom training loop in a tf.function, Keras CNN and Adam, 32 rows")
def keras_cnn_loop(tf: Any) -> Callable[[], Any]:
    return tf.function(_keras_step(tf, _cnn(tf), tf.constant(_random(32, 28, 28, 1)), tf.constant(np.arange(32) % 10)))


@workload("the same Keras MLP step, eager")
def keras_eager(tf: Any) -> Callable[[], Any]:
    return _keras_step(tf, _mlp(tf), tf.constant(_random(32, 784)), tf.constant(np.arange(32) % 10))


@workload("tracing a function of 100 layers")
def tracing(tf: Any) -> Callable[[], Any]:
    weights = [tf.Variable(_random(8, 8, seed=i, scale=0.3)) for i in range(100)]
    biases = [tf.Variable(np.zeros(8, np.float32)) for _ in range(100)]
    spec = tf.TensorSpec((4, 8), tf.float32)

    def model(x: Any) -> Any:
        for w, b in zip(weights, biases, strict=True):
            x = tf.nn.relu(x @ w + b)
        return x

    return lambda: tf.function(model).get_concrete_function(spec) and None


@workload("session.run of a training step in a TensorFlow 1 graph, MLP 64-128-128-10 and Adam, 32 rows")
def session_step(tf: Any) -> Callable[[], Any]:
    v1 = tf.compat.v1
    with v1.Graph().as_default() as graph:
        x, labels = v1.placeholder(v1.float32, [None, 64]), v1.placeholder(v1.int64, [None])
        h = x
        for number, (rows, columns) in enumerate(((64, 128), (128, 128), (128, 10))):
            kernel = v1.get_variable(f"kernel{number}", initializer=_random(rows, columns, seed=number, scale=0.1))
            bias = v1.get_variable(f"bias{number}", [columns], initializer=v1.zeros_initializer())
            h = v1.matmul(v1.nn.relu(h) if number else h, kernel) + bias
        loss = v1.reduce_mean(v1.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=h))
        train = v1.train.AdamOptimizer(0.001).minimize(loss)
        initializer = v1.global_variables_initializer()
    session = v1.Session(graph=graph)
    session.run(initializer)
    feed = {x: _random(32, 64), labels: np.arange(32) % 10}
    return lambda: session.run([train, loss], feed)[1]
