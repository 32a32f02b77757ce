"""Tenon beside TensorFlow, PyTorch, plain Keras on JAX, ONNX Runtime and LiteRT, in one run: ``make bench``."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.machine import machine, versions
from benchmarks.models import goals, picture, report
from benchmarks.models.contenders import (
    COMPILED,
    CONTENDERS,
    MODELS_PYTHON,
    PYTORCH,
    ROOT,
    TENON,
    TENON_PYTHON,
    Contender,
)
from benchmarks.models.devices import ON_THE_CPU, POLICIES, Computing, Device, NoGPUError, gpu_of
from benchmarks.models.results import Cell
from benchmarks.models.rounds import Plan, measure
from benchmarks.models.workloads import ALL, Workload
from benchmarks.processes import output_of

FILES_SECONDS = 600.0


def _flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=__doc__)
    only = "measure workloads whose name, or kind, contains this; may repeat"
    parser.add_argument("--only", action="append", default=[], metavar="WORKLOAD", help=only)
    peers = "measure beside this peer alone; may repeat"
    names = [each.name for each in CONTENDERS if each.name != TENON]
    parser.add_argument("--peers", action="append", default=[], choices=names, metavar="PEER", help=peers)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender (default 5)")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a turn (default 0.5)")
    most = "of a workload's rounds; after three of them none begins later (default 20)"
    parser.add_argument("--most-seconds", type=float, default=20.0, help=most)
    parser.add_argument("--threads", type=int, default=2, help="of each contender, on as many cores (default 2)")
    device = "where models compute (default cpu); TensorFlow, ONNX Runtime and LiteRT take part on cpu alone"
    parser.add_argument("--device", type=Device, choices=Device, default=Device.CPU, help=device)
    policy = "Keras's dtype policy, and PyTorch's autocast (default float32)"
    parser.add_argument("--policy", choices=POLICIES, default="float32", help=policy)
    python = "interpreter that has PyTorch (default: that of .venv-models, which has it for cpu alone)"
    parser.add_argument("--pytorch-python", type=Path, default=MODELS_PYTHON, metavar="FILE", help=python)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything to FILE")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the ratios into FILE, an SVG")
    return parser.parse_args()


def _pin(threads: int) -> None:
    """Give this process and all that it starts the same few cores, and runtimes the same number of threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC"), str(threads))


def chosen_workloads(only: Sequence[str]) -> list[Workload]:
    """Return the workloads that the flags name; all of them for no names."""
    found = [each for each in ALL if not only or any(word in each.name or word == each.kind for word in only)]
    if not found:
        raise SystemExit(f"--only must be part of one of {[each.name for each in ALL]}; received {list(only)}")
    return found


def chosen_contenders(peers: Sequence[str], device: Device, pytorch: Path) -> list[Contender]:
    """Return Tenon and the peers that the flags name, of those that compute there; all of them for no names."""
    found = [each for each in CONTENDERS if device in each.devices and (not peers or each.name in (TENON, *peers))]
    return [replace(each, python=pytorch) if each.name in (PYTORCH, COMPILED) else each for each in found]


def measure_all(workloads: Sequence[Workload], contenders: Sequence[Contender], plan: Plan) -> Iterator[list[Cell]]:
    """Write the files of the workloads and measure one after another."""
    names = [each.name for each in workloads]
    words = [str(TENON_PYTHON), "-m", "benchmarks.models.files", str(plan.folder), *names]
    output_of(words, ON_THE_CPU.environment, ROOT, FILES_SECONDS)
    for each in workloads:
        yield measure(each, contenders, plan)


def conditions(flags: argparse.Namespace, contenders: Sequence[Contender]) -> dict[str, Any]:
    """Return what the figures depend on."""
    found = {each.name: versions(each.python, each.distributions) for each in contenders if each.python.exists()}
    flags_kept = {name: getattr(flags, name) for name in ("rounds", "seconds", "threads", "device", "policy")}
    return {**machine(), "versions": found, **flags_kept}


def _gpu_or_exit() -> str:
    try:
        return gpu_of(TENON_PYTHON)
    except NoGPUError as error:
        raise SystemExit(str(error)) from None


def _interrupt(number: int, frame: object) -> None:
    del number, frame
    raise KeyboardInterrupt


def main() -> None:
    flags = _flags()
    signal.signal(signal.SIGTERM, _interrupt)
    workloads = chosen_workloads(flags.only)
    contenders = chosen_contenders(flags.peers, flags.device, flags.pytorch_python)
    computing = Computing(flags.device, flags.policy)
    gpu = {"gpu": _gpu_or_exit()} if flags.device is Device.GPU else {}
    stated = conditions(flags, contenders) | gpu
    _pin(flags.threads)
    with tempfile.TemporaryDirectory(prefix="tenon-bench-") as folder:
        plan = Plan(
            flags.rounds,
            flags.seconds,
            flags.most_seconds,
            flags.threads,
            Path(folder),
            computing,
        )
        cells: list[Cell] = []
        try:
            for found in measure_all(workloads, contenders, plan):
                cells += found
        except KeyboardInterrupt:
            print("interrupted; every contender was stopped. What was measured before:", file=sys.stderr)
    print(json.dumps(stated, indent=2))
    for title, text in (
        ("Milliseconds of a step or call; how many times as fast Tenon is", report.speed(cells)),
        ("Milliseconds of processor time, all threads together", report.processor(cells)),
        ("Seconds to the first result", report.starts(cells)),
        ("Peak memory, MiB", report.memory(cells)),
        ("Import", report.imports(cells)),
        ("Goals", goals.sentences(cells)),
    ):
        print(f"\n{title}\n\n{text}")
    if flags.json:
        flags.json.write_text(json.dumps(report.document(stated, cells), indent=2) + "\n")
    if flags.picture:
        flags.picture.write_text(picture.svg(cells), encoding="utf-8")


if __name__ == "__main__":
    main()
