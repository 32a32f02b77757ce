"""``tenon api-key``."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tenon.base import InvalidArgumentError, ResourceExhaustedError, require_extra


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags."""
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="the server's file of API keys; made if it is not there"
    )
    parser.add_argument("--client", required=True, help="who will use the key; the name in limits and in the audit")
    parser.add_argument(
        "--scopes",
        required=True,
        metavar="SCOPE,...",
        help="what it allows, such as predict:digits, predict:*, metadata:*, status:*, metrics, admin",
    )
    parser.add_argument("--days", type=float, metavar="DAYS", help="when it ends; without it, never")


def run(arguments: argparse.Namespace) -> int:
    """Make a key, keep its hash, print it once."""
    require_extra("serving")
    from tenon.serving.security import add_api_key, new_api_key

    expires = None if arguments.days is None else datetime.now(UTC) + timedelta(days=arguments.days)
    scopes = [word for word in arguments.scopes.split(",") if word]
    if not scopes:
        raise InvalidArgumentError(f"--scopes: a key must allow something; received {arguments.scopes!r}.")
    key, record = new_api_key(arguments.client, scopes, expires)
    try:
        add_api_key(arguments.file, record)
    except OSError as error:
        raise ResourceExhaustedError(
            f"{arguments.file}: cannot be written ({error.strerror}); there is no new key."
        ) from error
    print(key)
    return 0
