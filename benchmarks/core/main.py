"""Tenon beside TensorFlow on the programs of ``workloads.py``, turn about in one run.

Both sides are processes that live through the whole run; in every round each workload has one turn on each side, so a
slow minute of the machine hits both. After three calls both sides must have computed the same value.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from workloads import WORKLOADS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SIDES = {"tenon": sys.executable, "tensorflow": str(ROOT / ".venv-interop/bin/python")}


class Side:
    """One of the two processes."""

    def __init__(self, module: str, python: str) -> None:
        command = [python, "-W", "ignore", str(HERE / "worker.py"), module]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def turn(self, name: str) -> dict[str, Any]:
        """Let the side run a workload for its time; return what it reports."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(name + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._process.args}: died at {name!r}.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def stop(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)


def measure(names: list[str], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return the microseconds of every turn by workload and side."""
    sides = {module: Side(module, python) for module, python in SIDES.items()}
    taken: dict[str, dict[str, list[float]]] = {name: {module: [] for module in sides} for name in names}
    for number in range(rounds):
        for name in names:
            answers = {module: side.turn(name) for module, side in sides.items()}
            for module, answer in answers.items():
                taken[name][module].append(answer["us"])
            if number == 0:
                _agree(name, answers["tenon"]["value"], answers["tensorflow"]["value"])
    for side in sides.values():
        side.stop()
    return taken


def _agree(name: str, ours: float | None, theirs: float | None) -> None:
    if (ours is None) != (theirs is None) or (
        ours is not None and theirs is not None and not math.isclose(ours, theirs, rel_tol=1e-3, abs_tol=1e-4)
    ):
        raise SystemExit(f"{name}: Tenon computed {ours}, TensorFlow {theirs}; no figure is valid.")


def table(taken: dict[str, dict[str, list[float]]]) -> str:
    """Return the medians, the ratio and its spread over the rounds."""
    lines = ["| workload | Tenon | TensorFlow | TensorFlow / Tenon | lowest to highest |", "|---|---|---|---|---|"]
    for name, sides in taken.items():
        ours, theirs = (statistics.median(sides[module]) for module in ("tenon", "tensorflow"))
        each = [b / a for a, b in zip(sides["tenon"], sides["tensorflow"], strict=True)]
        ratio, spread = statistics.median(each), f"{min(each):.2f} to {max(each):.2f}"
        lines.append(f"| {name} | {ours:,.1f} us | {theirs:,.1f} us | {ratio:.2f} | {spread} |")
    return "\n".join(lines)


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
