"""MobileNetV2 in the engine that Tenon chooses, without batching, server or protocol.

One caller has all processors for its run, several have one each.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from in_process import BATCHES, Forward
from mobilenet import MobileNet
from mobilenet_in_process import Make, measure

from tenon.saved_model import read
from tenon.serving.engines import BlobCache, EngineMaker, weights_on_device
from tenon.xla import enable_compile_cache


def load(model: MobileNet, folder: Path) -> tuple[str, Make]:
    enable_compile_cache(folder / "compiled")
    saved = read(folder / model.name / "1")
    signature = saved.signatures["serving_default"]
    names = dict(zip(signature.variables, signature.variable_dtypes, strict=True))
    weights = weights_on_device({name: saved.variables[name] for name in names}, names)
    maker = EngineMaker(cache=BlobCache(folder / "compiled/engine"))
    samples = [[np.repeat(model.image(), batch, axis=0)] for batch in BATCHES]
    engine, report = maker.make(signature, [weights[name] for name in names], model.name, lambda: samples)

    cores = os.cpu_count() or 1

    def make(batch: int, callers: int) -> Forward:
        program = engine.prepare(((batch, *model.shape),)).on(cores // callers)
        model.check(folder, program(samples[BATCHES.index(batch)])[0])
        return lambda rows: program([rows])[0]

    return f"{report.name}, ", make


if __name__ == "__main__":
    measure(__doc__, load)
