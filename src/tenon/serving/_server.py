"""The model server: models under watch, REST and gRPC in one event loop, a stop that loses no request."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server as Granian

from tenon.base import FailedPreconditionError, UnimplementedError
from tenon.saved_model import manifest_sizes
from tenon.serving._open_files import max_rest_connections, raise_open_files_limit
from tenon.serving.answering import Pipeline
from tenon.serving.batching import batch_sizes
from tenon.serving.configuration import (
    ConfigFilePoller,
    ModelServerConfig,
    ServedModel,
    ServerCore,
    ServerOptions,
)
from tenon.serving.grpc import Health, grpc_methods
from tenon.serving.http import RsgiApp
from tenon.serving.http2 import GrpcServer
from tenon.serving.lifecycle import ASPIRED_VERSION_POLICIES, AspiredVersionsManager, FileSystemSource, SourcePoller
from tenon.serving.models import SavedModelLoader
from tenon.serving.rest import RestApi
from tenon.serving.servables import Loader, ServableId, State
from tenon.xla import enable_compile_cache, run_in_calling_thread

GC_THRESHOLD = (50_000, 20, 100)
"""Requests make hardly any cycles; Python's default would look for them after every few dozen requests."""

_NOT_WIRED = (
    *("batching_parameters", "enable_per_model_batching_parameters", "enable_model_warmup", "ssl", "monitoring"),
    *("num_request_iterations_for_warmup", "prefer_tflite_model", "num_tflite_pools"),
    *("enable_signature_method_name_check", "enable_serialization_as_tensor_content"),
)
"""Options that this server does not act upon yet."""

_log = logging.getLogger("tenon.serving")


class ModelServer:
    """Serves models in the running event loop.

    Call order: ``start``, ``load``, then ``stop`` once. Ports listen from ``start`` on, so that probes can tell a
    server that loads from one that died; models answer when they are AVAILABLE.

    Args:
        options: what and where.

    Raises:
        NotFoundError: the file that lists the models is not there.
        PermissionDeniedError: it may not be read.
        InvalidArgumentError: it breaks a rule.
        UnimplementedError: an option is set that the server does not act upon.

    Attributes:
        port: the gRPC port in use after ``start``.
        rest_api_port: the REST port in use after ``start``.
    """

    def __init__(self, options: ServerOptions) -> None:
        _refuse_what_is_not_wired(options)
        self.port, self.rest_api_port = options.port, options.rest_api_port
        self._options = options
        self._first_config = options.model_server_config()
        self._executor = ThreadPoolExecutor(os.cpu_count(), "tenon-run")
        self._sizes = batch_sizes(options.max_batch_size)
        self._manager = AspiredVersionsManager(
            ASPIRED_VERSION_POLICIES[options.aspired_version_policy](),
            options.num_load_threads or 1,
            options.num_unload_threads,
            options.max_num_load_retries,
            options.load_retry_interval_seconds,
        )
        self._pipeline = Pipeline(self._manager)
        source = FileSystemSource({}, listed_sizes=manifest_sizes)
        self._poller = SourcePoller(source, self._manager, self._loader, options.file_system_poll_wait_seconds)
        self._core = ServerCore(
            self._manager,
            source,
            self._poller,
            reload_timeout=options.reload_timeout_seconds,
            allow_version_labels_for_unavailable_models=options.allow_version_labels_for_unavailable_models,
            loads_beside=options.aspired_version_policy == "availability",
        )
        self._polling: list[asyncio.Task[None]] = []
        self._rest: Granian | None = None
        self._rest_task: asyncio.Task[None] | None = None
        self._grpc: GrpcServer | None = None
        self._health = Health()

    async def start(self) -> None:
        """Listen on both ports.

        Raises:
            FailedPreconditionError: a port is taken or the host is not an address of this machine.
        """
        await self._start_grpc()
        await self._start_rest()

    async def load(self) -> None:
        """Load every model, then report healthy and watch for new versions and, if it may change, for the config file.

        A model that cannot be served is logged, and tried again when its files change; the others are served.

        Raises:
            FailedPreconditionError: no model can be served, or one cannot and ``exit_on_failed_load`` is set; the
                message tells each one's reason.
        """
        gc.collect()
        gc.freeze()  # modules stay for good, the collector need not walk them; models come later and may go
        gc.set_threshold(*GC_THRESHOLD)
        errors = await self._core.start(self._first_config)
        if errors:
            reasons = "; ".join(f"{name}: {error.message}" for name, error in errors.items())
            text = f"{len(errors)} model(s) did not become available: {reasons}"
            if self._options.exit_on_failed_load or len(errors) == len(self._first_config.models):
                raise FailedPreconditionError(text)
            _log.error("%s. The others are served.", text)
        self._health.set_serving(True)
        self._polling.append(asyncio.create_task(self._poller.run()))
        if self._options.model_config_file is not None and self._options.model_config_file_poll_wait_seconds:
            interval = self._options.model_config_file_poll_wait_seconds
            file_poller = ConfigFilePoller(self._options.model_config_file, self.reload, interval)
            self._polling.append(asyncio.create_task(file_poller.run()))

    async def reload(self, config: ModelServerConfig) -> None:
        """Change to other models while requests are answered; ``ServerCore.reload`` says how.

        Args:
            config: all models that are to be served.

        Raises:
            UnknownError: a new model has no version that can be served; nothing has changed, as with all of these.
            FailedPreconditionError: a label points to a version that does not answer.
            DeadlineExceededError: the new models took too long.
        """
        await self._core.reload(config)

    def models(self) -> tuple[ServedModel, ...]:
        """Return every model that is configured or has states, sorted by name."""
        return self._core.models()

    async def stop(self) -> None:
        """Refuse new requests, answer those in flight (for ``drain_seconds`` at most), unload the models.

        A load that has begun cannot be interrupted; it is not awaited, and its thread goes on.
        """
        self._health.set_serving(False)
        for polling in self._polling:
            polling.cancel()
        await asyncio.gather(*self._polling, return_exceptions=True)
        await self._core.stop()
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
        methods = grpc_methods(self._pipeline, reload=self._reload_message)
        self._grpc = GrpcServer({**methods, **self._health.methods()})
        address, self.port = free_port(self._options.host, self._options.port, "port")
        try:
            await self._grpc.listen(address, self.port)
        except OSError as error:
            raise _cannot_listen("port", self._options.host, self.port, str(error)) from error
        if self._options.grpc_socket_path:
            await self._listen_unix(self._grpc, self._options.grpc_socket_path)

    async def _listen_unix(self, server: GrpcServer, path: str) -> None:
        try:
            _remove_stale_socket(path)
            await server.listen_unix(path)
        except OSError as error:
            raise FailedPreconditionError(
                f"grpc_socket_path: cannot listen on {path!r}: {error.strerror or error}. Name a file, in at most 107 "
                "bytes, that nobody listens on, in a directory that this user may write."
            ) from error

    async def _reload_message(self, message: Any) -> None:
        await self.reload(ModelServerConfig.from_proto(message))

    async def _start_rest(self) -> None:
        address, self.rest_api_port = free_port(self._options.host, self._options.rest_api_port, "rest_api_port")
        app = RsgiApp(
            [RestApi(self._pipeline, enable_cors=self._options.rest_api_enable_cors_support)],
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
        self._health.close()
        if self._grpc is not None:
            await self._grpc.stop(self._options.drain_seconds)


def serve(options: ServerOptions, on_ready: Callable[[ModelServer], None] | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then answer what is in flight and return; a second SIGINT ends the process.

    A load in progress is not awaited, but Python waits for its thread when the process ends (unless by ``os._exit``).

    Args:
        options: what and where.
        on_ready: called once, when every model answers.

    Raises:
        FailedPreconditionError: a port is taken, or no model can be served.
        TenonError: the file that lists the models cannot be read, or an option is not acted upon.
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


def _refuse_what_is_not_wired(options: ServerOptions) -> None:
    for field in fields(options):
        if field.name in _NOT_WIRED and getattr(options, field.name) != field.default:
            raise UnimplementedError(f"{field.name}: this server does not act upon it yet. Leave it at its default.")


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


def _remove_stale_socket(path: str) -> None:
    """Remove what a server left behind that did not end well; one that listens keeps its socket."""
    if Path(path).is_socket():
        with socket.socket(socket.AF_UNIX) as probe:
            if not probe.connect_ex(path):  # asyncio would take the path away from it
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        Path(path).unlink()


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
