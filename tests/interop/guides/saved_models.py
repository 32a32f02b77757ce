"""SavedModels: functions and variables on disk, called and trained again without the code that made them."""

import tempfile
from pathlib import Path

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(functions_and_variables, default_signature, several_signatures, nested_outputs, training_loaded, fine_tuning),
        *(several_functions, python_arguments, functions_of_shapes, keras_export, keras_loaded, resaved, options),
        *(objects_and_lists, with_state, control_flow, gradients_inside, refused),
    )


def folder():
    return tempfile.mkdtemp() + "/model"


def exchange(tf):
    class Exchange(tf.Module):
        """Change money at a rate that can be agreed on anew."""

        def __init__(self):
            super().__init__()
            self.rate = tf.Variable(1.25)

        @tf.function
        def __call__(self, amount):
            return amount * self.rate - 0.5

        @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
        def agree(self, rate):
            self.rate.assign(rate)

    return Exchange()


def functions_and_variables(tf):
    module, path = exchange(tf), folder()
    module(tf.constant(0.0))
    tf.saved_model.save(module, path)
    loaded = tf.saved_model.load(path)
    first = loaded(tf.constant(2.0))
    loaded.agree(tf.constant(5.0))
    return {
        "first": first,
        "agreed": loaded(tf.constant(2.0)),
        "the old stays": module.rate,
        "variable": [loaded.rate.numpy(), loaded.rate.trainable, loaded.rate.dtype.name],
        "files": sorted(file.relative_to(path).as_posix() for file in Path(path).rglob("saved_model.pb")),
        "contains": tf.saved_model.contains_saved_model(path),
        "no signature": list(loaded.signatures),
    }


def default_signature(tf):
    module, path = exchange(tf), folder()
    call = module.__call__.get_concrete_function(tf.TensorSpec([None], tf.float32, name="x"))
    tf.saved_model.save(module, path, signatures=call)
    loaded = tf.saved_model.load(path)
    infer = loaded.signatures["serving_default"]
    return {
        "names": list(loaded.signatures.keys()),
        "default": tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY,
        "result": infer(x=tf.constant([1.0, 3.0])),
        "inputs": spec_of(infer.structured_input_signature[1]),
        "outputs": spec_of(infer.structured_outputs),
        "by keyword only": caught(lambda: infer(wrong=tf.constant([1.0])), TypeError),
        "wrong dtype": caught(lambda: infer(x=tf.constant([1])), TypeError, ValueError, tf.errors.InvalidArgumentError),
    }


def spec_of(specs):
    return {name: [spec.shape.as_list(), spec.dtype.name] for name, spec in specs.items()}


def several_signatures(tf):
    class Scaler(tf.Module):
        def __init__(self):
            super().__init__()
            self.factor = tf.Variable(3.0)
            self.calls = tf.Variable(0)

        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="rows")])
        def scale(self, rows):
            return {"scaled": rows * self.factor, "total": tf.reduce_sum(rows)}

        @tf.function(
            input_signature=[tf.TensorSpec([], tf.float32, name="value"), tf.TensorSpec([], tf.int32, name="times")]
        )
        def grow(self, value, times):
            return {
                "factor": self.factor.assign_add(value * tf.cast(times, tf.float32)),
                "calls": self.calls.assign_add(1),
            }

    module, path = Scaler(), folder()
    tf.saved_model.save(module, path, signatures={"serving_default": module.scale, "grow": module.grow})
    loaded = tf.saved_model.load(path)
    scale, grow = loaded.signatures["serving_default"], loaded.signatures["grow"]
    rows = tf.constant([[1.0, 2.0]])
    before = scale(rows=rows)
    grown = grow(value=tf.constant(2.0), times=tf.constant(3))
    return {
        "names": sorted(loaded.signatures),
        "before": before,
        "grown": grown,
        "after": scale(rows=rows),
        "variables are shared": [loaded.factor, loaded.calls],
        "batch of three": scale(rows=tf.ones([3, 2]))["total"],
    }


def nested_outputs(tf):
    class Nested(tf.Module):
        @tf.function(input_signature=[{"a": tf.TensorSpec([2], tf.float32), "b": (tf.TensorSpec([], tf.int32),)}])
        def __call__(self, inputs):
            a, (b,) = inputs["a"], inputs["b"]
            return {"pair": (a * 2.0, [b + 1]), "deep": {"sum": tf.reduce_sum(a), "flag": b > 0}}

    path = folder()
    tf.saved_model.save(Nested(), path)
    answer = tf.saved_model.load(path)({"a": tf.constant([1.0, 2.0]), "b": (tf.constant(5),)})
    return {"answer": answer, "kinds": [type(answer["pair"]).__name__, type(answer["deep"]).__name__]}


def training_loaded(tf):
    module, path = exchange(tf), folder()
    module(tf.constant(1.0))
    tf.saved_model.save(module, path)
    loaded = tf.saved_model.load(path)
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = (loaded(x) - 12.0) ** 2
    gradients = tape.gradient(loss, [loaded.rate, x])
    return {"loss": loss, "gradients": gradients}


def fine_tuning(tf):
    class Affine(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable(tf.constant(np.cos(np.arange(6)).reshape(3, 2), tf.float32))
            self.b = tf.Variable(tf.zeros([2]))
            self.steps = tf.Variable(0, trainable=False)

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
        def __call__(self, x):
            return tf.tanh(x @ self.w + self.b)

    path = folder()
    tf.saved_model.save(Affine(), path)
    loaded = tf.saved_model.load(path)
    x = tf.constant(np.sin(np.arange(12)).reshape(4, 3), tf.float32)
    losses = []
    for _ in range(4):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((loaded(x) - 0.5) ** 2)
        variables = [loaded.w, loaded.b]
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(0.5 * gradient)
        losses.append(float(loss))
    return {"losses": losses, "w": loaded.w, "trainable": [loaded.w.trainable, loaded.steps.trainable]}


def several_functions(tf):
    class Tools(tf.Module):
        def __init__(self):
            super().__init__()
            self.offset = tf.Variable([1.0, 2.0])

        @tf.function(input_signature=[tf.TensorSpec([2], tf.float32)])
        def encode(self, x):
            return x + self.offset

        @tf.function(input_signature=[tf.TensorSpec([2], tf.float32)])
        def decode(self, x):
            return x - self.offset

        @tf.function(input_signature=[])
        def reset(self):
            self.offset.assign([0.0, 0.0])
            return self.offset.read_value()

        def not_saved(self):
            return 1

    path = folder()
    tf.saved_model.save(Tools(), path)
    loaded = tf.saved_model.load(path)
    x = tf.constant([10.0, 20.0])
    round_trip = loaded.decode(loaded.encode(x))
    return {
        "encoded": loaded.encode(x),
        "round trip": round_trip,
        "reset": loaded.reset(),
        "then": loaded.encode(x),
        "python methods are gone": hasattr(loaded, "not_saved"),
    }


def python_arguments(tf):
    class Tide(tf.Module):
        @tf.function
        def __call__(self, hours, order=1, ebb=False):
            height = tf.sin(hours) ** order
            return -height if ebb else height

    tide, path = Tide(), folder()
    spec = tf.TensorSpec([None], tf.float32)
    tide.__call__.get_concrete_function(spec)
    tide.__call__.get_concrete_function(spec, 3)
    tide.__call__.get_concrete_function(spec, 1, ebb=True)
    tf.saved_model.save(tide, path)
    loaded = tf.saved_model.load(path)
    hours = tf.constant([1.0, 2.0])
    return {
        "default": loaded(hours),
        "third order": loaded(hours, 3),
        "ebb": loaded(hours, ebb=True),
        "not traced": caught(lambda: loaded(hours, 4), ValueError),
        "other dtype": caught(lambda: loaded(tf.constant([1, 2])), ValueError),
    }


def functions_of_shapes(tf):
    class Mean(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32)])
        def __call__(self, x):
            return tf.reduce_mean(x, axis=1), tf.shape(x)

    path = folder()
    tf.saved_model.save(Mean(), path)
    loaded = tf.saved_model.load(path)
    return {
        "two by three": list(loaded(tf.ones([2, 3]))),
        "four by one": list(loaded(tf.ones([4, 1]))),
        "wrong rank": caught(lambda: loaded(tf.ones([2])), ValueError, TypeError),
    }


def keras_model(tf):
    model = tf.keras.Sequential(
        [
            tf.keras.Input([4]),
            tf.keras.layers.Dense(3, activation="relu", name="hidden"),
            tf.keras.layers.Dense(2, name="out"),
        ]
    )
    rng = np.random.default_rng(4)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.get_weights()])
    return model


def keras_export(tf):
    model, path = keras_model(tf), folder()
    model.export(path, verbose=False)
    loaded = tf.saved_model.load(path)
    x = tf.constant(np.sin(np.arange(8)).reshape(2, 4), tf.float32)
    served = loaded.serve(x)
    (named,) = loaded.signatures["serving_default"](tf.constant(x)).values()
    return {"model": model(x), "served": served, "by signature": named, "of one row": loaded.serve(x[:1])}


def keras_loaded(tf):
    model = keras_model(tf)
    path = tempfile.mkdtemp() + "/model.keras"
    model.save(path)
    loaded = tf.keras.models.load_model(path)
    x = np.cos(np.arange(8, dtype=np.float32)).reshape(2, 4)
    return {"predict": loaded.predict(x, verbose=0), "layers": [layer.name for layer in loaded.layers]}


def resaved(tf):
    module, first, second = exchange(tf), folder(), folder()
    module(tf.constant(1.0))
    tf.saved_model.save(module, first)
    loaded = tf.saved_model.load(first)
    loaded.rate.assign(8.0)
    tf.saved_model.save(loaded, second)
    return {"again": tf.saved_model.load(second)(tf.constant(2.0)), "first": tf.saved_model.load(first).rate}


def options(tf):
    module, path = exchange(tf), folder()
    module(tf.constant(1.0))
    tf.saved_model.save(module, path, options=tf.saved_model.SaveOptions(save_debug_info=False))
    loaded = tf.saved_model.load(path, tags=None, options=tf.saved_model.LoadOptions())
    return {"loaded": loaded(tf.constant(4.0))}


def objects_and_lists(tf):
    class Tree(tf.Module):
        def __init__(self):
            super().__init__()
            self.layers = [tf.Variable([1.0]), tf.Variable([2.0, 3.0])]
            self.table = {"a": tf.Variable(4.0)}
            self.child = tf.Module()
            self.child.v = tf.Variable([7, 8])
            self.constant = tf.constant([5, 6])

        @tf.function(input_signature=[])
        def total(self):
            return tf.reduce_sum(self.layers[1]) + self.table["a"] + tf.cast(self.constant[0], tf.float32)

    path = folder()
    tf.saved_model.save(Tree(), path)
    loaded = tf.saved_model.load(path)
    return {
        "list": list(loaded.layers),
        "dictionary": loaded.table["a"],
        "child": loaded.child.v,
        "total": loaded.total(),
    }


def with_state(tf):
    class Average(tf.Module):
        def __init__(self):
            super().__init__()
            self.total, self.count = tf.Variable(0.0), tf.Variable(0.0)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def update(self, values):
            self.total.assign_add(tf.reduce_sum(values))
            self.count.assign_add(tf.cast(tf.size(values), tf.float32))
            return tf.math.divide_no_nan(self.total, self.count)

    average, path = Average(), folder()
    average.update([10.0])
    tf.saved_model.save(average, path)
    loaded = tf.saved_model.load(path)
    return {"values": [loaded.update([20.0, 30.0]), loaded.update([40.0]), average.update([0.0])]}


def control_flow(tf):
    class Flow(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
        def digits_added(self, number):
            if number < 0:
                return tf.constant(-1)
            total = tf.constant(0)
            while number > 0:
                total += number % 10
                number //= 10
            return total

    path = folder()
    tf.saved_model.save(Flow(), path)
    loaded = tf.saved_model.load(path)
    return {"results": [loaded.digits_added(tf.constant(number)) for number in (-5, 0, 7, 1234)]}


def gradients_inside(tf):
    class Descent(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable([2.0, -3.0])

        @tf.function(input_signature=[tf.TensorSpec([2], tf.float32), tf.TensorSpec([], tf.float32)])
        def train(self, x, rate):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum((self.w * x - 1.0) ** 2)
            self.w.assign_sub(rate * tape.gradient(loss, self.w))
            return loss

    path = folder()
    tf.saved_model.save(Descent(), path)
    loaded = tf.saved_model.load(path)
    losses = [loaded.train(tf.constant([1.0, 2.0]), tf.constant(0.1)) for _ in range(3)]
    return {"losses": losses, "w": loaded.w}


def refused(tf):
    return {
        "no model there": caught(lambda: tf.saved_model.load(tempfile.mkdtemp()), OSError),
        "contains": tf.saved_model.contains_saved_model(tempfile.mkdtemp()),
        "signature without specs": caught(
            lambda: tf.saved_model.save(tf.Module(), folder(), signatures=tf.function(lambda x: x)), ValueError
        ),
        "not trackable": caught(lambda: tf.saved_model.save(3, folder()), ValueError),
    }
