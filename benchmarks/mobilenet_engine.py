"""MobileNetV2 in the engine that Tenon chooses, without batching, server or protocol.

One caller has all processors for its run, several have one each.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from in_process import BATCHES, Forward, measure_all
from mobilenet import MobileNet

from tenon.saved_model import read
from tenon.serving.engines import BlobCache, EngineMaker, weights_on_device
from tenon.xla import enable_compile_cache


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    flags = parser.parse_args()
    model = MobileNet(flags.size)
    enable_compile_cache(flags.folder / "compiled")
    saved = read(flags.folder / model.name / "1")
    signature = saved.signatures["serving_default"]
    names = dict(zip(signature.variables, signature.variable_dtypes, strict=True))
    weights = weights_on_device({name: saved.variables[name] for name in names}, names)
    maker = EngineMaker(cache=BlobCache(flags.folder / "compiled/engine"))
    samples = [[np.repeat(model.image(), batch, axis=0)] for batch in BATCHES]
    engine, report = maker.make(signature, [weights[name] for name in names], model.name, lambda: samples)

    cores = os.cpu_count() or 1

    def make(batch: int, callers: int) -> Forward:
        program = engine.prepare(((batch, *model.shape),)).on(cores // callers)
        model.check(flags.folder, program(samples[BATCHES.index(batch)])[0])
        return lambda rows: program([rows])[0]

    measure_all(f"{report.name}, ", model.image(), make, flags.seconds)


if __name__ == "__main__":
    main()
