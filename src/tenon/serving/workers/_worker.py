"""The process of one worker: it does what its supervisor says, and ends with it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
from contextlib import AsyncExitStack
from typing import Any

import uvloop

from tenon.base import FailedPreconditionError, InternalError, TenonError, UnknownError
from tenon.serving._fleet_member import FleetMember
from tenon.serving._open_files import raise_open_files_limit
from tenon.serving._server import ModelServer
from tenon.serving.configuration import ModelServerConfig
from tenon.serving.console import Controls
from tenon.serving.telemetry import Snapshot, log_crashes_to_stderr, log_to_stderr
from tenon.serving.traffic import Rollback, TrafficTable
from tenon.serving.workers._assignment import Assignment
from tenon.serving.workers._channel import Channel
from tenon.serving.workers._turns import LoadTurns
from tenon.xla import choose_convolution_library, enable_compile_cache, run_in_calling_thread

_SPARE_SECONDS = 5.0

_log = logging.getLogger("tenon.serving")


class Worker:
    """Serve as the supervisor says, in the running event loop.

    Args:
        connection: the socket to the supervisor, inherited.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._channel = Channel(connection, {name: getattr(self, name) for name in _CALLS})
        self._server: ModelServer | None = None
        self._controls: Controls | None = None
        self._turns: LoadTurns | None = None
        self._drain_seconds = 0.0
        self._reloading = AsyncExitStack()
        self._telling: set[asyncio.Task[Any]] = set()

    async def run(self) -> None:
        """Serve until SIGTERM, or until the supervisor is gone; then answer what is in flight, and return."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        listening = asyncio.create_task(self._channel.run())
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((listening, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            _log.warning("the supervisor is gone: requests in flight are answered, new ones refused")
        stopping.cancel()
        _end_after(2 * self._drain_seconds + _SPARE_SECONDS)
        self._channel.close()  # whoever changes all workers must not wait for one that ends
        await asyncio.wait([listening])
        if self._server is not None:
            await self._server.stop()

    async def begin(self, assignment: Assignment) -> None:
        """Make the server.

        Args:
            assignment: what to serve.
        """
        options = assignment.options
        log_to_stderr(options.log_format, assignment.number)
        self._drain_seconds = options.drain_seconds
        self._turns = LoadTurns(assignment.turn_fd)
        enable_compile_cache(options.compile_cache)
        descriptor = assignment.grpc_socket_fd
        member = FleetMember(
            *(assignment.number, assignment.count, assignment.cpus),
            reload=self._reload_all,
            metrics=self._metrics_of_all,
            rolled_back=self._tell_rollback,
            load_turn=self._turns,
            grpc_socket=None if descriptor is None else socket.socket(fileno=descriptor),
        )
        try:
            self._server = ModelServer(options, member)
        except OSError as error:  # a file that the options name
            raise FailedPreconditionError(f"worker {assignment.number}: {error}") from error
        self._controls = self._server.controls
        self._server.router.replace(assignment.traffic)
        for rollback in assignment.rollbacks:
            self._server.router.roll_back(rollback)

    async def listen(self) -> None:
        """Take requests."""
        await self._running.start()

    async def load(self) -> None:
        """Load every model."""
        server, turns = self._running, self._turns
        await server.load()
        if turns is not None:
            turns.begin()

    async def served(self) -> list[str]:
        """Return the names of the models that answer."""
        return [model.name for model in self._running.models() if model.is_available]

    async def prepare(self, config: ModelServerConfig) -> None:
        """Load another configuration beside the one that answers.

        Args:
            config: all models that are to be served.
        """
        await self._reloading.enter_async_context(self._running.prepared(config))

    async def finish(self, commit: bool) -> None:
        """Change to what was prepared, or take it back.

        Args:
            commit: whether to change.
        """
        reloading, self._reloading = self._reloading, AsyncExitStack()
        if commit:
            await reloading.aclose()
            return
        refusal = UnknownError("another worker could not")
        try:
            await reloading.__aexit__(type(refusal), refusal, None)
        except UnknownError as error:
            if error is not refusal:
                raise

    async def set_traffic(self, table: TrafficTable) -> None:
        """Obey other rules.

        Args:
            table: the rules.
        """
        self._running.router.replace(table)

    async def roll_back(self, rollback: Rollback) -> None:
        """Take a canary's weight.

        Args:
            rollback: which, and why.
        """
        self._running.router.roll_back(rollback)

    async def reset_rollback(self, model: str, version: int) -> None:
        """Give a canary its weight again.

        Args:
            model: the model.
            version: the canary.
        """
        self._running.router.reset(model, version)

    async def ask(self, method: str, arguments: dict[str, Any]) -> Any:
        """Return what this server's controls answer.

        Args:
            method: one of ``Controls``.
            arguments: its arguments.
        """
        if self._controls is None:
            raise InternalError("the worker has no assignment yet. Report it.")
        return await getattr(self._controls, method)(**arguments)

    @property
    def _running(self) -> ModelServer:
        if self._server is None:
            raise InternalError("the worker has no assignment yet. Report it.")
        return self._server

    async def _reload_all(self, config: ModelServerConfig) -> None:
        await self._channel.call("reload", config=config)

    async def _metrics_of_all(self) -> Snapshot:
        snapshot: Snapshot = await self._channel.call("metrics")
        return snapshot

    def _tell_rollback(self, rollback: Rollback) -> None:
        task = asyncio.create_task(self._told(rollback))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _told(self, rollback: Rollback) -> None:
        try:
            await self._channel.call("rolled_back", rollback=rollback)
        except TenonError as error:
            _log.error("the other workers could not be told of a rollback: %s", error)


_CALLS = (
    *("begin", "listen", "load", "served", "prepare", "finish", "ask"),
    *("set_traffic", "roll_back", "reset_rollback"),
)
"""What the supervisor may call."""


def main(descriptor: int) -> None:
    """Be a worker, and end the process: a load in progress would keep it for minutes.

    Args:
        descriptor: the inherited socket to the supervisor.
    """
    for number in (signal.SIGINT, signal.SIGHUP):  # a terminal's reach all of its processes; the supervisor decides
        signal.signal(number, signal.SIG_IGN)
    log_crashes_to_stderr()
    log_to_stderr("text")
    raise_open_files_limit()
    run_in_calling_thread()
    choose_convolution_library()
    uvloop.run(_run(socket.socket(fileno=descriptor)))
    logging.shutdown()
    os._exit(0)


async def _run(connection: socket.socket) -> None:
    await Worker(connection).run()


def _end_after(seconds: float) -> None:
    """End the process if its stop takes longer."""
    timer = threading.Timer(seconds, os._exit, [1])
    timer.daemon = True
    timer.start()
