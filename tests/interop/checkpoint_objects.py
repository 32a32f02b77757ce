"""Objects to be saved, written in TensorFlow's way and made in both worlds: with TensorFlow, and with Tenon as ``tf``.

Every function of ``ZOO`` takes ``tf`` and a number and returns a checkpoint whose values depend on the number.
Every function of ``BEHAVIOUR`` takes ``tf`` and a folder and returns what can be written as JSON.
"""

from __future__ import annotations

import collections
import json
import sys
from pathlib import Path

import numpy as np

Pair = collections.namedtuple("Pair", "left right")


def filled(variables, number):
    """Give variables values that are all different and fit every dtype."""
    for place, variable in enumerate(variables):
        shape = [int(size) for size in variable.shape]
        dtype = str(getattr(variable.dtype, "name", variable.dtype))
        values = np.arange(np.prod(shape)).reshape(shape) % 50 + place % 50 + number
        variable.assign(values.astype(dtype))


def module(tf, number):
    class Inner(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable([[1.0, 2.0]], name="w")
            self.empty = tf.Variable(tf.zeros([0, 3]))

    class Outer(tf.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner()
            self.layers = [Inner(), [Inner(), tf.Variable(1)], {"a": tf.Variable(2.0)}, 5, "text", None]
            self.pair = (tf.Variable(3), Inner())
            self.named = Pair(tf.Variable(3), [tf.Variable(4)])
            self.plain = (1, 2)
            self.numbers = [1, 2]
            self.odd = {"a/b": tf.Variable(6), "a.b": tf.Variable(7), "ä ö": tf.Variable(8)}
            self.shared = self.inner.w
            self.again = self.layers[0]
            self._private = tf.Variable(3, dtype=tf.int64)
            self.half = tf.Variable([1.0, 2.0], dtype=tf.bfloat16)
            self.flag = tf.Variable([True, False])
            self.wave = tf.Variable([1 + 2j])
            self.double = tf.Variable(0.1, dtype=tf.float64)
            self.words = tf.Variable(["a", "bc"])

    outer = Outer()
    checkpoint = tf.train.Checkpoint(model=outer, step=tf.Variable(0))
    outer.words.assign([f"word {number}", ""])
    numbers = [v for v in outer.variables if v.dtype not in (tf.string, tf.bool)]
    filled([*numbers, checkpoint.step], number)
    outer.flag.assign([number % 2 == 0, True])
    return checkpoint


def root(tf, number):
    held = tf.Module()
    held.w = tf.Variable([1.0])
    extra, items, names = tf.Variable(1), [tf.Variable(2), {"x": tf.Variable(3)}], {"y": tf.Variable(4)}
    filled([held.w, extra, items[0], items[1]["x"], names["y"]], number)
    return tf.train.Checkpoint(held, extra=extra, items=items, names=names)


def nested_checkpoints(tf, number):
    inner = tf.train.Checkpoint(v=tf.Variable([0.0]))
    filled([inner.v], number)
    return tf.train.Checkpoint(inner=inner, b=tf.Variable(number), a=tf.Variable(number))


def generator(tf, number):
    return tf.train.Checkpoint(rng=tf.random.Generator.from_seed(number))


def trained(tf, model, optimizer, number):
    optimizer.build(model.trainable_variables)
    filled([*model.weights, *optimizer.variables], number)
    return tf.train.Checkpoint(model=model, optimizer=optimizer)


def sequential(tf, number):
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            tf.keras.Input((4, 4, 1)),
            layers.Conv2D(2, 3),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(3, activation="relu"),
            layers.Dense(2),
        ]
    )
    model.compile(optimizer="adam", loss="mse", metrics=["mae"])
    return trained(tf, model, model.optimizer, number)


def functional(tf, number):
    layers = tf.keras.layers
    inputs = tf.keras.Input((4, 3))
    attention = layers.MultiHeadAttention(2, 2)(inputs, inputs)
    both = layers.Bidirectional(layers.GRU(2, return_sequences=True))(attention)
    rows = layers.TimeDistributed(layers.Dense(2))(layers.LayerNormalization()(both))
    model = tf.keras.Model(inputs, [layers.LSTM(2)(rows), layers.Embedding(3, 2)(layers.Flatten()(inputs))])
    return trained(tf, model, tf.keras.optimizers.SGD(0.1, momentum=0.9), number)


def models_in_models(tf, number):
    layers = tf.keras.layers
    inner = tf.keras.Sequential([tf.keras.Input((2,)), layers.Dense(2), layers.Dense(2)])
    model = tf.keras.Sequential([inner, layers.Dense(1)])
    model(np.ones((1, 2), "float32"))
    filled(model.weights, number)
    return tf.train.Checkpoint(model)


def subclassed(tf, number):
    class Own(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(2)
            self.pair = (tf.keras.layers.Dense(2), tf.keras.layers.Dense(2))
            self.norm = tf.keras.layers.Normalization()
            self.spectral = tf.keras.layers.SpectralNormalization(tf.keras.layers.Dense(2))
            self.scale = self.add_weight(shape=(2,), name="scale")
            self.seed = tf.keras.random.SeedGenerator(1)
            self.mean = tf.keras.metrics.Mean()
            self.held = tf.Module()
            self.held.w = tf.Variable([1.0])
            self.own = tf.Variable(2.0)
            self.kerass = tf.keras.Variable(3.0)

        def call(self, x):
            for layer in (self.dense, *self.pair, self.norm, self.spectral):
                x = layer(x)
            return x * self.scale

    model = Own()
    model.norm.adapt(np.ones((3, 2), "float32"))
    model(np.ones((1, 2), "float32"))
    filled([*model.weights, model.held.w, model.own], number)
    return tf.train.Checkpoint(model=model)


def layers_in_a_module(tf, number):
    held = tf.Module()
    held.layers = [tf.keras.layers.Dense(2), tf.keras.layers.Dense(3)]
    held.table = {"embedding": tf.keras.layers.Embedding(3, 2)}
    held.kerass = tf.keras.Variable([1.0])
    for layer in (*held.layers, held.table["embedding"]):
        layer.build((None, 2))
    filled([*held.layers[0].weights, *held.layers[1].weights, *held.table["embedding"].weights, held.kerass], number)
    return tf.train.Checkpoint(held=held, more=[tf.keras.Variable(float(number))])


def layers_in_a_list_of_a_model(tf, number):
    """TensorFlow forgets such layers, but for what the optimizer holds of them."""

    class Blocks(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [tf.keras.layers.Dense(2), tf.keras.layers.Dense(2)]

        def call(self, x):
            return self.blocks[1](self.blocks[0](x))

    model = Blocks()
    model(np.ones((1, 2), "float32"))
    return trained(tf, model, tf.keras.optimizers.RMSprop(), number)


def optimizers(tf, number):
    kinds = ("Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "Lion", "Adafactor", "SGD")
    made = {kind: getattr(tf.keras.optimizers, kind)(0.1) for kind in kinds}
    schedule = tf.keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    made["scheduled"] = tf.keras.optimizers.SGD(schedule, momentum=0.5, use_ema=True)
    made["scaled"] = tf.keras.optimizers.LossScaleOptimizer(tf.keras.optimizers.Adam())
    made["accumulating"] = tf.keras.optimizers.Adam(gradient_accumulation_steps=2)
    for optimizer in made.values():
        optimizer.build([tf.keras.Variable([1.0, 2.0]), tf.keras.Variable([[1.0], [2.0]])])
        filled([*optimizer.variables, *optimizer._trainable_variables], number)
    return tf.train.Checkpoint(**made)


ZOO = {
    make.__name__: make
    for make in (
        *(module, root, nested_checkpoints, generator, sequential, functional, models_in_models, subclassed),
        *(layers_in_a_module, layers_in_a_list_of_a_model, optimizers),
    )
}


def outcome(function):
    """Return what a function returns, or the builtin kinds of error that its error is."""
    try:
        found = function()
    except (AssertionError, ValueError, LookupError, NotImplementedError) as error:
        kinds = (AssertionError, ValueError, NotImplementedError)
        return next((kind.__name__ for kind in kinds if isinstance(error, kind)), "error")
    except Exception:
        return "error"
    return found if isinstance(found, str | int | float | bool | list) else "ok"


def assertions(tf, folder):
    """What the assertions of a status say when values and objects do and do not match."""

    def made(**values):
        return tf.train.Checkpoint(**{name: tf.Variable(value) for name, value in values.items()})

    path = made(a=1.0, b=[1, 2]).write(f"{folder}/assertions")
    saved = made(a=1.0, b=[1, 2]).save(f"{folder}/assertions-saved")
    objects = {
        "same": {"a": 0.0, "b": [0, 0]},
        "fewer": {"a": 0.0},
        "more": {"a": 0.0, "b": [0, 0], "c": 1},
        "others": {"x": 0.0},
        "none": {},
        "shape": {"b": [0, 0, 0]},
    }
    found = {}
    for name, values in objects.items():
        for method in ("assert_consumed", "assert_existing_objects_matched", "assert_nontrivial_match"):
            for way, where in (("read", path), ("restore", path), ("restore", saved), ("restore", None)):

                def run(values=values, method=method, way=way, where=where):
                    status = getattr(made(**values), way)(where)
                    status.expect_partial()
                    return getattr(status, method)() is status

                found[f"{name} {method} {way} {where == saved}"] = outcome(run)
    found["missing"] = outcome(lambda: made(a=1.0).restore(f"{folder}/nothing-1"))
    found["a number"] = outcome(lambda: tf.train.Checkpoint(a=1))
    found["None"] = outcome(lambda: tf.train.Checkpoint(a=None))
    found["numbers in a list"] = outcome(lambda: tf.train.Checkpoint(a=[1, 2]).write(f"{folder}/numbers") and "ok")
    return found


def delayed(tf, folder):
    """Values that are given when their object appears."""
    full = module(tf, 3)
    path = full.write(f"{folder}/delayed")
    found = {}
    held = tf.Module()
    status = tf.train.Checkpoint(model=held).read(path).expect_partial()
    held.inner = tf.Module()
    held.inner.w = tf.Variable([[0.0, 0.0]])
    found["attribute"] = held.inner.w.numpy().tolist()
    late = tf.Variable([0.0, 0.0], dtype=tf.bfloat16)
    found["before"] = late.numpy().tolist()
    held.half = late
    found["set"] = held.half.numpy().tolist()
    held.half.assign([9.0, 9.0])
    found["assigned"] = held.half.numpy().tolist()
    held.layers = []
    held.layers.append(tf.Module())
    held.layers[0].w = tf.Variable([[0.0, 0.0]])
    found["in a list"] = held.layers[0].w.numpy().tolist()
    held.layers.append([tf.Module(), tf.Variable(0)])
    found["in a list in a list"] = int(held.layers[1][1].numpy())
    held.layers.append({"a": tf.Variable(0.0)})
    held.layers[2]["b"] = tf.Variable(5.0)
    found["in a dict"] = [float(held.layers[2]["a"].numpy()), float(held.layers[2]["b"].numpy())]
    held.odd = {}
    held.odd["a/b"] = tf.Variable(0)
    held.odd["a/b"].assign_add(1)
    found["added to"] = int(held.odd["a/b"].numpy())
    held.pair = (tf.Variable(0), tf.Module())
    found["in a tuple"] = int(held.pair[0].numpy())
    found["not matched"] = outcome(status.assert_existing_objects_matched)
    found["not consumed"] = outcome(status.assert_consumed)
    return found


def later_restores_win(tf, folder):
    one = tf.train.Checkpoint(v=tf.Variable(1), w=tf.Variable(1)).write(f"{folder}/one")
    two = tf.train.Checkpoint(v=tf.Variable(2)).write(f"{folder}/two")
    checkpoint = tf.train.Checkpoint()
    checkpoint.read(one).expect_partial()
    checkpoint.read(two).expect_partial()
    checkpoint.v, checkpoint.w = tf.Variable(0), tf.Variable(0)
    return {"v": int(checkpoint.v.numpy()), "w": int(checkpoint.w.numpy())}


def managed(tf, folder):
    """What a manager keeps, and what the next one finds."""
    step = tf.Variable(0, dtype=tf.int64)
    checkpoint = tf.train.Checkpoint(step=step)
    manager = tf.train.CheckpointManager(
        checkpoint, f"{folder}/managed", max_to_keep=2, step_counter=step, checkpoint_interval=2, checkpoint_name="own"
    )
    found = {"first": manager.restore_or_initialize() is None, "saves": []}
    for number in range(6):
        step.assign(number)
        found["saves"].append(str(manager.save()).rpartition("/")[2])
    found["forced"] = str(manager.save(check_interval=False))[-5:]
    step.assign(7)
    found["forced later"] = str(manager.save(check_interval=False))[-5:]
    step.assign(20)
    found["numbered"] = str(manager.save(checkpoint_number=step)).rpartition("/")[2]
    found["kept"] = [path.rpartition("/")[2] for path in manager.checkpoints]
    found["latest"] = str(manager.latest_checkpoint).rpartition("/")[2]
    found["same"] = manager.latest_checkpoint == tf.train.latest_checkpoint(manager.directory)
    found["files"] = sorted(path.name for path in Path(folder, "managed").iterdir())
    found["counter"] = int(checkpoint.save_counter.numpy())
    other = tf.train.CheckpointManager(tf.train.Checkpoint(step=tf.Variable(0, dtype=tf.int64)), f"{folder}/managed", 2)
    found["next one"] = [path.rpartition("/")[2] for path in other.checkpoints]
    found["restored"] = str(other.restore_or_initialize()).rpartition("/")[2]
    found["step"] = int(other.checkpoint.step.numpy())
    found["saved on"] = str(other.save()).rpartition("/")[2]
    found["zero"] = outcome(lambda: tf.train.CheckpointManager(checkpoint, folder, max_to_keep=0))
    found["no counter"] = outcome(lambda: tf.train.CheckpointManager(checkpoint, folder, 1, checkpoint_interval=1))
    return found


BEHAVIOUR = {function.__name__: function for function in (assertions, delayed, later_restores_win, managed)}


def go_on(tf, folder):
    """Go on with the manager that another program had."""
    checkpoint = tf.train.Checkpoint(step=tf.Variable(0, dtype=tf.int64))
    manager = tf.train.CheckpointManager(checkpoint, folder, max_to_keep=2)
    found = {"known": [path.rpartition("/")[2] for path in manager.checkpoints]}
    found["restored"] = str(manager.restore_or_initialize()).rpartition("/")[2]
    found["step"] = int(checkpoint.step.numpy())
    checkpoint.step.assign_add(100)
    found["saved"] = str(manager.save()).rpartition("/")[2]
    found["files"] = sorted(path.name for path in Path(folder).iterdir())
    return found


def tensorflow_only(tf, ours, theirs):
    """Write what only TensorFlow writes, and restore what Tenon writes for such objects."""
    a, b = tf.Variable([1.0, 2.0], name="a"), tf.Variable(3, name="scope/b")
    tf.compat.v1.train.Saver([a, b]).save(None, f"{theirs}/behaviour/names")
    held = tf.Module()
    held.w, held.items = tf.Variable([4.0, 5.0]), [tf.Variable(6.0)]
    tf.saved_model.save(held, f"{theirs}/saved_model")
    v = tf.Variable([1.0, 2.0])
    momentum = tf.compat.v1.train.MomentumOptimizer(0.1, 0.9)
    momentum.minimize(lambda: tf.reduce_sum(v * v), var_list=[v])
    checkpoint = tf.train.Checkpoint(optimizer=momentum, v=v)
    checkpoint.write(f"{theirs}/slots")
    checkpoint.read(f"{ours}/slots").assert_consumed()
    return momentum.get_slot(v, "momentum").numpy().tolist()


def main(tf, ours, theirs):
    """TensorFlow's half: read ``ours``, write ``theirs``, and a report."""
    report = {"restored": {}, "behaviour": {}}
    for name, make in ZOO.items():
        make(tf, 1).save(f"{theirs}/{name}")
        checkpoint = make(tf, 2)
        try:
            checkpoint.restore(f"{ours}/{name}-1").assert_consumed()
            checkpoint.write(f"{theirs}/{name}-again")
            report["restored"][name] = "ok"
        except Exception as error:
            report["restored"][name] = f"{type(error).__name__}: {error}"[:2000]
    report["readers"] = {"ours": readers(tf, f"{ours}/module-1"), "theirs": readers(tf, f"{theirs}/module-1")}
    for name, function in BEHAVIOUR.items():
        report["behaviour"][name] = function(tf, f"{theirs}/behaviour")
    report["went on"] = go_on(tf, f"{ours}/behaviour/managed")
    report["slot"] = tensorflow_only(tf, ours, theirs)
    report["written twice"] = tf.train.load_variable(f"{ours}/twice", "v/.ATTRIBUTES/VARIABLE_VALUE").tolist()
    Path(theirs, "report.json").write_text(json.dumps(report))


def readers(tf, path):
    """What the functions say that look into a checkpoint."""
    reader = tf.train.load_checkpoint(path)
    return {
        "shapes": reader.get_variable_to_shape_map(),
        "dtypes": {key: dtype.name for key, dtype in reader.get_variable_to_dtype_map().items()},
        "listed": [[key, list(shape)] for key, shape in tf.train.list_variables(path)],
        "debug": sorted(reader.debug_string().decode().splitlines()),
        "has": [reader.has_tensor("nothing"), reader.has_tensor("save_counter/.ATTRIBUTES/VARIABLE_VALUE")],
        "value": tf.train.load_variable(path, "step/.ATTRIBUTES/VARIABLE_VALUE").tolist(),
        "no value": outcome(lambda: reader.get_tensor("nothing")),
        "no file": outcome(lambda: tf.train.load_checkpoint(path + "-nothing")),
    }


if __name__ == "__main__":
    import tensorflow

    main(tensorflow, *sys.argv[1:])
