"""Parts of Keras written by the user: layers, losses, metrics and callbacks, in `fit` and alone."""

import tempfile
from pathlib import Path

import numpy as np

from tests.interop.guides._networks import batches, classifier, data, with_weights
from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        custom_layers,
        nested_layers,
        layer_with_losses,
        batch_normalisation,
        custom_losses,
        metrics,
        custom_metrics,
        callbacks,
        kept_weights,
        schedules,
        embedding,
        predictions,
    )


def custom_layers(tf):
    class Bands(tf.keras.layers.Layer):
        """Weigh the features into bands; count how often."""

        def __init__(self, bands, **kwargs):
            super().__init__(**kwargs)
            self.bands = bands

        def build(self, input_shape):
            half = tf.keras.initializers.Constant(0.5)
            self.mixing = self.add_weight(shape=(input_shape[-1], self.bands), initializer="ones", name="mixing")
            self.floor = self.add_weight(shape=(self.bands,), initializer=half, name="floor")
            self.uses = self.add_weight(shape=(), initializer="zeros", trainable=False, dtype="int32", name="uses")

        def call(self, inputs):
            self.uses.assign_add(1)
            return tf.maximum(tf.matmul(inputs, self.mixing), self.floor)

        def get_config(self):
            return {**super().get_config(), "bands": self.bands}

    layer = Bands(3)
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    results = [layer(x), layer(-x)]
    again = Bands.from_config(layer.get_config())
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(layer(x) ** 2)
    return {
        "results": results,
        "uses": int(np.asarray(layer.uses)),
        "weights": [list(weight.shape) for weight in layer.weights],
        "not trainable": len(layer.non_trainable_weights),
        "from config": again.bands,
        "gradients": tape.gradient(y, [x, *layer.trainable_weights]),
    }


def nested_layers(tf):
    class Block(tf.keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense_1 = tf.keras.layers.Dense(4, activation=tf.nn.relu)
            self.dense_2 = tf.keras.layers.Dense(2)
            self.dropout = tf.keras.layers.Dropout(0.9)

        def call(self, inputs, training=False):
            x = self.dropout(self.dense_1(inputs), training=training)
            return self.dense_2(x)

    block = Block()
    block(tf.ones([1, 3]))
    with_weights(block)
    return {
        "result": block(tf.constant([[0.5, -1.0, 2.0]])),
        "weights": [list(weight.shape) for weight in block.weights],
    }


def layer_with_losses(tf):
    class Activity(tf.keras.layers.Layer):
        def __init__(self, rate):
            super().__init__()
            self.rate = rate

        def call(self, inputs):
            self.add_loss(self.rate * tf.reduce_mean(inputs**2))
            return inputs

    inputs = tf.keras.Input(shape=(4,))
    x = Activity(0.1)(tf.keras.layers.Dense(3)(inputs))
    model = with_weights(tf.keras.Model(inputs, tf.keras.layers.Dense(1)(x)))
    features, labels = data()
    model.compile(optimizer=tf.keras.optimizers.SGD(0.05), loss="mse")
    losses = model.fit(features, labels.astype(np.float32), batch_size=48, epochs=3, shuffle=False, verbose=0).history[
        "loss"
    ]
    model(tf.constant(features))
    return {"fit": losses, "losses": model.losses}


def batch_normalisation(tf):
    inputs = tf.keras.Input(shape=(4,))
    x = tf.keras.layers.BatchNormalization(momentum=0.8)(tf.keras.layers.Dense(3)(inputs))
    model = tf.keras.Model(inputs, tf.keras.layers.Dense(1)(x))
    rng = np.random.default_rng(2)
    model.set_weights([np.abs(rng.normal(size=weight.shape)) + 0.1 for weight in model.get_weights()])
    features, labels = data()
    optimizer = tf.keras.optimizers.SGD(0.05)
    losses = []
    for x_batch, y_batch in batches(tf, features, labels.astype(np.float32)):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x_batch, training=True)[:, 0] - y_batch) ** 2)
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )
        losses.append(float(loss))
    norm = model.layers[2]
    return {
        "losses": losses,
        "moving mean": np.asarray(norm.moving_mean),
        "moving variance": np.asarray(norm.moving_variance),
        "inference": model(tf.constant(features[:4]), training=False),
        "counts": [len(model.trainable_variables), len(model.non_trainable_variables)],
    }


def custom_losses(tf):
    def huber(y_true, y_pred):
        error = tf.abs(y_true - y_pred)
        return tf.where(error < 0.5, 0.5 * error**2, 0.5 * (error - 0.25))

    class Weighted(tf.keras.losses.Loss):
        def call(self, y_true, y_pred):
            return tf.reduce_mean(tf.square(y_pred - y_true) * (1.0 + y_true), axis=-1)

    y_true, y_pred = tf.constant([[0.0, 1.0], [1.0, 1.0]]), tf.constant([[0.4, 0.9], [0.1, 2.0]])
    logits, labels = tf.constant([[2.0, -1.0, 0.5], [0.0, 0.1, 0.2]]), tf.constant([0, 2])
    x, targets = data()
    model = classifier(tf)
    model.compile(optimizer=tf.keras.optimizers.SGD(0.1), loss=huber)
    fitted = model.fit(
        x, np.stack([targets, 1 - targets], 1).astype(np.float32), batch_size=48, epochs=2, shuffle=False, verbose=0
    )
    return {
        "function": huber(y_true, y_pred),
        "class": Weighted()(y_true, y_pred),
        "class by sum": Weighted(reduction="sum")(y_true, y_pred),
        "fitted": fitted.history["loss"],
        "mse": tf.keras.losses.MSE(y_true, y_pred),
        "mean squared": tf.keras.losses.MeanSquaredError()(y_true, y_pred),
        "binary": tf.keras.losses.BinaryCrossentropy()(y_true, tf.clip_by_value(y_pred, 0.05, 0.95)),
        "binary of logits": tf.keras.losses.BinaryCrossentropy(from_logits=True)(y_true, y_pred),
        "categorical": tf.keras.losses.CategoricalCrossentropy(from_logits=True)(tf.one_hot(labels, 3), logits),
        "no reduction": tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="none")(
            labels, logits
        ),
        "of probabilities": tf.keras.losses.SparseCategoricalCrossentropy()(labels, tf.nn.softmax(logits)),
        "huber": tf.keras.losses.Huber(delta=0.5)(y_true, y_pred),
        "cosine": tf.keras.losses.CosineSimilarity()(y_true, y_pred),
    }


def metrics(tf):
    mean = tf.keras.metrics.Mean()
    mean.update_state([1.0, 3.0])
    mean.update_state([8.0], sample_weight=[2.0])
    accuracy = tf.keras.metrics.Accuracy()
    accuracy.update_state([1, 2, 3, 4], [0, 2, 3, 4])
    binary = tf.metrics.BinaryAccuracy(threshold=0.3)
    binary.update_state([1, 0, 1, 0], [0.4, 0.4, 0.1, 0.0])
    entropy = tf.keras.metrics.BinaryCrossentropy()
    entropy.update_state([1.0, 0.0], [0.8, 0.3])
    sparse = tf.metrics.SparseCategoricalAccuracy()
    sparse.update_state([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0.0]])
    area = tf.keras.metrics.AUC(num_thresholds=50)
    area.update_state([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])
    precision, recall = tf.keras.metrics.Precision(), tf.keras.metrics.Recall()
    for metric in (precision, recall):
        metric.update_state([0, 1, 1, 1], [1, 0, 1, 1])
    before = float(mean.result())
    mean.reset_state()
    return {
        "mean": before,
        "reset": float(mean.result()),
        "accuracy": float(accuracy.result()),
        "binary": float(binary.result()),
        "entropy": float(entropy.result()),
        "sparse": float(sparse.result()),
        "area": float(area.result()),
        "precision and recall": [float(precision.result()), float(recall.result())],
        "name": mean.name,
    }


def custom_metrics(tf):
    class Hits(tf.keras.metrics.Metric):
        """Count the rows whose largest score is the right one."""

        def __init__(self, name="hits", **kwargs):
            super().__init__(name=name, **kwargs)
            self.total = self.add_weight(name="total", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            del sample_weight
            best = tf.cast(tf.argmax(y_pred, axis=1), tf.int32)
            right = best == tf.cast(tf.reshape(y_true, [-1]), tf.int32)
            self.total.assign_add(tf.reduce_sum(tf.cast(right, tf.float32)))

        def result(self):
            return self.total

        def reset_state(self):
            self.total.assign(0.0)

    x, labels = data()
    model = classifier(tf)
    cross_entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=tf.keras.optimizers.SGD(0.1), loss=cross_entropy, metrics=[Hits()])
    history = model.fit(x, labels, batch_size=16, epochs=2, shuffle=False, verbose=0)
    alone = Hits()
    alone.update_state(tf.constant([0, 1]), tf.constant([[0.9, 0.1], [0.8, 0.2]]))
    return {"fitted": history.history["hits"], "alone": float(alone.result())}


def callbacks(tf):
    seen = []

    class Diary(tf.keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            seen.append(f"begin {epoch} {logs or ''}")

        def on_train_batch_end(self, batch, logs=None):
            seen.append(f"batch {batch} {sorted(logs)}")

        def on_epoch_end(self, epoch, logs=None):
            seen.append(f"end {epoch} {sorted(logs)}")

    x, labels = data()
    model = classifier(tf)
    cross_entropy = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=tf.keras.optimizers.SGD(0.1), loss=cross_entropy)
    rates = tf.keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    patience = tf.keras.callbacks.EarlyStopping(monitor="loss", min_delta=10.0, patience=1)
    history = model.fit(
        x, labels, batch_size=24, epochs=5, shuffle=False, verbose=0, callbacks=[Diary(), rates, patience]
    )
    return {
        "seen": seen,
        "rates": history.history["learning_rate"],
        "stopped": len(history.epoch),
        "rate": float(model.optimizer.learning_rate.numpy()),
    }


def kept_weights(tf):
    """Keep the weights of every epoch, and go on after an interruption."""

    def compiled():
        model = tf.keras.models.Sequential([tf.keras.Input([4]), tf.keras.layers.Dense(1)])
        model.compile(optimizer=tf.keras.optimizers.SGD(0.1, momentum=0.5), loss="mse")
        return with_weights(model)

    class Interrupt(tf.keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise RuntimeError(f"interrupted {logs}")

    folder = tempfile.mkdtemp()
    x, labels = data()
    y = labels.astype(np.float32)
    options = {"batch_size": 24, "epochs": 4, "shuffle": False, "verbose": 0}
    keep = tf.keras.callbacks.ModelCheckpoint(folder + "/{epoch}.weights.h5", save_weights_only=True, monitor="loss")
    whole = compiled().fit(x, y, callbacks=[keep], **options).history["loss"]
    backup = tf.keras.callbacks.BackupAndRestore(folder + "/backup")
    stopped = caught(lambda: compiled().fit(x, y, callbacks=[backup, Interrupt()], **options), RuntimeError)
    again = tf.keras.callbacks.BackupAndRestore(folder + "/backup")
    rest = compiled().fit(x, y, callbacks=[again], **options).history["loss"]
    reloaded = compiled()
    reloaded.load_weights(folder + "/2.weights.h5")
    return {
        "whole": whole,
        "files": sorted(path.name for path in Path(folder).glob("*.h5")),
        "stopped": stopped,
        "rest": rest,
        "second epoch": reloaded.get_weights(),
    }


def schedules(tf):
    steps = [0, 1, 10, 25]
    inverse = tf.keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0, staircase=False)
    exponential = tf.keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5, staircase=True)
    cosine = tf.keras.optimizers.schedules.CosineDecay(0.1, decay_steps=20)
    piecewise = tf.keras.optimizers.schedules.PiecewiseConstantDecay([5, 15], [1.0, 0.5, 0.1])
    v = tf.Variable(10.0)
    optimizer = tf.keras.optimizers.SGD(inverse)
    values = []
    for _ in range(3):
        optimizer.apply_gradients([(tf.constant(1.0), v)])
        values.append(v.numpy())
    return {
        "inverse": [float(inverse(step)) for step in steps],
        "exponential": [float(exponential(step)) for step in steps],
        "cosine": [float(cosine(step)) for step in steps],
        "piecewise": [float(piecewise(step)) for step in steps],
        "values": values,
    }


def embedding(tf):
    words = tf.keras.Input(shape=(5,), dtype="int32")
    extra = tf.keras.layers.Input(shape=(2,))
    x = tf.keras.layers.Embedding(10, 3)(words)
    x = tf.keras.layers.GlobalAveragePooling1D()(x)
    x = tf.keras.layers.Concatenate()([x, tf.keras.layers.Lambda(lambda value: value * 2.0)(extra)])
    x = tf.keras.layers.concatenate([x, extra])
    model = with_weights(tf.keras.Model([words, extra], tf.keras.layers.Dense(1, activation="sigmoid")(x)))
    sentences = tf.constant([[1, 2, 3, 0, 0], [4, 4, 9, 1, 0]])
    numbers = tf.constant([[0.5, -0.5], [1.0, 2.0]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model([sentences, numbers]) ** 2)
    table, *rest = tape.gradient(loss, model.trainable_variables)
    normalise = tf.keras.layers.Normalization(axis=-1)
    normalise.adapt(np.array([[1.0, 10.0], [3.0, 30.0]], np.float32))
    return {
        "result": model([sentences, numbers]),
        "by table": tf.convert_to_tensor(table),
        "by rest": rest,
        "normalised": normalise(tf.constant([[2.0, 40.0]])),
    }


def predictions(tf):
    x, _ = data()
    model = classifier(tf)
    probability = tf.keras.Sequential([model, tf.keras.layers.Softmax()])
    found = probability.predict(x[:3], verbose=0)
    return {
        "kind": type(found).__name__,
        "probabilities": found,
        "called": probability(x[:3]),
        "best": tf.argmax(found, axis=1),
        "layer by name": model.get_layer("dense_2").units,
        "part": tf.keras.Model(model.input, model.get_layer("dense_1").output)(x[:2]),
    }
