"""``tenon sign``."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from tenon.base import NotFoundError, PermissionDeniedError, ResourceExhaustedError, require_extra

VARIABLE = "TENON_KEY_PASSPHRASE"
"""The environment variable with the passphrase of an encrypted key."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument("directory", metavar="DIR", type=Path, help="the model: a SavedModel's directory")
    parser.add_argument(
        "--key",
        metavar="KEY.pem",
        type=Path,
        required=True,
        help=f"private key (P-256, P-384 or P-521); ${VARIABLE} or a prompt opens an encrypted one",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the signature."""
    require_extra("serving")
    key = _read(arguments.key)
    from tenon.saved_model import sign

    try:
        signed = sign(arguments.directory, key, passphrase=_passphrase(arguments.key, key))
    except OSError as error:
        raise ResourceExhaustedError(
            f"{error.filename}: the signature cannot be written ({error.strerror}); nothing was changed."
        ) from error
    print(f"{arguments.directory}: signed {signed.files} files with key {signed.key_id}")
    return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFoundError(f"{path}: the key cannot be read ({error.strerror}).") from error


def _passphrase(path: Path, key: bytes) -> str | None:
    if b"ENCRYPTED" not in key:
        return None
    given = os.environ.get(VARIABLE)
    if given is None and not sys.stdin.isatty():
        raise PermissionDeniedError(f"{path}: the key is encrypted. Set ${VARIABLE}, or type it at a terminal.")
    return getpass.getpass(f"Passphrase of {path}: ") if given is None else given
