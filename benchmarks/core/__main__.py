"""Tenon beside TensorFlow on the programs of ``workloads.py``, turn about in one run.

Both sides are processes that live through the whole run; in every round each workload has one turn on each side, so a
slow minute of the machine hits both. After three calls both sides must have computed the same value.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.core.workloads import WORKLOADS
from benchmarks.processes import Worker, worker
from benchmarks.tables import markdown

TURN_SECONDS = 300.0
"""The most that a turn may take, with what the first one compiles."""

ROOT = Path(__file__).resolve().parents[2]
SIDES = {"tenon": sys.executable, "tensorflow": str(ROOT / ".venv-interop/bin/python")}


def measure(names: list[str], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return the microseconds of every turn by workload and side."""
    taken: dict[str, dict[str, list[float]]] = {name: {module: [] for module in SIDES} for name in names}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tenon-bench-")))
        sides = {module: stack.enter_context(_side(module, folder)) for module in SIDES}
        for number in range(rounds):
            for name in names:
                answers = {module: side.ask(name, TURN_SECONDS) for module, side in sides.items()}
                for module, answer in answers.items():
                    taken[name][module].append(answer["us"])
                if number == 0:
                    _agree(name, answers["tenon"]["value"], answers["tensorflow"]["value"])
    return taken


def _side(module: str, folder: Path) -> contextlib.AbstractContextManager[Worker]:
    words = [SIDES[module], "-W", "ignore", "-m", "benchmarks.core.worker", module]
    return worker(words, {}, ROOT, folder / module)


def _agree(name: str, ours: float | None, theirs: float | None) -> None:
    if (ours is None) != (theirs is None) or (
        ours is not None and theirs is not None and not math.isclose(ours, theirs, rel_tol=1e-3, abs_tol=1e-4)
    ):
        raise SystemExit(f"{name}: Tenon computed {ours}, TensorFlow {theirs}; no figure is valid.")


def table(taken: dict[str, dict[str, list[float]]]) -> str:
    """Return the medians, the ratio and its spread over the rounds."""
    header = ("workload", "Tenon", "TensorFlow", "TensorFlow / Tenon", "lowest to highest")
    body = []
    for name, sides in taken.items():
        ours, theirs = (statistics.median(sides[module]) for module in ("tenon", "tensorflow"))
        each = [b / a for a, b in zip(sides["tenon"], sides["tensorflow"], strict=True)]
        ratio, spread = statistics.median(each), f"{min(each):.2f} to {max(each):.2f}"
        body.append((name, f"{ours:,.1f} us", f"{theirs:,.1f} us", f"{ratio:.2f}", spread))
    return markdown(header, body)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="only workloads whose name contains this")
    parser.add_argument("--json", help="write the figures to this file too")
    flags = parser.parse_args()
    taken = measure([name for name in WORKLOADS if flags.only in name], flags.rounds)
    print(table(taken))
    if flags.json:
        Path(flags.json).write_text(json.dumps(taken, indent=2))


if __name__ == "__main__":
    main()
