"""One place to tell what happens: requests, refusals, batches, loads, and versions that go."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from enum import StrEnum

from tenon.base import Code
from tenon.serving.servables import ServableId
from tenon.serving.telemetry import _table as table
from tenon.serving.telemetry._batches import BatchMetrics
from tenon.serving.telemetry._history import History
from tenon.serving.telemetry._names import ModelNames
from tenon.serving.telemetry._registry import Registry
from tenon.serving.telemetry._requests import Endpoint
from tenon.serving.telemetry._tracing import Tracer

RETIRED_VERSIONS = 4
"""Unloaded versions of a model whose metrics are still shown."""


class Refusal(StrEnum):
    """Why a request was refused before it ran."""

    QUEUE_FULL = "queue_full"
    DEADLINE = "deadline"
    RATE_LIMIT = "rate_limit"
    CONCURRENCY = "concurrency"
    UNAUTHENTICATED = "unauthenticated"
    PERMISSION_DENIED = "permission_denied"
    TOO_LARGE = "too_large"
    DRAINING = "draining"


class Observer:
    """Counts what happens in one process. Belongs to one event loop.

    Args:
        registry: where the numbers live.
        history: where the last ten minutes live.
        tracer: where sampled requests are traced; ``None`` when nobody traces.

    Example:
        >>> observer = Observer(Registry(), History())
        >>> request = observer.endpoint("predict", "REST").start()
        >>> request.admitted("digits")
        >>> request.chose(ServableId("digits", 3), "serving_default", "xla")
        >>> request.finish()
        >>> observer.registry.snapshot()["tenon_serving_requests_total"]["cells"]
        [[['digits', '3', 'serving_default', 'xla', 'predict', 'REST', 'OK'], 1]]
    """

    def __init__(self, registry: Registry, history: History, tracer: Tracer | None = None) -> None:
        self.registry, self.history, self.tracer = registry, history, tracer
        self._names = ModelNames()
        self._endpoints: dict[tuple[str, str], Endpoint] = {}
        self._engines: dict[ServableId, Mapping[str, str]] = {}
        self._retired: dict[str, deque[int]] = {}
        if tracer is not None:
            registry.before_snapshot(self._count_traces)

    def endpoint(self, api: str, protocol: str) -> Endpoint:
        """Return where requests of one kind begin; look it up once and keep it.

        Args:
            api: what they ask for: TensorFlow Serving's method over gRPC (``Predict``), the same in lower case over
                REST, ``infer`` or ``ModelInfer`` of the Open Inference Protocol; a name that the server gives, for
                each makes metrics of its own.
            protocol: ``GRPC`` or ``REST``.
        """
        found = self._endpoints.get((api, protocol))
        if found is None:
            found = Endpoint(self.registry, self.history, self._names, self.tracer, api, protocol)
            self._endpoints[api, protocol] = found
        return found

    def batches(self, id_: ServableId, signature: str, thread_pool_name: str = "batch_threads") -> BatchMetrics:
        """Return what counts the batches of one signature; make it once per queue.

        Args:
            id_: the version, whose load was told before if its engine is to be known.
            signature: the signature's name.
            thread_pool_name: TensorFlow Serving's label of its queueing metric.
        """
        self._revive(id_)
        labels = (id_.name, str(id_.version), signature, self._engines.get(id_, {}).get(signature, ""))
        return BatchMetrics(self.registry, self.history.series(id_.name), labels, thread_pool_name)

    def refused(self, model: str, reason: Refusal) -> None:
        """Count a request that was refused before it ran; it is finished like any other.

        Args:
            model: whom the client asked.
            reason: why it was refused.
        """
        self.registry.counters(table.REQUESTS_REFUSED).labels(self._names.label(model), reason).inc()

    def loaded(
        self, id_: ServableId, seconds: float, code: Code = Code.OK, engines: Mapping[str, str] | None = None
    ) -> None:
        """Count a load that ended.

        Args:
            id_: the version.
            seconds: how long it took.
            code: ``OK``, or the error's.
            engines: what computes each signature, by its name.
        """
        self._revive(id_)
        if engines:
            self._engines[id_] = engines
        self.registry.histograms(table.LOAD_SECONDS).labels(id_.name, code.name).observe(seconds)

    def warmed_up(self, path: str, seconds: float, records: int, code: Code = Code.OK) -> None:
        """Count a warm-up that ended.

        Args:
            path: the version's directory.
            seconds: how long it took.
            records: how many requests were read.
            code: ``OK``, or the error's.
        """
        self.registry.histograms(table.MODEL_WARMUP_LATENCY).labels(path, code.name).observe(seconds * 1e6)
        self.registry.counters(table.MODEL_WARMUP_RECORDS_READ).labels(path, code.name).inc(records)

    def unloaded(self, id_: ServableId) -> None:
        """Say that a version is gone: of the versions of its model that are, the metrics of the last few are kept.

        Args:
            id_: the version.
        """
        self._engines.pop(id_, None)
        retired = self._retired.setdefault(id_.name, deque())
        if id_.version not in retired:
            retired.append(id_.version)
        while len(retired) > RETIRED_VERSIONS:
            version = retired.popleft()
            self.registry.remove(model=id_.name, version=str(version))
            for endpoint in self._endpoints.values():
                endpoint.forget(ServableId(id_.name, version))

    def serves(self, model: str) -> None:
        """Say that a model is served, so that its name is told apart from then on, however many others are asked for.

        Args:
            model: its name.
        """
        self._names.serves(model)

    def _revive(self, id_: ServableId) -> None:
        """Note that a version lives, perhaps again."""
        self._names.serves(id_.name)
        retired = self._retired.get(id_.name)
        if retired is not None and id_.version in retired:
            retired.remove(id_.version)

    def _count_traces(self) -> None:
        assert self.tracer is not None
        for outcome, count in self.tracer.counts().items():
            self.registry.counters(table.TRACES).labels(outcome).value = count
