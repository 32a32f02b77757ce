"""Tenon's model server beside its peers, bare echoes, bare engines and TensorFlow, in one run: ``make bench-serving``.

Every contender starts anew for each of its turns, so none takes the cores from another, and the turns of a round follow
each other before the next round begins, so a slow minute of the machine hits all alike.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import security
from contenders import CONTENDERS, INTEROP_PYTHON, MOBILE_NETS, TENON
from loads import MODEL, grpc_generator
from machine import machine, versions
from peers import DISTRIBUTIONS, PEERS_PYTHON
from processes import output_of
from report import Row, document, ratios, sentences, table
from sample import Sample
from tenon_model import export
from turns import Contender, script

EXPORT_SECONDS = 300.0
_OURS = ("tenon-ml", "jax", "granian", "grpcio", "ai-edge-litert")


def run_rounds(contenders: Sequence[Contender], rounds: int, seconds: float, folder: Path) -> list[Row]:
    """Measure every contender once a round."""
    samples: dict[tuple[str, str, str], list[Sample]] = {}
    for number in range(1, rounds + 1):
        for contender in contenders:
            for found in contender.turn(seconds, folder):
                samples.setdefault((contender.name, found.settings, found.load), []).append(found.sample)
                what = f"{contender.name} ({found.settings}), {found.load}: {found.sample.requests_per_second:,.5g}/s"
                print(f"round {number}/{rounds}  {what}", file=sys.stderr, flush=True)
    return [Row(*key, tuple(taken)) for key, taken in samples.items()]


def write_models(contenders: Sequence[Contender], folder: Path) -> None:
    """Write what the contenders read."""
    (folder / "run").mkdir()
    export(folder / MODEL)
    security.write(folder, MODEL)
    parts = {contender.part for contender in contenders}
    for model in MOBILE_NETS:
        if model.name in parts:
            output_of(script("mobilenet.py", str(folder), str(model.size)), {}, folder, EXPORT_SECONDS)


def chosen(only: Sequence[str]) -> list[Contender]:
    """Return the contenders of some names or parts, and Tenon in the same parts; all of them for no names."""
    wanted = [each for each in CONTENDERS if not only or {each.name, each.part} & {*only}]
    if not wanted:
        names = sorted({name for each in CONTENDERS for name in (each.name, each.part)})
        raise SystemExit(f"--only must be one of {names}; received {list(only)}")
    parts = {each.part for each in wanted}
    return [each for each in CONTENDERS if each in wanted or (each.name == TENON and each.part in parts)]


def conditions(flags: argparse.Namespace) -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        **machine(),
        "tenon_environment": versions(Path(sys.executable), _OURS),
        "peer_environment": versions(PEERS_PYTHON, DISTRIBUTIONS),
        "interop_environment": versions(INTEROP_PYTHON, ("tensorflow", "keras")),
        "http_loader": "wrk, 1 thread" if shutil.which("wrk") else "http_load.py (asyncio)",
        "grpc_loader": grpc_generator(),
        "seconds": flags.seconds,
        "rounds": flags.rounds,
    }


def _flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each measurement (default 5)")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each row (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample to FILE")
    only = "measure this contender or part (mlp, mobilenet_96, mobilenet_224) alone, beside Tenon; may repeat"
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help=only)
    return parser.parse_args()


def _interrupt(number: int, frame: object) -> None:
    del number, frame
    raise KeyboardInterrupt


def main() -> int:
    flags = _flags()
    for python in (PEERS_PYTHON, INTEROP_PYTHON):
        if not python.exists():
            raise SystemExit(f"{python.parent.parent.name} is missing. Run `make bench-serving`, which sets it up.")
    signal.signal(signal.SIGTERM, _interrupt)
    contenders = chosen(flags.only)
    stated = conditions(flags)
    with tempfile.TemporaryDirectory(prefix="tenon-bench-") as folder:
        write_models(contenders, Path(folder))
        rows = run_rounds(contenders, flags.rounds, flags.seconds, Path(folder))
    print(json.dumps(stated, indent=2), table(rows), sentences(ratios(rows)), sep="\n\n")
    if flags.json:
        flags.json.write_text(json.dumps(document(stated, rows), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted; every contender was stopped.")
