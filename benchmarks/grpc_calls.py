"""What a gRPC load generator is told to do: the same words for each of them."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Calls:
    """One message in unary calls.

    Args:
        port: of the server, on this machine.
        method: its full name.
        message: the bytes of the request.
        clients: connections.
        streams: calls under way on each of them.
        seconds: how long.
        rate: calls a second over all callers; ``None`` for as many as are answered.
    """

    port: int
    method: str
    message: bytes
    clients: int
    streams: int
    seconds: float
    rate: float | None


def told(description: str | None) -> Calls:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--method", required=True)
    parser.add_argument("--request", type=Path, required=True, help="file of the message")
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--streams", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--rate", type=float, help="calls a second, over all callers")
    flags = vars(parser.parse_args())
    return Calls(message=flags.pop("request").read_bytes(), **flags)
