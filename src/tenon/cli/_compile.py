"""``tenon compile``."""

from __future__ import annotations

import argparse
from pathlib import Path

from tenon.base import require_extra

_ENGINES = ("auto", "xla", "litert")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags; they are those of ``tenon serve`` on which compiled programs depend."""
    parser.add_argument("directory", metavar="DIR", type=Path, help="a SavedModel, that is one version of a model")
    parser.add_argument(
        "--max-batch-size",
        "--max_batch_size",
        metavar="ROWS",
        type=int,
        default=64,
        help="rows that share one run at most, as the server will have it (default 64)",
    )
    parser.add_argument("--engine", choices=_ENGINES, default="auto", help="what will compute (default auto)")


def run(arguments: argparse.Namespace) -> int:
    """Compile, and print what was chosen and how long it took."""
    require_extra("serving")
    from tenon.serving.batching import batch_sizes
    from tenon.serving.engines import EngineKind
    from tenon.serving.models import compile_saved_model
    from tenon.xla import run_in_calling_thread

    run_in_calling_thread()
    sizes = batch_sizes(arguments.max_batch_size)
    report = compile_saved_model(arguments.directory, sizes, EngineKind(arguments.engine))
    for name, engine in report.engines.items():
        print(f"signature {name!r}: {engine['engine']} ({engine['reason']})")
    print(f"{report.programs} XLA programs, {report.size} bytes, in {report.seconds:.1f} s: {arguments.directory}")
    return 0
