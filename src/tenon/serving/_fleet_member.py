"""What a server does otherwise when it is one of several processes behind the same ports."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tenon.serving.configuration import ModelServerConfig
from tenon.serving.servables import Loader, Servable
from tenon.serving.telemetry import Snapshot
from tenon.serving.traffic import Rollback


@dataclass(frozen=True)
class FleetMember:
    """One server's place in a fleet, and how it reaches the others.

    Args:
        number: which one it is, from 0.
        count: how many there are.
        cpus: its share of the processors.
        reload: has all servers of the fleet serve other models.
        metrics: returns the metrics of all of them.
        rolled_back: tells the others that this one took a canary's weight.
        load_turn: held while a version is loaded; may block, in a thread.
        grpc_socket: the UNIX socket that all of them accept gRPC connections from; ``None`` where there is none.
    """

    number: int
    count: int
    cpus: int
    reload: Callable[[ModelServerConfig], Awaitable[None]]
    metrics: Callable[[], Awaitable[Snapshot]]
    rolled_back: Callable[[Rollback], None]
    load_turn: Callable[[], AbstractContextManager[None]]
    grpc_socket: socket.socket | None = None


class LoaderInTurn(Loader):
    """Load when it is this server's turn: one load at a time in the whole fleet.

    Args:
        loader: loads.
        turn: held meanwhile.
    """

    def __init__(self, loader: Loader, turn: Callable[[], AbstractContextManager[None]]) -> None:
        self._loader, self._turn = loader, turn

    def load(self) -> Servable:
        """Wait for the turn, and load; see ``Loader.load``."""
        with self._turn():
            return self._loader.load()
