"""Tenon's model server beside LitServe, BentoML and bare echoes, on this machine, in one run: ``make bench``.

Every server starts anew for each of its turns, so none takes the cores from another, and the turns of a round follow
each other before the next round begins, so a slow minute of the machine hits all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from contenders import CONTENDERS, PEERS_PYTHON, TENON, Contender
from processes import free_port, output_of, running
from report import Row, document, ratios, sentences, table
from sample import Sample, read
from tenon_model import export

WARM_UP_SECONDS = 2.0
QUIET_LOAD = 1.0
_OURS = ("tenon-ml", "jax", "granian", "grpcio")
_THEIRS = ("litserve", "bentoml", "numpy")
_ASK_VERSIONS = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"


def measure(contender: Contender, seconds: float, folder: Path) -> Iterator[tuple[str, Sample]]:
    """Start a server, check its answers, and put each of its loads on it in turn."""
    ports = {"port": free_port(), "grpc_port": free_port()}
    loads = [(load, ports[name]) for load, name in contender.loads]
    here = folder / "run"
    here.mkdir(exist_ok=True)
    environment = {"BENTOML_HOME": str(folder / "bentoml"), **contender.environment}
    command = contender.command(ports, folder)
    with running(command, environment, here / "server.log", partial(_all_answer, loads)):
        for load, port in loads:
            for turn in (WARM_UP_SECONDS, seconds):
                sample = read(output_of(load.command(port, turn, here), {}, here, turn + 60))
            if sample.errors:
                raise SystemExit(
                    f"{contender.name}, {load.label}: {sample.errors} requests failed; no figure is valid."
                )
            yield load.label, sample


def _all_answer(loads: list[tuple[Any, int]]) -> bool:
    return all(load.ask(port) for load, port in loads)


def run_rounds(contenders: list[Contender], rounds: int, seconds: float, folder: Path) -> list[Row]:
    """Measure every contender once a round."""
    samples: dict[tuple[str, str, str], list[Sample]] = {}
    for number in range(1, rounds + 1):
        for contender in contenders:
            for label, sample in measure(contender, seconds, folder):
                samples.setdefault((contender.name, contender.settings, label), []).append(sample)
                what = f"{contender.name} ({contender.settings}), {label}"
                print(
                    f"round {number}/{rounds}  {what}: {sample.requests_per_second:,.0f}/s", file=sys.stderr, flush=True
                )
    return [Row(*key, tuple(taken)) for key, taken in samples.items()]


def conditions(flags: argparse.Namespace) -> dict[str, Any]:
    """Return what the figures depend on."""
    theirs = output_of([str(PEERS_PYTHON), "-c", _ASK_VERSIONS, *_THEIRS], {}, Path(), 60)
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "tenon_environment": {name: version(name) for name in _OURS},
        "peer_environment": json.loads(theirs),
        "http_loader": "wrk, 1 thread" if shutil.which("wrk") else "http_load.py (asyncio)",
        "grpc_loader": "grpc_load.py (grpc.aio)",
        "load_average_at_start": os.getloadavg()[0],
        "seconds": flags.seconds,
        "rounds": flags.rounds,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def _flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement (default 5)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each row (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample to FILE")
    parser.add_argument("--only", action="append", metavar="NAME", help="measure Tenon and this peer alone; may repeat")
    return parser.parse_args()


def _interrupt(number: int, frame: object) -> None:
    del number, frame
    raise KeyboardInterrupt


def main() -> int:
    flags = _flags()
    if not PEERS_PYTHON.exists():
        raise SystemExit(f"{PEERS_PYTHON.parent.parent.name} is missing. Run `make bench`, which sets it up.")
    signal.signal(signal.SIGTERM, _interrupt)
    stated = conditions(flags)
    if stated["load_average_at_start"] > QUIET_LOAD:
        print(f"warning: load average {stated['load_average_at_start']:.2f}: something else runs.", file=sys.stderr)
    chosen = [each for each in CONTENDERS if not flags.only or each.name in {TENON, *flags.only}]
    with tempfile.TemporaryDirectory(prefix="tenon-bench-") as folder:
        export(Path(folder) / "mlp")
        rows = run_rounds(chosen, flags.rounds, flags.seconds, Path(folder))
    print(json.dumps(stated, indent=2), table(rows), sentences(ratios(rows)), sep="\n\n")
    if flags.json:
        flags.json.write_text(json.dumps(document(stated, rows), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; every server was stopped.")
