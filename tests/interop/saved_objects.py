"""Objects that are saved, and what is done with what is loaded: `python -m tests.interop.saved_objects LIBRARY FOLDER`.

A case is a class with `build`, which makes an object (and signatures), and `use`, which calls the loaded object. Each
runs with both libraries; TensorFlow also uses what Tenon saved. The file `FOLDER/LIBRARY.pickle` has what came out.
"""

from __future__ import annotations

import importlib
import pickle
import sys
import traceback
from collections import namedtuple
from pathlib import Path

import numpy as np

from tests.interop.guides._results import caught, plain

Pair = namedtuple("Pair", "first second")


def spec(tf, shape, dtype="float32", name=None):
    return tf.TensorSpec(shape, tf.as_dtype(dtype), name=name)


def traced_by_calls(tf):
    class Scale(tf.Module):
        def __init__(self):
            super().__init__()
            self.factor = tf.Variable([2.0, 3.0])

        @tf.function
        def __call__(self, x, power=1, *, shift=0.0, negative=False):
            value = (x * self.factor) ** power + shift
            return -value if negative else value

    module = Scale()
    module(tf.constant([1.0, 2.0]))
    module(tf.constant([[1.0, 2.0]]), 2)
    module(tf.constant([1.0, 2.0]), negative=True, shift=tf.constant(1.0))
    module(tf.constant([1.0, 2.0]), 3, shift=2.0)
    return module, None


def use_traced_by_calls(tf, loaded):
    x = tf.constant([3.0, 4.0])
    return {
        "plain": loaded(x),
        "list": loaded([3.0, 4.0]),
        "matrix": loaded(tf.constant([[1.0, 2.0]]), 2),
        "negative": loaded(x, shift=tf.constant(1.0), negative=True),
        "cube": loaded(x, 3, shift=2.0),
        "no such power": caught(lambda: loaded(x, 7), ValueError),
        "no such shape": caught(lambda: loaded(tf.ones([3])), ValueError),
        "no such dtype": caught(lambda: loaded(tf.constant([1, 2])), ValueError),
        "too many": caught(lambda: loaded(x, 1, 2, 3), TypeError, ValueError),
        "callable": [callable(loaded), callable(loaded.factor)],
    }


def structures(tf):
    class Nested(tf.Module):
        @tf.function(
            input_signature=[
                {"a": spec(tf, [None]), "b": [spec(tf, [], "int32"), spec(tf, [], "bool")]},
                (spec(tf, [None, None], "float64"),),
            ]
        )
        def nest(self, features, rest):
            a, (number, flag) = features["a"], features["b"]
            return {
                "z": (a * 2.0, [number + 1, None]),
                "a": Pair(tf.reduce_sum(rest[0]), tf.logical_not(flag)),
                "shape": tf.shape(rest[0]),
            }

        @tf.function(input_signature=[])
        def nothing(self):
            return None

        @tf.function(input_signature=[spec(tf, [2])])
        def several(self, x):
            return x, (x + 1.0, {"k": x * 2.0}), []

    return Nested(), None


def use_structures(tf, loaded):
    features = {"a": tf.constant([1.0, 2.0, 3.0]), "b": [tf.constant(4), tf.constant(True)]}
    found = loaded.nest(features, (tf.constant([[1.5], [2.5]], tf.float64),))
    first, (second, deep), empty = loaded.several(tf.constant([1.0, 2.0]))
    return {
        "found": {**found, "a": [*found["a"]], "z": [found["z"][0], found["z"][1][0]]},
        "fields": list(found["a"]._fields),
        "kinds": [type(found["z"]).__name__, isinstance(found["z"][1], list), found["z"][1][1] is None],
        "nothing": loaded.nothing(),
        "several": [first, second, deep, len(empty)],
    }


def state(tf):
    class Average(tf.Module):
        def __init__(self):
            super().__init__()
            self.mean = tf.Variable(tf.zeros([2]), trainable=False)
            self.count = tf.Variable(0, dtype=tf.int64, trainable=False)
            self.log = tf.Variable(tf.zeros([0]), shape=[None], trainable=False)

        @tf.function(input_signature=[spec(tf, [None, 2])])
        def update(self, rows):
            self.count.assign_add(tf.cast(tf.shape(rows)[0], tf.int64))
            self.mean.assign(0.5 * self.mean + 0.5 * tf.reduce_mean(rows, 0))
            return self.mean.read_value()

        @tf.function(input_signature=[])
        def reset(self):
            self.mean.assign([0.0, 0.0])
            self.count.assign(0)

        @tf.function(input_signature=[spec(tf, [None])])
        def note(self, x):
            self.log.assign(tf.concat([self.log, x * 2.0], 0))
            return tf.size(self.log)

    module = Average()
    module.update(tf.constant([[1.0, 2.0]]))
    return module, None


def use_state(tf, loaded):
    return {
        "updated": [loaded.update(tf.ones([3, 2])), loaded.update(tf.constant([[5.0, 7.0]]))],
        "count": loaded.count,
        "reset": loaded.reset(),
        "then": [loaded.mean, loaded.count, loaded.update(tf.ones([1, 2])), loaded.count],
        "assigned": [loaded.mean.assign([8.0, 8.0]) is not None, loaded.update(tf.zeros([2, 2]))],
        "notes": [loaded.note(tf.constant([1.0, 2.0])), loaded.note(tf.constant([3.0])), loaded.log],
        "log": [loaded.log.shape.as_list(), loaded.log.numpy().shape],
        "trainable": loaded.mean.trainable,
    }


def wide(tf):
    class Wide(tf.Module):
        def __init__(self):
            super().__init__()
            self.v = tf.Variable(1.0 + 2.0**-40, dtype=tf.float64)
            self.n = tf.Variable(2**40, dtype=tf.int64)
            self.table = tf.constant([2**50, 3], tf.int64)

        @tf.function(input_signature=[spec(tf, [None], "int64", "ids"), spec(tf, [], "float64", "x")])
        def compute(self, ids, x):
            return {"ids": ids + self.n + self.table[0], "x": x * self.v, "half": tf.cast(x, tf.float16)}

        @tf.function(input_signature=[spec(tf, [], "complex64"), spec(tf, [], "uint8"), spec(tf, [2], "bfloat16")])
        def kinds(self, c, u, b):
            return c * 2.0, u + tf.constant(1, tf.uint8), tf.cast(b, tf.float32)

    module = Wide()
    return module, {"serving_default": module.compute}


def use_wide(tf, loaded):
    ids, x = tf.constant([1, 2**41], tf.int64), tf.constant(1.0 + 2.0**-45, tf.float64)
    answer = loaded.signatures["serving_default"](ids=ids, x=x)
    return {
        "method": loaded.compute(ids, x),
        "signature": answer,
        "kinds": list(
            loaded.kinds(tf.constant(1 + 2j, tf.complex64), tf.constant(255, tf.uint8), tf.ones([2], "bfloat16"))
        ),
        "dtypes": {name: value.dtype.name for name, value in answer.items()},
    }


def signatures(tf):
    class Model(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable([[1.0], [2.0]])

        @tf.function(input_signature=[spec(tf, [None, 2], name="rows")])
        def dictionary(self, rows):
            return {"score": rows @ self.w, "double": rows * 2.0}

        @tf.function(input_signature=[spec(tf, [None, 2]), spec(tf, [], name="Bias-1")])
        def pair(self, x, y):
            return x @ self.w + y, y

        @tf.function(input_signature=[{"left": spec(tf, [2]), "right": spec(tf, [2])}, spec(tf, [], "int32")])
        def nested(self, sides, count):
            return sides["left"] * 10.0 + sides["right"] + tf.cast(count, tf.float32)

        @tf.function
        def free(self, x, training=False):
            return Pair(x * self.w[0], x if training else -x)

    module = Model()
    return module, {
        "serving_default": module.dictionary,
        "pair": module.pair,
        "nested": module.nested,
        "named": module.free.get_concrete_function(spec(tf, [], name="value"), training=True),
    }


def use_signatures(tf, loaded):
    found = loaded.signatures
    rows = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    before = found["serving_default"](rows=rows)
    loaded.w.assign([[0.5], [0.0]])
    return {
        "names": sorted(found),
        "before": before,
        "after": found["serving_default"](rows=rows),
        "by position": found["serving_default"](rows)["score"],
        "of numpy": found["serving_default"](rows=np.ones([1, 2]))["score"],
        "inputs": {name: describe(function.structured_input_signature[1]) for name, function in found.items()},
        "outputs": {name: describe(function.structured_outputs) for name, function in found.items()},
        "named": found["named"](value=tf.constant(3.0)),
        "free": caught(lambda: loaded.free(tf.constant(1.0)), ValueError),
        "wrong name": caught(lambda: found["named"](wrong=rows), TypeError),
        "nothing": caught(lambda: found["named"](), TypeError),
        "unknown": caught(lambda: found["other"], KeyError),
    }


def describe(specs):
    return {name: [one.dtype.name, one.shape.as_list()] for name, one in specs.items()}


def containers(tf):
    class Tree(tf.Module):
        def __init__(self):
            super().__init__()
            self.layers = [tf.Variable([1.0], name="first"), {"deep": [tf.Variable(2.0)]}, 7]
            self.table = {"with.dot/and slash": tf.Variable(3.0), "ümlaut": tf.Variable(4.0), "a": {}}
            self.pair = (tf.Variable(5.0), [tf.Variable(6.0)])
            self.named = Pair(tf.Variable(7.0), tf.Module())
            self.named.second.inner = tf.Variable(8.0)
            self.empty = []
            self.number, self.text = 3, "text"
            self.again = self.layers[0]
            self.me = self
            self.functions = [tf.function(lambda x: x + 1.0, input_signature=[spec(tf, [])])]
            self.byname = {"double": tf.function(lambda x: x * 2.0)}
            self.byname["double"](tf.constant(1.0))
            self.single = tf.function(lambda x: x * 3.0).get_concrete_function(spec(tf, [None]))

    return Tree(), None


def use_containers(tf, loaded):
    loaded.again.assign([9.0])
    return {
        "layers": [loaded.layers[0], loaded.layers[1]["deep"][0], len(loaded.layers)],
        "table": [loaded.table["with.dot/and slash"], loaded.table["ümlaut"], len(loaded.table["a"])],
        "pair": [loaded.pair[0], loaded.pair[1][0]],
        "named": [loaded.named[0], loaded.named[1].inner],
        "empty": len(loaded.empty),
        "values are gone": [hasattr(loaded, "number"), hasattr(loaded, "text")],
        "one variable": loaded.again is loaded.layers[0],
        "cycle": loaded.me is loaded,
        "functions": [loaded.functions[0](1.0), loaded.byname["double"](tf.constant(2.0))],
        "single": loaded.single(tf.constant([1.0, 2.0])),
        "names": [loaded.layers[0].name, loaded.pair[0].name],
    }


def created_later(tf):
    class Lazy(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = None

        @tf.function(input_signature=[spec(tf, [None, 3])])
        def __call__(self, x):
            if self.w is None:
                self.w = tf.Variable(tf.ones([x.shape[-1], 2]), name="lazy")
            return x @ self.w

    return Lazy(), None


def use_created_later(tf, loaded):
    return {
        "answer": loaded(tf.ones([2, 3])),
        "w": loaded.w,
        "default signature": loaded.signatures["serving_default"](x=tf.ones([1, 3])),
    }


def control_flow(tf):
    class Flow(tf.Module):
        def __init__(self):
            super().__init__()
            self.steps = tf.Variable(0)

        @tf.function(input_signature=[spec(tf, [], "int32")])
        def collatz(self, n):
            self.steps.assign(0)
            while n > 1:
                n = n // 2 if n % 2 == 0 else 3 * n + 1
                self.steps.assign_add(1)
            return self.steps.read_value()

        @tf.function(input_signature=[spec(tf, [None, 2])])
        def total(self, rows):
            return tf.scan(lambda a, x: a + x, rows, tf.zeros([2]))[-1], tf.map_fn(lambda x: x * 2.0, rows)

        @tf.function(input_signature=[spec(tf, [4])])
        def best(self, x):
            values, places = tf.math.top_k(x, 2)
            return values, places, tf.sort(x), tf.math.sinh(x)

    return Flow(), None


def use_control_flow(tf, loaded):
    return {
        "collatz": [loaded.collatz(tf.constant(n)) for n in (1, 6, 27)],
        "total": [list(loaded.total(tf.ones([n, 2]))) for n in (1, 5)],
        "best": list(loaded.best(tf.constant([1.0, 4.0, 2.0, 3.0]))),
    }


def parts(tf):
    class Dense(tf.Module):
        def __init__(self, seed):
            super().__init__()
            self.w = tf.Variable(np.cos(np.arange(6.0) + seed).reshape(2, 3).astype("f"))

        @tf.function(input_signature=[spec(tf, [None, 2])])
        def __call__(self, x):
            return tf.tanh(x @ self.w)

    class Both(tf.Module):
        def __init__(self):
            super().__init__()
            self.parts = [Dense(0), Dense(1)]

        @tf.function(input_signature=[spec(tf, [None, 2])])
        def __call__(self, x):
            return tf.add_n([part(x) for part in self.parts])

    return Both(), None


def use_parts(tf, loaded):
    x = tf.constant([[0.5, -1.0]])
    before = loaded(x)
    loaded.parts[0].w.assign(tf.zeros([2, 3]))
    return {"before": before, "one": loaded(x), "part": loaded.parts[1](x)}


def checkpoint_root(tf):
    root = tf.train.Checkpoint(v=tf.Variable(3.0), steps=[tf.Variable(1), tf.Variable(2)])
    root.f = tf.function(lambda x: 2.0 * root.v * x, input_signature=[spec(tf, [])])
    return root, root.f


def use_checkpoint_root(tf, loaded):
    return {
        "f": loaded.f(tf.constant(2.0)),
        "steps": [loaded.steps[0], loaded.steps[1]],
        "signature": loaded.signatures["serving_default"](tf.constant(1.0)),
    }


def example(tf, **features):
    made = {}
    for name, value in features.items():
        if isinstance(value, bytes):
            made[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
        elif isinstance(value, int):
            made[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
        else:
            made[name] = tf.train.Feature(float_list=tf.train.FloatList(value=value))
    return tf.train.Example(features=tf.train.Features(feature=made)).SerializeToString()


def strings(tf):
    class Texts(tf.Module):
        def __init__(self):
            super().__init__()
            self.kernel = tf.Variable([[1.0, -1.0], [0.5, 0.25]])

        @tf.function(input_signature=[spec(tf, [None], "string", "inputs")])
        def classify(self, inputs):
            features = tf.io.parse_example(
                inputs,
                {
                    "x": tf.io.FixedLenFeature([2], tf.float32),
                    "k": tf.io.FixedLenFeature([], tf.int64, default_value=7),
                    "name": tf.io.FixedLenFeature([], tf.string, default_value="nobody"),
                    "pair": tf.io.FixedLenFeature([1, 2], tf.int64, default_value=[[5, 6]]),
                    "parts": tf.io.FixedLenSequenceFeature([], tf.float32, allow_missing=True, default_value=0.5),
                    "words": tf.io.FixedLenSequenceFeature([], tf.string, allow_missing=True),
                },
            )
            scores = features["x"] @ self.kernel + tf.reduce_sum(features["parts"], 1, keepdims=True)
            best = tf.argmax(scores, 1)
            return {
                "classes": tf.tile(tf.constant([["up", "down"]]), [tf.shape(inputs)[0], 1]),
                "scores": scores,
                "best": tf.gather(tf.constant(["up", "down"]), best),
                "side": tf.where(best > 0, "right", "left"),
                "joined": tf.stack([features["name"], tf.strings.as_string(features["k"])], 1),
                "pair": features["pair"] * 2,
                "words": features["words"],
            }

        @tf.function(input_signature=[spec(tf, [None], "string")])
        def decode(self, images):
            return tf.cast(tf.io.decode_raw(images, tf.uint8, fixed_length=4), tf.float32) / 255.0

        @tf.function(input_signature=[spec(tf, [None], "string")])
        def numbers(self, texts):
            return tf.strings.to_number(texts, tf.int64) + 1, tf.reverse(texts, [0])

        @tf.function(input_signature=[spec(tf, [None])])
        def words(self, x):
            return tf.strings.as_string(x, precision=2), tf.fill([tf.shape(x)[0], 2], "z")

    module = Texts()
    return module, {"serving_default": module.classify, "decode": module.decode}


def use_strings(tf, loaded):
    rows = [
        example(tf, x=[1.0, 2.0]),
        example(tf, x=[-3.0, 1.0], k=4, name=b"ann", parts=[1.0, 2.0, 3.0], words=b"a"),
        example(tf, x=[0.0, 0.5], more=1),
    ]
    return {
        "method": loaded.classify(tf.constant(rows)),
        "signature": loaded.signatures["serving_default"](inputs=tf.constant(rows)),
        "first": loaded.classify(tf.constant(rows[:1])),
        "decode": loaded.decode(tf.constant([b"\1\2\3\4", b"\5"])),
        "numbers": loaded.numbers(tf.constant(["9007199254740993", "-2"])),
        "words": loaded.words(tf.constant([1.0, -2.5])),
        "specs": [str(key) for key in sorted(loaded.signatures["serving_default"].structured_outputs)],
    }


CASES = {
    "traced_by_calls": (traced_by_calls, use_traced_by_calls),
    "structures": (structures, use_structures),
    "state": (state, use_state),
    "wide": (wide, use_wide),
    "signatures": (signatures, use_signatures),
    "containers": (containers, use_containers),
    "created_later": (created_later, use_created_later),
    "control_flow": (control_flow, use_control_flow),
    "parts": (parts, use_parts),
    "checkpoint_root": (checkpoint_root, use_checkpoint_root),
    "strings": (strings, use_strings),
}


def answers(tf, folder: Path, writer: str, reader: str) -> dict[str, object]:
    """Save with the one library where that is this one, load with the other, and tell what came out by case."""
    found = {}
    for name, (build, use) in CASES.items():
        path = str(folder / writer / name)
        try:
            if writer == reader:
                obj, stated = build(tf)
                tf.saved_model.save(obj, path, signatures=stated)
            found[name] = plain(use(tf, tf.saved_model.load(path)))
            obj, _ = build(tf)
            tf.train.Checkpoint(obj).read(f"{path}/variables/variables").assert_existing_objects_matched()
        except Exception:
            found[name] = traceback.format_exc()
    return found


def main(library: str, folder: str) -> None:
    tf = importlib.import_module(library)
    writers = ["tensorflow", "tenon"] if library == "tensorflow" else ["tenon"]
    report = {writer: answers(tf, Path(folder), writer, library) for writer in writers}
    Path(folder, f"{library}.pickle").write_bytes(pickle.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
