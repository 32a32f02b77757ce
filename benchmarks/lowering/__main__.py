"""Each lowering rule beside the plain form, forward or with its gradients.

Both forms of a case are compiled once and run in turns; the table has medians of processor time, which other programs
on the machine change less than they change time on the wall, and of compile time.
"""

from __future__ import annotations

import argparse
import os

from benchmarks.lowering.cases import Case
from benchmarks.lowering.convolutions import CONVOLUTIONS
from benchmarks.lowering.forms import Comparison, compare
from benchmarks.lowering.others import OTHERS
from tenon.xla import LOWERING_RULES, install_lowering_rules

COLUMNS = ("rule", "case", "plain", "rule", "times", "middle half", "compile, plain (s)", "compile, rule (s)")
ALIGNMENT = ("---", "---", *("--:",) * 6)


def line(case: Case, found: Comparison) -> str:
    """Return a row of the table."""
    (plain, ruled), (low, high) = found.microseconds, found.spread
    compiling = [f"{form.compile_seconds:5.2f}" for form in (found.plain, found.ruled)]
    dtype = "" if case.dtype == "float32" else f" {case.dtype}"
    figures = (f"{plain:9.0f}", f"{ruled:8.0f}", f"{plain / ruled:5.1f}", f"{low:.1f} to {high:.1f}", *compiling)
    return joined((f"{case.rule:28}", f"{case.sizes} {case.label}{dtype}".ljust(52), *figures))


def joined(cells: tuple[str, ...]) -> str:
    """Return cells as a row of Markdown."""
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="rules whose name has this")
    parser.add_argument("--gradients", action="store_true", help="forward and all gradients instead of forward")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each form, at least 2")
    flags = parser.parse_args()
    install_lowering_rules(LOWERING_RULES)
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors; microseconds of processor time a call")
    print(joined(COLUMNS), joined(ALIGNMENT), sep="\n")
    for case in (*CONVOLUTIONS, *OTHERS):
        if flags.only in case.rule and (case.differentiable or not flags.gradients):
            print(line(case, compare(case, flags.gradients, flags.rounds)), flush=True)


if __name__ == "__main__":
    main()
