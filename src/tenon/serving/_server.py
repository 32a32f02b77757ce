"""The model server: models under watch, REST and gRPC in one event loop, a stop that loses no request."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import math
import os
import signal
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server as Granian
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tenon.base import FailedPreconditionError, InvalidArgumentError
from tenon.serving._open_files import max_rest_connections, raise_open_files_limit
from tenon.serving.answering import Pipeline
from tenon.serving.batching import batch_sizes
from tenon.serving.grpc import SERVER_OPTIONS, GrpcServices, grpc_services
from tenon.serving.http import DEFAULT_MAX_REQUEST_BYTES, DEFAULT_TIMEOUT_SECONDS, RsgiApp
from tenon.serving.lifecycle import AspiredVersionsManager, FileSystemSource, ServableToMonitor, SourcePoller
from tenon.serving.models import SavedModelLoader
from tenon.serving.rest import RestApi
from tenon.serving.servables import Loader, ServableId, State
from tenon.xla import enable_compile_cache, run_in_calling_thread

GC_THRESHOLD = (50_000, 20, 100)
"""Requests make hardly any cycles; Python's default would look for them after every few dozen requests."""

_log = logging.getLogger("tenon.serving")


@dataclass(frozen=True)
class ServerOptions:
    """How to serve.

    Args:
        models: a base directory of numbered versions (or one SavedModel) per model name.
        host: the address to listen on; the loopback by default.
        port: gRPC port; 0 takes a free one.
        rest_api_port: REST port; 0 takes a free one.
        max_batch_size: rows that share one run at most; programs are compiled for its powers of two.
        file_system_poll_wait_seconds: seconds between two looks for new versions; 0 looks once.
        rest_api_timeout_seconds: a REST request that takes longer is answered 504.
        max_request_bytes: a larger REST body is answered 413.
        drain_seconds: how long requests in flight may take after a stop was asked for.
        compile_cache: directory of compiled programs; ``None`` for the user's cache folder.

    Raises:
        InvalidArgumentError: no model, a name that no URL can hold, or a number out of its range; seconds are finite
            and not negative.
    """

    models: Mapping[str, Path]
    host: str = "127.0.0.1"
    port: int = 8500
    rest_api_port: int = 8501
    max_batch_size: int = 64
    file_system_poll_wait_seconds: float = 1.0
    rest_api_timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    max_request_bytes: int = DEFAULT_MAX_REQUEST_BYTES
    drain_seconds: float = 30.0
    compile_cache: Path | None = None

    def __post_init__(self) -> None:
        if not self.models:
            raise InvalidArgumentError("models: name at least one model and its directory; received none.")
        for name in self.models:
            if not name or "/" in name or ":" in name:
                raise InvalidArgumentError(
                    f"models: a name must be non-empty and hold neither '/' nor ':'; received {name!r}."
                )
        batch_sizes(self.max_batch_size)
        for field in ("file_system_poll_wait_seconds", "rest_api_timeout_seconds", "drain_seconds"):
            if not 0 <= getattr(self, field) < math.inf:
                raise InvalidArgumentError(
                    f"{field}: must be a number of seconds, at least 0; received {getattr(self, field)}."
                )
        for field in ("port", "rest_api_port"):
            if not 0 <= getattr(self, field) < 2**16:
                raise InvalidArgumentError(f"{field}: must lie in 0..65535; received {getattr(self, field)}.")
        if self.port == self.rest_api_port != 0:
            raise InvalidArgumentError(f"rest_api_port: must differ from port; received {self.port} for both.")


class ModelServer:
    """Serves models in the running event loop.

    Call order: ``start``, ``load``, then ``stop`` once. Ports listen from ``start`` on, so that probes can tell a
    server that loads from one that died; models answer when they are AVAILABLE.

    Args:
        options: what and where.

    Attributes:
        port: the gRPC port in use after ``start``.
        rest_api_port: the REST port in use after ``start``.
    """

    def __init__(self, options: ServerOptions) -> None:
        self.port, self.rest_api_port = options.port, options.rest_api_port
        self._options = options
        self._executor = ThreadPoolExecutor(os.cpu_count(), "tenon-run")
        self._sizes = batch_sizes(options.max_batch_size)
        self._manager = AspiredVersionsManager()
        self._pipeline = Pipeline(self._manager)
        source = FileSystemSource({name: ServableToMonitor(path) for name, path in options.models.items()})
        self._poller = SourcePoller(source, self._manager, self._loader, options.file_system_poll_wait_seconds)
        self._polling: asyncio.Task[None] | None = None
        self._rest: Granian | None = None
        self._rest_task: asyncio.Task[None] | None = None
        self._grpc: Any = None
        self._grpc_address = ""
        self._services: GrpcServices | None = None

    async def start(self) -> None:
        """Listen on both ports.

        Raises:
            FailedPreconditionError: a port is taken or the host is not an address of this machine.
        """
        await self._start_grpc()
        await self._start_rest()

    async def load(self) -> None:
        """Load every model, then report healthy and watch for new versions.

        Raises:
            FailedPreconditionError: a model has no version that can be served; the message tells each one's reason.
        """
        gc.collect()
        gc.freeze()  # modules stay for good, the collector need not walk them; models come later and may go
        gc.set_threshold(*GC_THRESHOLD)
        found = await self._poller.poll_once()
        errors = dict(found.errors) | await self._manager.first_outcomes(found.versions.keys())
        if errors:
            reasons = "; ".join(f"{name}: {found.warnings.get(name, error.message)}" for name, error in errors.items())
            raise FailedPreconditionError(f"{len(errors)} model(s) did not become available: {reasons}")
        await self._required_services().set_serving(True)
        self._polling = asyncio.create_task(self._poller.run())

    async def stop(self) -> None:
        """Refuse new requests, answer those in flight (for ``drain_seconds`` at most), unload the models.

        A load that has begun cannot be interrupted; it is not awaited, and its thread goes on.
        """
        if self._services is not None:
            await self._services.set_serving(False)
        if self._polling is not None:
            self._polling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._polling
        await asyncio.gather(self._stop_rest(), self._stop_grpc())
        unloading = asyncio.create_task(self._manager.shutdown())
        await asyncio.sleep(0)  # from its first turn on, only what loads or is still used has not ended
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._manager.wait_until(self._unloaded), self._options.drain_seconds)
        unloading.cancel()
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _unloaded(self) -> bool:
        states = (state.state for name in self._manager.names() for state in self._manager.states(name))
        return not {State.AVAILABLE, State.UNLOADING} & set(states)

    def _loader(self, servable_id: ServableId, path: Path) -> Loader:
        return SavedModelLoader(servable_id, path, self._sizes, self._executor, compile_threads=os.cpu_count() or 1)

    async def _start_grpc(self) -> None:
        options = [*SERVER_OPTIONS, ("grpc.so_reuseport", 0)]
        self._services = await grpc_services(self._pipeline)
        self._grpc = grpc.aio.server(options=options)
        self._grpc.add_generic_rpc_handlers(self._services.handlers)
        address, self.port = free_port(self._options.host, self._options.port, "port")
        try:
            self._grpc.add_insecure_port(host_and_port(address, self.port))
        except RuntimeError as error:
            raise _cannot_listen("port", self._options.host, self.port, str(error)) from error
        await self._grpc.start()
        self._grpc_address = host_and_port(address, self.port)

    async def _start_rest(self) -> None:
        address, self.rest_api_port = free_port(self._options.host, self._options.rest_api_port, "rest_api_port")
        app = RsgiApp(
            [RestApi(self._pipeline)],
            max_request_bytes=self._options.max_request_bytes,
            timeout=self._options.rest_api_timeout_seconds,
        )
        self._rest = Granian(
            app,
            address=address,
            port=self.rest_api_port,
            interface=Interfaces.RSGI,
            http=HTTPModes.http1,
            websockets=False,
            backlog=1024,
            backpressure=max_rest_connections(),
            log_enabled=False,
        )
        self._rest_task = asyncio.create_task(self._rest.serve())
        await _until_listening(address, self.rest_api_port, self._rest_task)

    async def _stop_rest(self) -> None:
        if self._rest is None or self._rest_task is None:
            return
        self._rest.stop()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._rest_task, self._options.drain_seconds)

    async def _stop_grpc(self) -> None:
        if self._grpc is None:
            return
        if self._grpc_address:
            await self._accept_waiting_calls()
        await self._grpc.stop(self._options.drain_seconds)

    async def _accept_waiting_calls(self) -> None:
        """Wait until the calls that have arrived are ours: a stop cancels those that still queue inside gRPC.

        They are accepted in the order they came, so a call of our own that is answered stands behind them all.
        """
        async with grpc.aio.insecure_channel(self._grpc_address, options=[("grpc.enable_http_proxy", 0)]) as channel:
            with contextlib.suppress(grpc.RpcError):
                check = health_pb2_grpc.HealthStub(channel).Check
                await check(health_pb2.HealthCheckRequest(), timeout=self._options.drain_seconds)

    def _required_services(self) -> GrpcServices:
        if self._services is None:
            raise FailedPreconditionError("the server must be started before models are loaded; call start() first.")
        return self._services


def serve(options: ServerOptions, on_ready: Callable[[ModelServer], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then answer what is in flight and return; a second SIGINT ends the process.

    A load in progress is not awaited, but Python waits for its thread when the process ends (unless by ``os._exit``).

    Args:
        options: what and where.
        on_ready: called once, when every model answers.

    Raises:
        FailedPreconditionError: a port is taken, or a model cannot be served.
    """
    raise_open_files_limit()
    run_in_calling_thread()
    enable_compile_cache(options.compile_cache)
    uvloop.run(_serve(options, on_ready))


async def _serve(options: ServerOptions, on_ready: Callable[[ModelServer], None] | None) -> None:
    stopped = asyncio.create_task(_stop_signal().wait())
    server = ModelServer(options)
    loading: asyncio.Task[None] | None = None
    try:
        await server.start()
        loading = asyncio.create_task(server.load())
        await asyncio.wait((loading, stopped), return_when=asyncio.FIRST_COMPLETED)
        if loading.done():
            loading.result()
            if on_ready is not None:
                on_ready(server)
            await stopped
        _log.info("stopping: requests in flight are answered, new ones refused; a second Ctrl-C stops at once.")
    finally:
        stopped.cancel()
        if loading is not None:
            loading.cancel()
        await server.stop()


def _stop_signal() -> asyncio.Event:
    """Return an event that SIGTERM and SIGINT set; after it, SIGINT kills, for whoever presses Ctrl-C twice."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def interrupted() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, interrupted)
    return stop


def free_port(host: str, port: int, name: str) -> tuple[str, int]:
    """Return the address of ``host`` in digits, and ``port`` if it can be bound there or a free port for 0.

    Raises:
        FailedPreconditionError: the port is taken, or the host is not an address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return str(address[0]), int(probe.getsockname()[1])
    except OSError as error:
        raise _cannot_listen(name, host, port, error.strerror or str(error)) from error
    except ValueError as error:  # no host name at all, such as "a..b"
        raise _cannot_listen(name, host, port, str(error)) from error


def _cannot_listen(name: str, host: str, port: int, reason: str) -> FailedPreconditionError:
    return FailedPreconditionError(
        f"{name}: cannot listen on {host_and_port(host, port)}: {reason}. "
        "Stop what uses it, or choose another port or host."
    )


def host_and_port(host: str, port: int) -> str:
    """Return an address as it stands in a URL.

    Args:
        host: a name, or an address in digits.
        port: the port.

    Example:
        >>> host_and_port("127.0.0.1", 8500), host_and_port("::1", 8500)
        ('127.0.0.1:8500', '[::1]:8500')
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _until_listening(host: str, port: int, serving: asyncio.Task[None]) -> None:
    """Wait until the web server accepts connections; it tells nobody when it does."""
    while not serving.done():
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return
    serving.result()
    raise _cannot_listen("rest_api_port", host, port, "the web server stopped at once")
