"""What a worker is told when it begins."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenon.serving.configuration import ServerOptions
from tenon.serving.traffic import Rollback, TrafficTable


@dataclass(frozen=True)
class Assignment:
    """What one worker serves, and how.

    Args:
        number: which worker it is, from 0; one that takes another's place has its number.
        count: how many there are.
        cpus: its share of the processors.
        options: what and where; the ports are those of all.
        traffic: the rules of traffic in force.
        rollbacks: the canaries that lost their weight.
        turn_fd: the inherited file whose lock is the turn to load.
        grpc_socket_fd: the inherited UNIX socket that all accept from; ``None`` where there is none.
    """

    number: int
    count: int
    cpus: int
    options: ServerOptions
    traffic: TrafficTable = field(default_factory=TrafficTable)
    rollbacks: tuple[Rollback, ...] = ()
    turn_fd: int = -1
    grpc_socket_fd: int | None = None
