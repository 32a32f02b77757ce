"""What stands around the answers of one process: gate, observer, request log, rules of traffic."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tenon.base import Code, TenonError
from tenon.serving._fleet_member import FleetMember
from tenon.serving._garbage import Garbage
from tenon.serving.answering import (
    AnsweringOptions,
    GateInterceptor,
    Interceptor,
    ObserverInterceptor,
    Pipeline,
    TrafficInterceptor,
)
from tenon.serving.batching import BatchObserver, SignatureId
from tenon.serving.configuration import ModelServerConfig, ServerOptions, parse_traffic_table
from tenon.serving.lifecycle import LifecycleObserver
from tenon.serving.security import AuditRecord, Gate, SecurityConfig, read_security
from tenon.serving.servables import Manager, Priority, Servable, ServableId
from tenon.serving.telemetry import (
    BatchMetrics,
    History,
    LoopLag,
    Observer,
    OtlpExporter,
    Registry,
    RequestLog,
    Tracer,
    watch_process,
    watch_states,
)
from tenon.serving.traffic import Rollback, Router, ShadowRunner, TrafficTable


class BatchCounter(BatchObserver):
    """Count every batch for the metrics of its signature.

    Args:
        observer: keeps the metrics.
    """

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._metrics: dict[SignatureId, BatchMetrics] = {}

    def batch_ran(
        self,
        signature_id: SignatureId,
        _priority: Priority,
        queue_seconds: Sequence[float],
        rows: int,
        padding_rows: int,
        run_seconds: float,
    ) -> None:
        """Count one; see ``BatchObserver.batch_ran``."""
        metrics = self._metrics.get(signature_id)
        if metrics is None:
            metrics = self._observer.batches(signature_id.servable_id, signature_id.signature_name)
            self._metrics[signature_id] = metrics
        metrics.ran(queue_seconds, rows, padding_rows, run_seconds)

    def forget(self, id_: ServableId) -> None:
        """Forget a version that is gone.

        Args:
            id_: the version.
        """
        for signature_id in [key for key in self._metrics if key.servable_id == id_]:
            del self._metrics[signature_id]


class LifeRecorder(LifecycleObserver):
    """Count loads and unloads, have what they leave behind cleared away, and write refused models into the audit.

    Args:
        observer: keeps the metrics.
        batches: forgets versions that are gone.
        gate: has the audit.
        garbage: what loads and unloads leave behind.
    """

    def __init__(self, observer: Observer, batches: BatchCounter, gate: Gate, garbage: Garbage) -> None:
        self._observer, self._batches, self._gate, self._garbage = observer, batches, gate, garbage

    def loaded(self, id_: ServableId, seconds: float, servable: Servable) -> None:
        """Count one; see ``LifecycleObserver.loaded``."""
        engines = {name: signature.engine for name, signature in servable.signatures.items()}
        self._observer.loaded(id_, seconds, engines=engines)
        self._garbage.look_soon()

    def failed(self, id_: ServableId, seconds: float, error: TenonError) -> None:
        """Count one, and write it down; see ``LifecycleObserver.failed``."""
        self._observer.loaded(id_, seconds, error.code)
        self._garbage.look_soon()
        self._gate.record(
            AuditRecord(
                time.time(),
                "model_refused",
                model=id_.name,
                version=id_.version,
                outcome=error.code.name,
                reason=error.message,
                latency=seconds,
            )
        )

    def unloaded(self, id_: ServableId) -> None:
        """Forget one; see ``LifecycleObserver.unloaded``."""
        self._batches.forget(id_)
        self._observer.unloaded(id_)
        self._garbage.look_soon()


class Guards:
    """Make and end them together.

    Args:
        options: says which there are.
        manager: makes where the versions live, given who is told of loads and unloads.
        member: the server's place in a fleet; ``None`` for one that is alone.

    Attributes:
        security: the security configuration; empty where there is none.
        gate: lets requests in.
        observer: counts and traces.
        batches: counts batches.
        garbage: is looked for when versions came or went.
        life: counts loads and unloads.
        request_log: keeps samples of requests.
        router: the rules of traffic.
        shadows: runs shadows.

    Raises:
        InvalidArgumentError: a file breaks a rule.
        FailedPreconditionError: another process writes the audit.
        OSError: a file cannot be read, or the audit cannot be opened.
    """

    def __init__(
        self,
        options: ServerOptions,
        manager: Callable[[LifecycleObserver], Manager],
        member: FleetMember | None = None,
    ) -> None:
        path = options.security_config_file
        self._member = member
        self.security = SecurityConfig() if path is None else read_security(path)
        if member is not None:
            self.security = self.security.for_worker(member.number, member.count)
        self.gate = Gate(self.security)
        registry = Registry()
        watch_process(registry)
        self._tracer = _tracer(options)
        self.observer = Observer(registry, History(), self._tracer)
        self.batches = BatchCounter(self.observer)
        self.garbage = Garbage()
        self.life = LifeRecorder(self.observer, self.batches, self.gate, self.garbage)
        self.request_log = RequestLog(registry, {})
        self.router = Router(_table(options), self._rolled_back)
        check, raw = options.enable_signature_method_name_check, options.enable_serialization_as_tensor_content
        self._answering = AnsweringOptions(check, raw)
        self._lag = LoopLag(registry)
        self._manager = manager(self.life)
        self.shadows = ShadowRunner(self._manager)
        watch_states(registry, self._manager)

    def pipeline(self, *, gated: bool = True) -> Pipeline:
        """Return the way of requests past all of them; a gate that is open for everybody is left out.

        Args:
            gated: whether the gate stands in the way; operators have passed one of their own.
        """
        traffic = TrafficInterceptor(self.router, self.shadows, self._manager)
        gates: list[Interceptor] = [GateInterceptor(self.gate)] if gated and not self.gate.is_open else []
        interceptors = [ObserverInterceptor(self.observer, self.request_log), *gates, traffic]
        return Pipeline(self._manager, interceptors, traffic, self._answering)

    def _rolled_back(self, rollback: Rollback) -> None:
        version, why = rollback.version, str(rollback.reason)
        self.gate.record(
            AuditRecord(time.time(), "rolled_back", model=rollback.model, version=version, outcome="OK", reason=why)
        )
        if self._member is not None:
            self._member.rolled_back(rollback)

    def start(self) -> None:
        """Begin what runs by itself, in the running event loop; no version is there yet."""
        self._loop = asyncio.get_running_loop()
        self._lag.start()
        self.garbage.start()

    def warmed_up(self, path: Path, seconds: float, records: int, code: Code) -> None:
        """Count a warm-up that ended; called in the thread of the load.

        Args:
            path: the version's directory.
            seconds: how long it took.
            records: how many requests were read.
            code: ``OK``, or the error's.
        """
        with contextlib.suppress(RuntimeError):  # the server has stopped meanwhile
            self._loop.call_soon_threadsafe(self.observer.warmed_up, str(path), seconds, records, code)

    def configure(self, config: ModelServerConfig) -> None:
        """Log the requests of the models that ask for it, and know the names of all.

        Args:
            config: the models that are served from now on.
        """
        self.request_log.configure({model.name: model.logging for model in config.models if model.logging is not None})
        for model in config.models:
            self.observer.serves(model.name)

    async def stop(self) -> None:
        """Drop shadows that wait, and write what is to be written."""
        self._lag.stop()
        self.garbage.stop()
        await self.shadows.close()
        closers = [self.request_log.close, self.gate.close, *([] if self._tracer is None else [self._tracer.close])]
        await asyncio.gather(*(asyncio.to_thread(close) for close in closers))


def _tracer(options: ServerOptions) -> Tracer | None:
    if not options.otlp_endpoint:
        return None
    return Tracer(OtlpExporter(options.otlp_endpoint, options.trace_service_name), options.trace_sampling_rate)


def _table(options: ServerOptions) -> TrafficTable:
    path = options.traffic_config_file
    return TrafficTable() if path is None else parse_traffic_table(path.read_bytes(), str(path))
