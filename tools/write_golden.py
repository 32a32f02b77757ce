"""Write the golden artifacts of the present version into tests/golden/VERSION.

Run it once for a release, with the version already raised, and commit what it writes:

    .venv/bin/python -m tools.write_golden

Every later version must read them (tests/test_golden.py). Never write those of an old version again.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

import tenon
from tenon import keras, saved_model
from tenon.base import TensorSpec
from tenon.core.random import Generator
from tenon.core.variables import Module, Variable
from tenon.formats import BundleWriter
from tenon.summary import SummaryWriter
from tenon.train import Checkpoint

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"

X = np.array([[1.0, -2.0], [0.5, 0.25], [0.0, 3.0]], np.float32)
"""What every golden model is asked."""

TENSORS = {
    "bfloat16": np.array([[1.5, -2.0]], ml_dtypes.bfloat16),
    "bool": np.array([True, False, True]),
    "complex64": np.array([1 + 2j], np.complex64),
    "empty": np.zeros((0, 3), np.float32),
    "float16": np.array([0.5, 65504.0], np.float16),
    "float32": np.arange(6, dtype=np.float32).reshape(2, 3),
    "float64": np.array(0.1),
    "int64": np.array([-(2**63), 2**63 - 1]),
    "string": np.array([b"", b"a", "\N{SNOWMAN}".encode()], dtype=object),
    "uint8": np.arange(256, dtype=np.uint8),
}
"""What the golden bundle holds."""


def write_golden(folder: Path) -> None:
    """Write a function's SavedModel, a trained Keras model's, a bundle, a checkpoint and an event file.

    The answers that are expected of the models lie beside them.
    """
    folder.mkdir(parents=True)
    answers = {"function": _write_function(folder / "function"), "keras": _write_keras(folder / "keras")}
    _write_bundle(folder / "bundle" / "tensors")
    golden_checkpoint(1).save(folder / "checkpoint" / "ckpt")
    _write_events(folder / "events")
    (folder / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")


def _write_function(path: Path) -> list[Any]:
    variables = {"kernel": np.array([[0.5, -1.0, 2.0], [1.0, 0.0, -0.25]], np.float32), "bias": np.float32([0, 1, 2])}
    signatures = {"serving_default": {"x": TensorSpec((None, 2), np.float32)}}
    saved_model.save(lambda v, x: {"y": x @ v["kernel"] + v["bias"]}, path, signatures, variables=variables)
    loaded = saved_model.read(path).signatures["serving_default"]
    return np.asarray(loaded(x=X)["y"]).tolist()


def _write_keras(path: Path) -> list[Any]:
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.Input((2,), name="x"), keras.layers.Dense(2, activation="tanh", name="dense")])
    model.compile(optimizer=keras.optimizers.SGD(0.1, momentum=0.9), loss="mse")
    model.fit(X, np.ones((3, 2), np.float32), epochs=2, verbose=0)
    model.save(path)
    return model.predict(X, verbose=0).tolist()


def _write_bundle(prefix: Path) -> None:
    with BundleWriter(prefix) as writer:
        for key, tensor in TENSORS.items():
            writer.add(key, tensor)


def golden_checkpoint(number: int) -> Checkpoint:
    """Return objects of every kind that a checkpoint holds, with values that depend on a number."""
    held = Module()
    held.rows = [Variable([number, 2]), {"a/b.c": Variable(number / 3, dtype="float64")}, (Variable(f"text {number}"),)]
    held.half = Variable([[number]], dtype="bfloat16")
    held.twice = held.rows[0]
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2), keras.layers.BatchNormalization()])
    optimizer = keras.optimizers.Adam()
    optimizer.build(model.trainable_variables)
    for place, variable in enumerate([*model.weights, *optimizer.variables]):
        variable.assign(np.full(variable.shape, place + number, variable.dtype))
    return Checkpoint(held=held, model=model, optimizer=optimizer, rng=Generator.from_seed(number))


def _write_events(folder: Path) -> None:
    with SummaryWriter(folder) as writer:
        writer.scalar("loss", 0.25, step=1)
        writer.histogram("weights", [0.0, 0.5, 1.0], step=2, buckets=2)
        writer.text("note", "golden", step=3)
    (event_file,) = folder.iterdir()
    event_file.rename(folder / "events.out.tfevents.golden")  # its own name holds the name of the machine


if __name__ == "__main__":
    target = GOLDEN / tenon.__version__
    if target.exists():
        sys.exit(f"{target} is there already; golden artifacts are written once.")
    write_golden(target)
