"""``tenon verify``."""

from __future__ import annotations

import argparse
from pathlib import Path

from tenon.base import require_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("directory", metavar="DIR", type=Path, help="the model: a SavedModel's directory")
    parser.add_argument(
        "--key",
        metavar="PUBLIC.pem",
        type=Path,
        nargs="+",
        required=True,
        help="files of trusted public keys, of one or several each",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check the signature and every file."""
    require_extra("serving")
    from tenon.saved_model import verify

    signed = verify(arguments.directory, arguments.key)
    print(f"{arguments.directory}: {signed.files} files are as they were signed with key {signed.key_id}")
    return 0
