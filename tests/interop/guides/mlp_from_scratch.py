"""A perceptron of several layers from scratch: own layers, own Adam, batches, accuracy, export."""

import tempfile

import numpy as np

from tests.interop.guides._results import collect


def run(tf):
    return collect(tf, prepared_data, forward_pass, training, evaluation, exporting)


def rings(tf):
    """Return points and the ring that each lies in, by its distance from the origin."""
    rng = np.random.default_rng(5)
    points = rng.uniform(-1.0, 1.0, size=(96, 4)).astype(np.float32)
    ring = np.digitize(np.linalg.norm(points, axis=1), [1.0, 1.3]).astype(np.int64)
    return tf.constant(points), tf.constant(ring)


def layer_class(tf):
    class Layer(tf.Module):
        """Learn a matrix and a shift; their shapes come with the first rows."""

        def __init__(self, width, activation, seed):
            super().__init__()
            self.width, self.activation, self.seed = width, activation, seed
            self.kernel = self.shift = None

        def build(self, features):
            limit = np.sqrt(6.0 / (features + self.width))
            kernel = np.random.default_rng(self.seed).uniform(-limit, limit, (features, self.width))
            self.kernel = tf.Variable(kernel.astype(np.float32), name="kernel")
            self.shift = tf.Variable(tf.zeros([self.width]), name="shift")

        def __call__(self, rows):
            if self.kernel is None:
                self.build(rows.shape[-1])
            return self.activation(tf.matmul(rows, self.kernel) + self.shift)

    return Layer


def perceptron(tf):
    layer = layer_class(tf)

    class Perceptron(tf.Module):
        def __init__(self, layers):
            super().__init__()
            self.layers = layers

        @tf.function
        def __call__(self, rows):
            for layer in self.layers:
                rows = layer(rows)
            return rows

    return Perceptron([layer(16, tf.nn.relu, 1), layer(12, tf.nn.tanh, 2), layer(3, tf.identity, 3)])


def adam_class(tf):
    class Adam(tf.Module):
        """Kingma and Ba's method: means of gradients and of their squares, both corrected for their start at zero."""

        def __init__(self, variables, rate, mean_decay=0.9, square_decay=0.999, epsilon=1e-7):
            super().__init__()
            self.rate, self.decays, self.epsilon = rate, (mean_decay, square_decay), epsilon
            self.step = tf.Variable(0.0, trainable=False)
            self.means = [tf.Variable(tf.zeros_like(variable), trainable=False) for variable in variables]
            self.squares = [tf.Variable(tf.zeros_like(variable), trainable=False) for variable in variables]

        def update(self, variables, gradients):
            self.step.assign_add(1.0)
            first, second = (1.0 - decay**self.step for decay in self.decays)
            for variable, gradient, mean, square in zip(variables, gradients, self.means, self.squares, strict=True):
                mean.assign(self.decays[0] * mean + (1.0 - self.decays[0]) * gradient)
                square.assign(self.decays[1] * square + (1.0 - self.decays[1]) * gradient**2)
                variable.assign_sub(self.rate * (mean / first) / (tf.sqrt(square / second) + self.epsilon))

    return Adam


def cross_entropy(tf, logits, ring):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=ring, logits=logits))


def accuracy(tf, logits, ring):
    return tf.reduce_mean(tf.cast(tf.argmax(tf.nn.softmax(logits), axis=1) == ring, tf.float32))


def prepared_data(tf):
    points, ring = rings(tf)
    mean, deviation = tf.math.reduce_mean(points, axis=0), tf.math.reduce_std(points, axis=0)
    return {
        "counts": tf.math.bincount(tf.cast(ring, tf.int32)),
        "one hot": tf.one_hot(ring[:4], 3),
        "standardised": ((points - mean) / deviation)[:3],
    }


def forward_pass(tf):
    points, ring = rings(tf)
    model = perceptron(tf)
    logits = model(points)
    return {
        "logits": logits[:4],
        "loss": cross_entropy(tf, logits, ring),
        "of no idea": cross_entropy(tf, logits * 0.0, ring),
        "variables": [variable.shape.as_list() for variable in model.trainable_variables],
        "the loss by gather": -tf.reduce_mean(tf.gather(tf.nn.log_softmax(logits), ring, batch_dims=1)),
    }


def trained(tf):
    points, ring = rings(tf)
    model = perceptron(tf)
    model(points[:1])
    adam = adam_class(tf)(model.trainable_variables, rate=0.01)

    @tf.function
    def learn(rows, ring):
        with tf.GradientTape() as tape:
            logits = model(rows)
            loss = cross_entropy(tf, logits, ring)
        adam.update(model.trainable_variables, tape.gradient(loss, model.trainable_variables))
        return loss, accuracy(tf, logits, ring)

    batches = [slice(start, start + 24) for _ in range(4) for start in range(0, 96, 24)]
    history = [[float(value) for value in learn(points[batch], ring[batch])] for batch in batches]
    return model, adam, history


def training(tf):
    model, adam, history = trained(tf)
    return {
        "history": history,
        "last shift": model.layers[-1].shift,
        "falls": history[-1][0] < history[0][0],
        "steps": adam.step,
        "nothing of Adam is trained": len(adam.trainable_variables),
    }


def evaluation(tf):
    points, ring = rings(tf)
    model, _, _ = trained(tf)
    logits = model(points)
    confusion = tf.math.confusion_matrix(ring, tf.argmax(logits, axis=1))
    return {
        "accuracy": accuracy(tf, logits, ring),
        "confusion": confusion,
        "recall": tf.linalg.diag_part(confusion) / tf.reduce_sum(confusion, axis=1),
    }


def exporting(tf):
    model, _, _ = trained(tf)
    points, _ = rings(tf)

    class Classifier(tf.Module):
        """What is served: raw points in, the ring and its probability out."""

        def __init__(self, model):
            super().__init__()
            self.model = model

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
        def classify(self, points):
            probabilities = tf.nn.softmax(self.model(points))
            return {"ring": tf.argmax(probabilities, axis=1), "probability": tf.reduce_max(probabilities, axis=1)}

    folder = tempfile.mkdtemp() + "/rings"
    tf.saved_model.save(Classifier(model), folder)
    loaded = tf.saved_model.load(folder)
    answer = loaded.classify(points[:5])
    return {"answer": answer, "as before": tf.reduce_all(answer["ring"] == tf.argmax(model(points[:5]), axis=1))}
