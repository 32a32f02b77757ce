"""Custom training of Keras models: own loops with a tape, own train and test steps, several networks at once."""

import numpy as np

from tests.interop.guides._networks import batches, classifier, data, with_weights
from tests.interop.guides._results import collect


def run(tf):
    return collect(
        tf,
        custom_loop,
        loop_in_a_function,
        with_regularisation,
        custom_train_step,
        train_step_without_compiled_loss,
        with_sample_weights,
        custom_test_step,
        gradient_clipping,
        frozen_layers,
        two_networks,
        convolutions,
        distributed_losses,
    )


def custom_loop(tf):
    x, labels = data()
    model = classifier(tf)
    optimizer = tf.keras.optimizers.SGD(learning_rate=0.2)
    cross_entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    seen, held_out = (tf.keras.metrics.SparseCategoricalAccuracy(name) for name in ("seen", "held_out"))
    history = []
    for _ in range(2):
        seen.reset_state()
        for rows, targets in batches(tf, x[:32], labels[:32]):
            with tf.GradientTape() as tape:
                logits = model(rows, training=True)
                loss = cross_entropy(targets, logits)
            gradients = tape.gradient(loss, model.trainable_weights)
            optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
            seen.update_state(targets, logits)
            history.append(float(loss))
        history.append(float(seen.result()))
    held_out.update_state(labels[32:], model(tf.constant(x[32:]), training=False))
    return {"history": history, "held out": float(held_out.result()), "weights": model.get_weights()}


def loop_in_a_function(tf):
    x, labels = data()
    model = classifier(tf)
    optimizer = tf.keras.optimizers.Adam(learning_rate=0.02)
    cross_entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy, mean_loss = tf.keras.metrics.SparseCategoricalAccuracy(), tf.keras.metrics.Mean(name="loss")

    @tf.function
    def learn(rows, targets):
        with tf.GradientTape() as tape:
            logits = model(rows, training=True)
            loss = cross_entropy(targets, logits)
        gradients = tape.gradient(loss, model.trainable_weights)
        optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
        accuracy.update_state(targets, logits)
        mean_loss(loss)
        return loss

    @tf.function
    def judge(rows, targets):
        return cross_entropy(targets, model(rows, training=False))

    history = []
    for _ in range(2):
        history += [float(learn(rows, targets)) for rows, targets in batches(tf, x, labels)]
        for metric in (accuracy, mean_loss):
            history.append(float(metric.result()))
            metric.reset_state()
    return {
        "history": history,
        "judged": judge(tf.constant(x), tf.constant(labels)),
        "steps": int(optimizer.iterations.numpy()),
    }


def with_regularisation(tf):
    layer = tf.keras.layers.Dense(
        3, kernel_regularizer=tf.keras.regularizers.L2(0.1), bias_regularizer=tf.keras.regularizers.l2(0.5)
    )
    x = tf.constant([[1.0, 2.0]])
    layer(x)
    layer.set_weights([np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]]), np.array([1.0, 2.0, 0.0])])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x) ** 2) + tf.add_n(layer.losses)
    return {"penalties": layer.losses, "loss": loss, "gradients": tape.gradient(loss, layer.trainable_variables)}


def custom_train_step(tf):
    class Symmetric(tf.keras.Model):
        """Learn from every row and from its negative, in one step of `fit`."""

        def train_step(self, data):
            rows, targets = data
            with tf.GradientTape() as tape:
                predicted = self(rows, training=True)
                mirrored = self(-rows, training=True)
                loss = self.compute_loss(y=targets, y_pred=predicted)
                loss += 0.5 * self.compute_loss(y=targets, y_pred=mirrored)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(targets, predicted)
            return {metric.name: metric.result() for metric in self.metrics}

    x, labels = data()
    inputs = tf.keras.Input(shape=(4,))
    outputs = tf.keras.layers.Dense(1)(tf.keras.layers.Dense(5, activation="tanh")(inputs))
    model = with_weights(Symmetric(inputs, outputs))
    model.compile(optimizer=tf.keras.optimizers.SGD(0.1), loss="mse", metrics=["mae"])
    history = model.fit(x, labels.astype(np.float32), batch_size=16, epochs=3, shuffle=False, verbose=0)
    return {"history": history.history, "weights": model.get_weights()}


def train_step_without_compiled_loss(tf):
    class Careful(tf.keras.Model):
        """Know its own loss and metrics; small gradients are left out."""

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.mean_loss = tf.keras.metrics.Mean(name="mean_loss")
            self.steps_taken = tf.keras.metrics.Sum(name="steps_taken")

        def train_step(self, data):
            rows, targets = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.math.log(tf.cosh(self(rows, training=True) - targets)))
            gradients = tape.gradient(loss, self.trainable_variables)
            kept = [tf.where(tf.abs(gradient) > 0.05, gradient, 0.0) for gradient in gradients]
            self.optimizer.apply(kept, self.trainable_variables)
            self.mean_loss.update_state(loss)
            self.steps_taken.update_state(1.0)
            return {metric.name: metric.result() for metric in self.metrics}

        @property
        def metrics(self):
            return [self.mean_loss, self.steps_taken]

    x, labels = data()
    inputs = tf.keras.Input(shape=(4,))
    model = with_weights(Careful(inputs, tf.keras.layers.Dense(1)(inputs)))
    model.compile(optimizer="sgd")
    history = model.fit(x, labels[:, None].astype(np.float32), batch_size=24, epochs=2, shuffle=False, verbose=0)
    return {"history": history.history}


def with_sample_weights(tf):
    x, labels = data()
    model = classifier(tf)
    model.compile(
        optimizer=tf.keras.optimizers.SGD(0.1), loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    weights = np.linspace(0.0, 2.0, len(x)).astype(np.float32)
    by_sample = model.fit(x, labels, sample_weight=weights, batch_size=16, epochs=2, shuffle=False, verbose=0).history[
        "loss"
    ]
    by_class = model.fit(
        x, labels, class_weight={0: 1.0, 1: 3.0}, batch_size=16, epochs=1, shuffle=False, verbose=0
    ).history["loss"]
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return {
        "by sample": by_sample,
        "by class": by_class,
        "called": loss(labels, model(tf.constant(x)), sample_weight=weights),
    }


def custom_test_step(tf):
    class Doubting(tf.keras.Model):
        """Evaluate twice the prediction."""

        def test_step(self, data):
            rows, targets = data
            predicted = self(rows, training=False) * 2.0
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(self.compute_loss(y=targets, y_pred=predicted))
                else:
                    metric.update_state(targets, predicted)
            return {metric.name: metric.result() for metric in self.metrics}

    x, labels = data()
    inputs = tf.keras.Input(shape=(4,))
    model = with_weights(Doubting(inputs, tf.keras.layers.Dense(1)(inputs)))
    model.compile(loss="mse", metrics=["mae"])
    found = model.evaluate(x, labels[:, None].astype(np.float32), batch_size=48, verbose=0, return_dict=True)
    return {name: float(value) for name, value in found.items()}


def gradient_clipping(tf):
    found = {}
    for name, options in {
        "norm": {"clipnorm": 1.0},
        "value": {"clipvalue": 0.5},
        "global": {"global_clipnorm": 1.0},
    }.items():
        a, b = tf.Variable([1.0, 1.0]), tf.Variable(1.0)
        optimizer = tf.keras.optimizers.SGD(1.0, **options)
        optimizer.apply_gradients([(tf.constant([3.0, 4.0]), a), (tf.constant(-2.0), b)])
        found[name] = [a, b]
    return found


def frozen_layers(tf):
    model = classifier(tf)
    model.layers[1].trainable = False
    before = [weight.copy() for weight in model.get_weights()]
    x, labels = data()
    model.compile(
        optimizer=tf.keras.optimizers.SGD(0.5), loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    model.fit(x, labels, epochs=1, batch_size=48, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    return {"changed": changed, "trainable": len(model.trainable_weights)}


def two_networks(tf):
    """Let a forger and an expert learn from each other, with two tapes and two optimizers."""
    layers = tf.keras.layers
    forger = with_weights(tf.keras.Sequential([tf.keras.Input([2]), layers.Dense(4, "tanh"), layers.Dense(3)]))
    expert = with_weights(tf.keras.Sequential([tf.keras.Input([3]), layers.Dense(4, "elu"), layers.Dense(1)]), seed=8)
    forging, judging = tf.keras.optimizers.Adam(0.01), tf.keras.optimizers.RMSprop(0.01)
    chance = tf.constant(np.sin(np.arange(20)).reshape(10, 2), tf.float32)
    genuine = tf.constant(np.cos(np.arange(30)).reshape(10, 3), tf.float32)

    def surprise(logits, truth):
        return tf.reduce_mean(
            tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.fill(logits.shape, truth), logits=logits)
        )

    @tf.function
    def contest():
        with tf.GradientTape() as forger_tape, tf.GradientTape() as expert_tape:
            forged = expert(forger(chance, training=True), training=True)
            forger_loss = surprise(forged, 1.0)
            expert_loss = surprise(expert(genuine, training=True), 1.0) + surprise(forged, 0.0)
        for tape, loss, network, optimizer in (
            (forger_tape, forger_loss, forger, forging),
            (expert_tape, expert_loss, expert, judging),
        ):
            gradients = tape.gradient(loss, network.trainable_variables)
            optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))
        return forger_loss, expert_loss

    return {"losses": [[float(loss) for loss in contest()] for _ in range(4)]}


def convolutions(tf):
    model = tf.keras.Sequential(
        [
            tf.keras.Input([8, 8, 1]),
            tf.keras.layers.Rescaling(0.5),
            tf.keras.layers.Conv2D(3, 3, activation="relu"),
            tf.keras.layers.MaxPooling2D(),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(2),
            tf.keras.layers.Softmax(),
        ]
    )
    with_weights(model)
    images = np.sin(np.arange(4 * 64, dtype=np.float32)).reshape(4, 8, 8, 1)
    labels = np.array([0, 1, 1, 0])
    optimizer = tf.keras.optimizers.SGD(0.1)
    losses = []
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.keras.losses.sparse_categorical_crossentropy(labels, model(images, training=True)))
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        losses.append(float(loss))
    return {"losses": losses, "predictions": model(images)}


def distributed_losses(tf):
    per_example = tf.constant([1.0, 2.0, 3.0])
    return {
        "average": tf.nn.compute_average_loss(per_example, global_batch_size=6),
        "weighted": tf.nn.compute_average_loss(
            per_example, sample_weight=tf.constant([1.0, 0.0, 2.0]), global_batch_size=3
        ),
        "regularisation": tf.nn.scale_regularization_loss(tf.constant([4.0, 6.0])),
    }
