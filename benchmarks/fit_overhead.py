"""The step around the maths: ``fit`` and ``predict`` with plain Keras on JAX and with Tenon, turn about.

    python benchmarks/fit_overhead.py --rounds 5 --batch 32

Each round is a process for each side. Printed are medians for an epoch of 60,000 rows through an MLP 784-128-10 with
dropout: seconds on the clock, and seconds of processors, which a busy machine disturbs less. ``--core N`` pins both
sides to one core. ``--cache`` measures the first start of a program instead: without a compile cache, with an empty
one and with a full one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROWS = 60_000
SIDES = ("keras", "tenon", "tenon, single steps")


def measured(work: Callable[[], Any]) -> tuple[float, float]:
    """Return how long something took, on the clock and of processors."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def one_side(side: str, batch: int, rows: int) -> dict[str, tuple[float, float]]:
    """Train and predict in this process; the first call of each, which compiles, is measured apart."""
    os.environ["KERAS_BACKEND"] = "jax"
    import numpy as np

    if side == "keras":
        import keras
    else:
        from tenon import keras
    chance = np.random.default_rng(0)
    x, y = chance.random((rows, 784), dtype=np.float32), chance.integers(0, 10, rows)
    layers = [keras.layers.Dense(128, activation="relu"), keras.layers.Dropout(0.2), keras.layers.Dense(10)]
    model = keras.Sequential([keras.Input((784,)), *layers])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])

    def fit() -> None:
        model.fit(x, y, batch_size=batch, verbose=0)

    def predict() -> None:
        model.predict(x, batch_size=batch, verbose=0)

    return {
        "first fit": measured(fit),
        "fit": min(measured(fit) for _ in range(3)),
        "first predict": measured(predict),
        "predict": min(measured(predict) for _ in range(3)),
    }


def in_a_process(side: str, flags: argparse.Namespace, rows: int, **variables: str) -> dict[str, Any]:
    """Return what ``one_side`` measured in a process of its own."""
    single = {"TENON_STEPS_PER_EXECUTION": "1"} if side.endswith("single steps") else {}
    words = ["--side", side, "--batch", str(flags.batch), "--rows", str(rows)]
    pinned = ["taskset", "-c", str(flags.core)] if flags.core is not None else []
    environment = {**os.environ, "TENON_COMPILE_CACHE": "off", **single, **variables}
    command = [*pinned, sys.executable, __file__, *words]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compare(flags: argparse.Namespace) -> None:
    """Print the medians of all sides, and their range."""
    found = {side: [] for side in SIDES}
    for _ in range(flags.rounds):
        for side in SIDES:
            found[side].append(in_a_process(side, flags, flags.rows))
    for what in ("fit", "predict"):
        for side, rounds in found.items():
            for index, unit in enumerate(("clock", "processor")):
                values = sorted(one[what][index] for one in rounds)
                spread = f"{values[0]:.3f} to {values[-1]:.3f}"
                print(f"{what:8} {side:20} {unit:10} {statistics.median(values):.3f} s  ({spread})")


def compare_starts(flags: argparse.Namespace) -> None:
    """Print the seconds of processors that the first ``fit`` and ``predict`` take, by the state of the cache."""
    for _ in range(flags.rounds):
        with tempfile.TemporaryDirectory() as folder:
            on = {"TENON_COMPILE_CACHE": "on", "TENON_CACHE_DIR": str(Path(folder, "cache"))}
            for name, variables in (("none", {}), ("empty", on), ("full", on)):
                one = in_a_process("tenon", flags, 2 * flags.batch, **variables)
                print(f"cache {name:6} first fit {one['first fit'][1]:.3f} s, predict {one['first predict'][1]:.3f} s")


def main() -> None:
    """Read the flags and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--core", type=int)
    parser.add_argument("--cache", action="store_true")
    parser.add_argument("--side", choices=SIDES)
    flags = parser.parse_args()
    if flags.side:
        print(json.dumps(one_side(flags.side, flags.batch, flags.rows)))
    else:
        (compare_starts if flags.cache else compare)(flags)


if __name__ == "__main__":
    main()
