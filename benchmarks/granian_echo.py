"""The ceiling of REST: granian with Tenon's own settings and an application that sends the body back."""

from __future__ import annotations

import argparse
import asyncio
import signal
from typing import Any

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server


class Echo:
    """An RSGI application."""

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        """Answer with the body."""
        del scope
        protocol.response_bytes(200, [("Content-Type", "application/json")], await protocol())


async def serve(port: int) -> None:
    server = Server(
        Echo(),
        address="127.0.0.1",
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=1024,
        log_enabled=False,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(serve(parser.parse_args().port))
