"""``tenon audit``."""

from __future__ import annotations

import argparse
from pathlib import Path

from tenon.base import require_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="the newest file; rotated ones beside it are checked too"
    )
    parser.add_argument(
        "--hash", metavar="HASH", help="the hash of a line that must be there, kept from an earlier look"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check the chain of an audit, and say what it holds."""
    require_extra("serving")
    from tenon.serving.security import verify_audit

    found = verify_audit(arguments.file, arguments.hash)
    begin = "from its first line on" if found.complete else "older lines were rotated away"
    print(f"{arguments.file}: {found.lines} lines in {len(found.files)} file(s), unbroken, {begin}")
    if found.torn:
        print(f"{found.torn} line(s) were left unfinished by a process that was killed")
    print(f"last hash: {found.last_hash}")
    return 0
