"""Real TensorFlow loads what Tenon saved, at any batch size, and computes Keras's numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
import pytest

from tenon import keras
from tenon.saved_model import read

pytestmark = pytest.mark.interop

BATCHES = (1, 7, 64)
RNG = np.random.default_rng(5)


@keras.saving.register_keras_serializable("interop")
class Gated(keras.Model):
    """A subclassed model whose call is no chain of layers."""

    def __init__(self, units=3, **options):
        super().__init__(**options)
        self.units = units
        self.value = keras.layers.Dense(units)
        self.gate = keras.layers.Dense(units, activation="sigmoid")

    def call(self, x):
        return self.value(x) * self.gate(x)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def sequential():
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(3, "softmax")])


def functional():
    left, right = keras.Input((4,), name="left"), keras.Input((2, 2), name="right")
    joined = keras.layers.concatenate([left, keras.layers.Flatten()(right)])
    score = keras.layers.Dense(1, name="score")(joined)
    kind = keras.layers.Dense(5, "softmax", name="kind")(joined)
    return keras.Model([left, right], [score, kind])


def subclassed():
    model = Gated()
    model(np.zeros((1, 8), "float32"))
    return model


def normalized():
    layers = [
        keras.Input((8, 8, 2)),
        keras.layers.Conv2D(4, 3),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
        keras.layers.Dropout(0.5),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(2),
    ]
    model = keras.Sequential(layers)
    model.compile("sgd", "mse")
    model.fit(RNG.standard_normal((32, 8, 8, 2)), RNG.standard_normal((32, 2)), verbose=0)
    return model


def composites():
    """JAX writes these operations as composites, which TensorFlow 2.21 does not know."""
    x = keras.Input((6,))
    values, places = keras.ops.top_k(x, 2)
    return keras.Model(x, [values, places, keras.ops.sinh(x)])


def convolutional():
    """Each of these convolutions is lowered by a rule for CPUs, in place of XLA's plain form."""
    layers = [
        keras.Input((9, 9, 3)),
        keras.layers.Conv2D(20, 3, 2),
        keras.layers.DepthwiseConv2D(3, padding="same"),
        keras.layers.Conv2D(10, 3, groups=5, padding="same"),
        keras.layers.Reshape((2, 4, 4, 5)),
        keras.layers.Conv3D(2, 2),
        keras.layers.GlobalAveragePooling3D(),
    ]
    return keras.Sequential(layers)


def embedding():
    layers = [
        keras.Input((6,), dtype="int32"),
        keras.layers.Embedding(20, 4),
        keras.layers.Flatten(),
        keras.layers.Dense(2),
    ]
    return keras.Sequential(layers)


def recurrent():
    layers = [keras.Input((None, 3)), keras.layers.LSTM(5), keras.layers.Dense(2)]
    return keras.Sequential(layers)


def mixed_bfloat16():
    policy = keras.mixed_precision.Policy("mixed_bfloat16")
    layers = [
        keras.Input((8,)),
        keras.layers.Dense(16, "relu", dtype=policy),
        keras.layers.Dense(3, "softmax", dtype="float32"),
    ]
    return keras.Sequential(layers)


def quantized():
    """The products of the first layer are lowered by a rule for CPUs, for one row otherwise than for more."""
    model = keras.Sequential([keras.Input((640,)), keras.layers.Dense(120, "relu"), keras.layers.Dense(3)])
    model.quantize("int8", filters="dense")
    return model


def floats(*shape):
    return lambda batch: RNG.standard_normal((batch, *shape)).astype("float32")


@dataclass(frozen=True)
class Case:
    build: Callable[[], keras.Model]
    inputs: dict[str, Callable[[int], np.ndarray]]
    outputs: int = 1


CASES = {
    "sequential": Case(sequential, {"": floats(8)}),
    "functional": Case(functional, {"left": floats(4), "right": floats(2, 2)}, 2),
    "subclassed": Case(subclassed, {"": floats(8)}),
    "normalized": Case(normalized, {"": floats(8, 8, 2)}),
    "convolutional": Case(convolutional, {"": floats(9, 9, 3)}),
    "composites": Case(composites, {"": floats(6)}, 3),
    "embedding": Case(embedding, {"": lambda batch: RNG.integers(0, 20, (batch, 6)).astype("int32")}),
    "recurrent": Case(recurrent, {"": floats(9, 3)}),
    "mixed_bfloat16": Case(mixed_bfloat16, {"": floats(8)}),
    "quantized": Case(quantized, {"": floats(640)}),
}

TENSORFLOW = """
import json, sys
import numpy as np, tensorflow as tf
root = sys.argv[1]
report = {}
for name in sys.argv[2:]:
    loaded = tf.saved_model.load(f"{root}/{name}/1")
    signature = loaded.signatures["serving_default"]
    given = dict(np.load(f"{root}/{name}/inputs.npz"))
    batches = sorted({int(key.split("|")[0]) for key in given})
    answers = {}
    for batch in batches:
        feed = {key.split("|")[1]: tf.constant(value) for key, value in given.items() if key.startswith(f"{batch}|")}
        for output, value in signature(**feed).items():
            answers[f"{batch}|{output}"] = value.numpy()
        with tf.compat.v1.Session(graph=tf.Graph()) as session:
            definition = tf.compat.v1.saved_model.load(session, ["serve"], f"{root}/{name}/1").signature_def
            definition = definition["serving_default"]
            feed = {definition.inputs[key].name: value.numpy() for key, value in feed.items()}
            fetched = session.run({key: info.name for key, info in definition.outputs.items()}, feed)
        for output, value in fetched.items():
            answers[f"v1 {batch}|{output}"] = value
    np.savez(f"{root}/{name}/answers.npz", **answers)
    report[name] = {
        "variables": [variable.name for variable in loaded.variables],
        "trainable": [variable.trainable for variable in loaded.variables],
        "fingerprint": tf.saved_model.experimental.read_fingerprint(f"{root}/{name}/1").saved_model_checksum,
    }
print(json.dumps(report))
"""


@pytest.fixture(scope="module")
def models():
    return {name: case.build() for name, case in CASES.items()}


@pytest.fixture(scope="module")
def folder(models, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("interop")
    for name, model in models.items():
        (model.export if name == "subclassed" else model.save)(root / name / "1")
        inputs = {}
        for batch in BATCHES:
            for key, make in CASES[name].inputs.items():
                inputs[f"{batch}|{key or model_input(root / name / '1')}"] = make(batch)
        np.savez(root / name / "inputs.npz", **inputs)
    return root


def model_input(path: Path) -> str:
    [name] = read(path).signatures["serving_default"].inputs
    return name


@pytest.fixture(scope="module")
def report(folder, run_in_tensorflow):
    return json.loads(run_in_tensorflow(TENSORFLOW, folder, *CASES).splitlines()[-1])


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", CASES)
def test_tensorflow_agrees_with_keras(models, folder, report, name, batch):
    given = np.load(folder / name / "inputs.npz")
    answers = np.load(folder / name / "answers.npz")
    values = [given[key] for key in given if key.startswith(f"{batch}|")]
    expected = models[name].predict(values if len(values) > 1 else values[0], verbose=0, batch_size=batch)
    expected = expected if isinstance(expected, list) else [expected]
    for prefix in (f"{batch}|", f"v1 {batch}|"):
        found = {key: answers[key] for key in answers if key.startswith(prefix)}
        assert len(found) == CASES[name].outputs == len(expected)
        for key, value in found.items():
            closest = min(float(np.abs(value - want).max()) for want in expected if want.shape == value.shape)
            assert closest < 1e-5, key


@pytest.mark.parametrize("name", CASES)
def test_tensorflow_sees_every_weight_as_a_variable(models, report, name):
    weights = [weight for weight in models[name].weights if "seed_generator" not in weight.path]
    assert len(report[name]["variables"]) >= len(weights)
    assert sum(report[name]["trainable"]) == len(models[name].trainable_weights)


def test_the_fingerprint_is_read_by_tensorflow(report):
    assert all(entry["fingerprint"] > 0 for entry in report.values())


def test_the_program_for_cpus_is_lowered_by_rules(folder):
    program = read(folder / "convolutional" / "1").signatures["serving_default"]
    text = jax.jit(program.function).lower(*program.values, np.ones((1, 9, 9, 3), "float32")).compile().as_text()
    assert "feature_group_count" not in text
    assert "dim_labels=b012f" not in text


SHOWN = {
    "functional": (
        r"inputs\['left'\].*?DT_FLOAT.*?\(-1, 4\)",
        r"inputs\['right'\].*?DT_FLOAT.*?\(-1, 2, 2\)",
        r"outputs\['output_0'\].*?DT_FLOAT.*?\(-1, 1\)",
        r"outputs\['output_1'\].*?DT_FLOAT.*?\(-1, 5\)",
    ),
    "embedding": (r"inputs\['\w+'\].*?DT_INT32.*?\(-1, 6\)", r"outputs\['output_0'\].*?DT_FLOAT.*?\(-1, 2\)"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_saved_model_cli_shows_sensible_signatures(folder, run_in_tensorflow, name):
    text = run_in_tensorflow("show", "--dir", folder / name / "1", "--all", program="saved_model_cli")
    assert "signature_def['serving_default']" in text
    assert "Method name is: tensorflow/serving/predict" in text
    for pattern in SHOWN[name]:
        assert re.search(pattern, text, re.DOTALL), pattern
