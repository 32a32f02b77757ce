"""The model server: models under watch, REST and gRPC in one event loop, a stop that loses no request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tenon.base import FailedPreconditionError, processor_count
from tenon.saved_model import manifest_sizes
from tenon.serving._fleet_member import FleetMember, LoaderInTurn
from tenon.serving._guards import Guards
from tenon.serving._http_listener import HttpListener
from tenon.serving._open_files import max_rest_connections
from tenon.serving._ports import cannot_listen, free_port, remove_stale_socket, shared_address
from tenon.serving._repository import ConfiguredRepository
from tenon.serving.batching import Batching, BatchingParameters, BatchScheduler
from tenon.serving.configuration import (
    PER_MODEL_FILE,
    ConfigFilePoller,
    ModelServerConfig,
    ServedModel,
    ServerCore,
    ServerOptions,
    parse_model_server_config,
    parse_traffic_table,
    read_batching_parameters,
)
from tenon.serving.console import DEFAULT_MAX_BODY_BYTES, AdminApi, Controls, LocalControls
from tenon.serving.engines import EngineKind
from tenon.serving.grpc import Health, grpc_methods, run_record
from tenon.serving.http import HttpApi, HttpServer
from tenon.serving.http2 import GrpcServer
from tenon.serving.inference_protocol import InferenceApi, inference_methods
from tenon.serving.lifecycle import (
    ASPIRED_VERSION_POLICIES,
    AspiredVersionsManager,
    FileSystemSource,
    LifecycleObserver,
    SourcePoller,
)
from tenon.serving.models import LoadingOptions, Warmup, model_loader
from tenon.serving.rest import MetricsApi, ProbeApi, RestApi
from tenon.serving.security import Gate, TlsConfig, TlsWatcher, exposure_warning
from tenon.serving.servables import Loader, Manager, ServableId, State
from tenon.serving.telemetry import Snapshot
from tenon.serving.traffic import Router

TRAFFIC_FILE_SECONDS = 1.0
"""How often the server looks whether the rules of traffic have changed."""

CERTIFICATE_SECONDS = 2.0
"""How often the server looks whether its certificates have changed."""

NOT_BATCHED = BatchingParameters(max_batch_size=1)
"""Every row runs alone."""

_log = logging.getLogger("tenon.serving")


class ModelServer:
    """Serves models in the running event loop.

    Call order: ``start``, ``load``, then ``stop`` once. Ports listen from ``start`` on, so that probes can tell a
    server that loads from one that died; models answer when they are AVAILABLE.

    Args:
        options: what and where.
        member: the server's place in a fleet, whose ports it shares; ``None`` for one that is alone.

    Raises:
        NotFoundError: the file that lists the models is not there.
        PermissionDeniedError: it may not be read.
        InvalidArgumentError: it breaks a rule.

    Attributes:
        port: the gRPC port in use after ``start``.
        rest_api_port: the REST port in use after ``start``.
        admin_port: the port for operators in use after ``start``; ``None`` if there is none.
    """

    def __init__(self, options: ServerOptions, member: FleetMember | None = None) -> None:
        self.port, self.rest_api_port, self.admin_port = options.port, options.rest_api_port, options.admin_port
        self._options, self._member = options, member
        self._cpus = processor_count() if member is None else member.cpus
        self._first_config = options.model_server_config()
        self._guards = Guards(options, self._make_manager, member)
        parameters = _batching_parameters(options, self._cpus)
        self._scheduler = BatchScheduler(parameters.num_batch_threads, self._cpus)
        self._batching = Batching(self._scheduler, parameters, self._guards.batches)
        self._pipeline = self._guards.pipeline()
        source = FileSystemSource({}, ("saved_model.pb", "model.tflite"), manifest_sizes)
        self._poller = SourcePoller(source, self._manager, self._loader, options.file_system_poll_wait_seconds)
        self._core = ServerCore(
            self._manager,
            source,
            self._poller,
            reload_timeout=options.reload_timeout_seconds,
            allow_version_labels_for_unavailable_models=options.allow_version_labels_for_unavailable_models,
            loads_beside=options.aspired_version_policy == "availability",
        )
        self._repository = ConfiguredRepository(self._core, self._manager, self._reload_all)
        self._started = time.time()
        self._polling: list[asyncio.Task[None]] = []
        self._rest: HttpListener | None = None
        self._admin: HttpListener | None = None
        self._grpc: GrpcServer | None = None
        self._health = Health()
        self._has_loaded = self._is_ready = False
        self._tls = _watcher(options.tls, self._guards.gate)
        self._grpc_tls = _watcher(options.ssl, self._guards.gate) or self._tls
        self._grpc_context: ssl.SSLContext | None = None

    def _make_manager(self, observer: LifecycleObserver) -> Manager:
        options = self._options
        self._manager = AspiredVersionsManager(
            ASPIRED_VERSION_POLICIES[options.aspired_version_policy](),
            options.num_load_threads or 1,
            options.num_unload_threads,
            options.max_num_load_retries,
            options.load_retry_interval_seconds,
            observer,
        )
        return self._manager

    async def start(self) -> None:
        """Listen on all ports.

        Raises:
            FailedPreconditionError: a port is taken or the host is not an address of this machine.
        """
        is_first = self._member is None or self._member.number == 0
        if is_first and (warning := exposure_warning(self._options.host, self._options.tls, self._guards.security)):
            _log.warning(warning)
        self._guards.start()
        await self._start_grpc()
        await self._start_rest()
        await self._start_admin()

    async def load(self) -> None:
        """Load every model, report healthy, and watch for new versions and, if it may change, for the config file.

        Versions that rules of traffic name are waited for, so that nobody is asked for one that is on its way.
        A model that cannot be served is logged, and tried again when its files change; the others are served.

        Raises:
            FailedPreconditionError: no model can be served, or one cannot and ``exit_on_failed_load`` is set; the
                message tells each one's reason.
        """
        self._configured(self._first_config)
        self.router.is_starting = True
        errors = await self._core.start(self._first_config)
        ruled = self.router.table.models
        await self._core.settled((name, version) for name, each in ruled.items() for version in each.versions)
        self.router.is_starting = False
        if errors:
            reasons = "; ".join(f"{name}: {error.message}" for name, error in errors.items())
            text = f"{len(errors)} model(s) did not become available: {reasons}"
            if self._options.exit_on_failed_load or len(errors) == len(self._first_config.models):
                raise FailedPreconditionError(text)
            _log.error("%s. The others are served.", text.rstrip("."))
        self._has_loaded = self._is_ready = True
        self._health.set_serving(True)
        self._polling.append(asyncio.create_task(self._poller.run()))
        self._polling.append(asyncio.create_task(self._watch_certificates()))
        if self._options.model_config_file is not None and self._options.model_config_file_poll_wait_seconds:
            interval = self._options.model_config_file_poll_wait_seconds
            models = ConfigFilePoller(self._options.model_config_file, parse_model_server_config, self.reload, interval)
            self._polling.append(asyncio.create_task(models.run()))
        if self._options.traffic_config_file is not None:
            path, set_rules = self._options.traffic_config_file, self.controls.set_traffic
            rules = ConfigFilePoller(path, parse_traffic_table, set_rules, TRAFFIC_FILE_SECONDS, "the rules of traffic")
            self._polling.append(asyncio.create_task(rules.run()))

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
        self._configured(config)

    @contextlib.asynccontextmanager
    async def prepared(self, config: ModelServerConfig) -> AsyncIterator[None]:
        """Change to other models in two steps, together with others; ``ServerCore.prepared`` says how.

        Args:
            config: all models that are to be served.

        Raises:
            TenonError: on entry, as ``reload``; nothing has changed.
        """
        async with self._core.prepared(config):
            yield
        self._configured(config)

    async def _reload_all(self, config: ModelServerConfig) -> None:
        """Change to other models, in the whole fleet if this server is one of several."""
        await (self.reload if self._member is None else self._member.reload)(config)

    def _configured(self, config: ModelServerConfig) -> None:
        self._guards.configure(config)
        self._repository.configure(config)

    def models(self) -> tuple[ServedModel, ...]:
        """Return every model that is configured or has states, sorted by name."""
        return self._core.models()

    async def stop(self) -> None:
        """Refuse new requests, answer those in flight (for ``drain_seconds`` at most), unload the models.

        A load that has begun cannot be interrupted; it is not awaited, and its thread goes on.
        """
        self._is_ready = False
        self._health.set_serving(False)
        for polling in self._polling:
            polling.cancel()
        await asyncio.gather(*self._polling, return_exceptions=True)
        await self._core.stop()
        await asyncio.gather(self._stop_rest(), self._stop_grpc())
        await self._guards.stop()
        unloading = asyncio.create_task(self._manager.shutdown())
        await asyncio.sleep(0)  # from its first turn on, only what loads or is still used has not ended
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._manager.wait_until(self._unloaded), self._options.drain_seconds)
        unloading.cancel()
        self._scheduler.close()

    def _unloaded(self) -> bool:
        states = (state.state for name in self._manager.names() for state in self._manager.states(name))
        return not {State.AVAILABLE, State.UNLOADING} & set(states)

    def _loader(self, servable_id: ServableId, path: Path) -> Loader:
        options = loading_options(self._options)
        options = replace(options, cores=self._cpus, warmup=replace(options.warmup, on_end=self._guards.warmed_up))
        loader = model_loader(servable_id, path, self._batching, self._cpus, options)
        return loader if self._member is None else LoaderInTurn(loader, self._member.load_turn)

    def _address(self, port: int, name: str) -> tuple[str, int]:
        """Return the address in digits, and the port, which is another for 0."""
        if self._member is not None:
            return shared_address(self._options.host, port, name), port
        return free_port(self._options.host, port, name)

    async def _start_grpc(self) -> None:
        methods = grpc_methods(self._pipeline, reload=self._reload_message)
        inference = inference_methods(self._pipeline, repository=self._repository, is_ready=lambda: self._is_ready)
        self._grpc = GrpcServer({**methods, **inference, **self._health.methods()})
        self._grpc_context = None if self._grpc_tls is None else self._grpc_tls.material.ssl_context()
        address, self.port = self._address(self._options.port, "port")
        shares = self._member is not None
        try:
            await self._grpc.listen(address, self.port, tls=self._grpc_context, reuse_port=shares)
        except OSError as error:
            raise cannot_listen("port", self._options.host, self.port, str(error)) from error
        if self._member is not None and self._member.grpc_socket is not None:
            await self._grpc.listen_unix(self._member.grpc_socket)
        elif self._options.grpc_socket_path:
            await self._listen_unix(self._grpc, self._options.grpc_socket_path)

    async def _listen_unix(self, server: GrpcServer, path: str) -> None:
        try:
            remove_stale_socket(path)
            await server.listen_unix(path)
        except OSError as error:
            raise FailedPreconditionError(
                f"grpc_socket_path: cannot listen on {path!r}: {error.strerror or error}. Name a file, in at most 107 "
                "bytes, that nobody listens on, in a directory that this user may write."
            ) from error

    async def _reload_message(self, message: Any) -> None:
        await self._reload_all(ModelServerConfig.from_proto(message))

    async def _metrics(self) -> Snapshot:
        return self._guards.observer.registry.snapshot() if self._member is None else await self._member.metrics()

    async def _start_rest(self) -> None:
        address, self.rest_api_port = self._address(self._options.rest_api_port, "rest_api_port")
        server = HttpServer(
            self._apis(),
            max_request_bytes=self._options.max_request_bytes,
            timeout=self._options.rest_api_timeout_seconds,
            max_connections=max_rest_connections(),
        )
        shares = self._member is not None
        self._rest = HttpListener(server, address, self.rest_api_port, "rest_api_port", shares=shares)
        await self._rest.start(None if self._tls is None else self._tls.material)

    def _apis(self) -> list[HttpApi]:
        apis: list[HttpApi] = [
            ProbeApi(lambda: self._has_loaded, lambda: self._is_ready),
            InferenceApi(self._pipeline, repository=self._repository, is_ready=lambda: self._is_ready),
        ]
        monitoring = self._options.monitoring
        if monitoring is not None and monitoring.enable:
            apis.append(MetricsApi(monitoring.path, self._pipeline, self._metrics))
        return [*apis, RestApi(self._pipeline, enable_cors=self._options.rest_api_enable_cors_support)]

    async def _start_admin(self) -> None:
        options = self._options
        if options.admin_port is None:
            return
        if warning := exposure_warning(options.admin_host, options.tls, self._guards.security):
            _log.warning("admin_port: %s", warning)
        address, self.admin_port = free_port(options.admin_host, options.admin_port, "admin_port")
        apis: list[HttpApi] = [
            ProbeApi(lambda: self._has_loaded, lambda: self._is_ready),
            AdminApi(self.controls, gate=self._guards.gate, hosts=[options.admin_host]),
        ]
        server = HttpServer(apis, max_request_bytes=DEFAULT_MAX_BODY_BYTES, timeout=options.reload_timeout_seconds)
        self._admin = HttpListener(server, address, self.admin_port, "admin_port")
        await self._admin.start(None if self._tls is None else self._tls.material)

    @property
    def router(self) -> Router:
        """The rules of traffic in force here."""
        return self._guards.router

    @property
    def controls(self) -> Controls:
        """What operators see of this process and change in it."""
        guards = self._guards
        return LocalControls(
            about=self._about,
            models=self.models,
            manager=self._manager,
            registry=guards.observer.registry,
            history=guards.observer.history,
            router=guards.router,
            shadows=guards.shadows,
            predict=RestApi(guards.pipeline(gated=False)),
            reload=self.reload,
            retry=self._manager.retry,
        )

    def _about(self) -> dict[str, Any]:
        return {
            "version": version("tenon-ml"),
            "started": self._started,
            "pids": [os.getpid()],
            "ports": {"grpc": self.port, "rest": self.rest_api_port, "admin": self.admin_port},
            "flags": self._options.told(),
        }

    async def _watch_certificates(self) -> None:
        """Use new certificates when their files change."""
        watchers = {id(watcher): watcher for watcher in (self._tls, self._grpc_tls) if watcher is not None}
        while watchers:
            await asyncio.sleep(CERTIFICATE_SECONDS)
            for watcher in watchers.values():
                if await asyncio.to_thread(watcher.poll):
                    await self._renew(watcher)

    async def _renew(self, watcher: TlsWatcher) -> None:
        if watcher is self._grpc_tls and self._grpc_context is not None:
            watcher.material.load_into(self._grpc_context)
        for listener in (self._rest, self._admin) if watcher is self._tls else ():
            if listener is not None:
                listener.renew(watcher.material)
        _log.info("new certificates are in use, until %s", watcher.material.expires)

    async def _stop_rest(self) -> None:
        for listener in (self._rest, self._admin):
            if listener is not None:
                await listener.stop(self._options.drain_seconds)

    async def _stop_grpc(self) -> None:
        self._health.close()
        if self._grpc is not None:
            await self._grpc.stop(self._options.drain_seconds)


def _batching_parameters(options: ServerOptions, cpus: int) -> BatchingParameters:
    """Return the operator's parameters; as many threads as there are processors, where they name no number."""
    message = options.batching_parameters
    if message is None:
        return BatchingParameters(max_batch_size=options.max_batch_size, num_batch_threads=cpus)
    parameters = BatchingParameters.from_proto(message)
    return parameters if message.HasField("num_batch_threads") else replace(parameters, num_batch_threads=cpus)


def loading_options(options: ServerOptions) -> LoadingOptions:
    """Return how models are loaded, as far as a server's options say so.

    Args:
        options: of the server.
    """
    return LoadingOptions(
        engine=EngineKind(options.engine),
        warmup=Warmup(options.enable_model_warmup, options.num_request_iterations_for_warmup or 1, run_record),
        trusted_keys=options.trusted_keys if options.require_signed_models else None,
        trust_compiled=options.trust_compiled_models,
        tflite_interpreters=options.num_tflite_pools,
        prefer_tflite=options.prefer_tflite_model,
        read_batching=_own_parameters if options.enable_per_model_batching_parameters else None,
    )


def _own_parameters(version: Path) -> BatchingParameters:
    """Return the batching parameters of one version; one without the file is not batched, as in TensorFlow Serving."""
    file = version / PER_MODEL_FILE
    return BatchingParameters.from_proto(read_batching_parameters(file)) if file.is_file() else NOT_BATCHED


def _watcher(config: TlsConfig | None, gate: Gate) -> TlsWatcher | None:
    return None if config is None else TlsWatcher(config, gate.refused_connection)
