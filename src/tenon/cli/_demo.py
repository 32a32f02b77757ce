"""``tenon demo``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tenon.base import require_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    flags = (
        ("data", "FILE.csv", Path, "a table of your own with a header row (default: the digits of scikit-learn)"),
        ("label", "COLUMN", str, "with --data: the column to predict; text and integers are classes"),
        ("output", "DIR", Path, "folder of everything that is written (default ./tenon-demo)"),
        ("epochs", "N", int, "passes over the training rows (default 15, for a table 20)"),
        ("port", "PORT", int, "gRPC port of the server (default: a free one)"),
        ("rest-api-port", "PORT", int, "REST port of the server (default: a free one)"),
    )
    for name, metavar, kind, text in flags:
        parser.add_argument(f"--{name}", metavar=metavar, type=kind, help=text, default=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; at a terminal the server stays up until Ctrl-C."""
    for extra in ("serving", "demo"):
        require_extra(extra)
    from rich.console import Console

    from tenon.demo import DemoOptions, run_demo

    given = {name: value for name, value in vars(arguments).items() if name != "command"}
    run_demo(DemoOptions(**given), Console(), stay=sys.stdin.isatty() and sys.stdout.isatty())
    return 0
