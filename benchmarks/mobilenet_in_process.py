"""MobileNetV2 in a process that calls it itself, whatever computes it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from in_process import Forward, measure_all
from mobilenet import MobileNet

Make = Callable[[int, int], Forward]


def measure(description: str | None, load: Callable[[MobileNet, Path], tuple[str, Make]]) -> None:
    """Do what the command line says.

    Args:
        description: of the program.
        load: takes the model and the folder of its files; returns what the settings begin with, perhaps nothing, and
            what makes the model for a batch size and a number of threads that will call it.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    flags = parser.parse_args()
    model = MobileNet(flags.size)
    name, make = load(model, flags.folder)
    measure_all(name, model.image(), make, flags.seconds)
