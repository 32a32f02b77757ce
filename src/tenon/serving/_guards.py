"""What stands around the answers of one process: gate, observer, request log, rules of traffic."""

from __future__ import annotations

from collections.abc import Sequence

from tenon.serving._fleet_member import FleetMember
from tenon.serving.answering import GateInterceptor, Interceptor, ObserverInterceptor, Pipeline, TrafficInterceptor
from tenon.serving.batching import BatchObserver, SignatureId
from tenon.serving.configuration import ModelServerConfig, ServerOptions
from tenon.serving.security import Gate, SecurityConfig, read_security
from tenon.serving.servables import Manager, Priority, ServableId
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
from tenon.serving.traffic import Router, ShadowRunner, TrafficTable, read_traffic_table


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


class Guards:
    """Make and end them together.

    Args:
        options: says which there are.
        manager: where the versions live.
        member: the server's place in a fleet; ``None`` for one that is alone.

    Attributes:
        security: the security configuration; empty where there is none.
        gate: lets requests in.
        observer: counts and traces.
        batches: counts batches.
        request_log: keeps samples of requests.
        router: the rules of traffic.
        shadows: runs shadows.

    Raises:
        InvalidArgumentError: a file breaks a rule.
        FailedPreconditionError: another process writes the audit.
        OSError: a file cannot be read, or the audit cannot be opened.
    """

    def __init__(self, options: ServerOptions, manager: Manager, member: FleetMember | None = None) -> None:
        path = options.security_config_file
        self.security = SecurityConfig() if path is None else read_security(path)
        if member is not None:
            self.security = self.security.for_worker(member.number, member.count)
        self.gate = Gate(self.security)
        registry = Registry()
        watch_process(registry)
        watch_states(registry, manager)
        self._tracer = _tracer(options)
        self.observer = Observer(registry, History(), self._tracer)
        self.batches = BatchCounter(self.observer)
        self.request_log = RequestLog(registry, {})
        self.router = Router(_table(options), None if member is None else member.rolled_back)
        self.shadows = ShadowRunner(manager)
        self._manager = manager
        self._lag = LoopLag(registry)

    def pipeline(self) -> Pipeline:
        """Return the way of requests past all of them; a gate that is open for everybody is left out."""
        traffic = TrafficInterceptor(self.router, self.shadows, self._manager)
        gates: list[Interceptor] = [] if self.gate.is_open else [GateInterceptor(self.gate)]
        return Pipeline(self._manager, [ObserverInterceptor(self.observer, self.request_log), *gates, traffic], traffic)

    def start(self) -> None:
        """Begin what runs by itself, in the running event loop."""
        self._lag.start()

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
        await self.shadows.close()
        self.request_log.close()
        if self._tracer is not None:
            self._tracer.close()
        self.gate.close()


def _tracer(options: ServerOptions) -> Tracer | None:
    if not options.otlp_endpoint:
        return None
    return Tracer(OtlpExporter(options.otlp_endpoint, options.trace_service_name), options.trace_sampling_rate)


def _table(options: ServerOptions) -> TrafficTable:
    path = options.traffic_config_file
    return TrafficTable() if path is None else read_traffic_table(path.read_bytes())
