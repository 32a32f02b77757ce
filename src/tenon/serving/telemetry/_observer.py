"""The life of a request and of a batch, as told by whoever leads them, becomes metrics, history and traces."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from tenon.base import Code
from tenon.serving.servables import RunTimes, ServableId
from tenon.serving.telemetry import _table as table
from tenon.serving.telemetry._batches import BatchMetrics
from tenon.serving.telemetry._cells import Counter, Gauge, Histogram
from tenon.serving.telemetry._history import CLIENT_MISTAKES, History, RecentError, Series, error_text
from tenon.serving.telemetry._registry import OTHER, Registry
from tenon.serving.telemetry._trace import RequestTrace
from tenon.serving.telemetry._tracing import Tracer

MAX_STRANGERS = 100
"""Names of models that nobody serves and that are still told apart in the metrics."""

RETIRED_VERSIONS = 4
"""Unloaded versions of a model whose metrics are still shown."""

_OK = Code.OK
_MICROSECONDS = 1e6
_MAX_STRANGER_CHARACTERS = 64


class Api(StrEnum):
    """What a client asks for."""

    PREDICT = "Predict"
    CLASSIFY = "Classify"
    REGRESS = "Regress"
    MULTI_INFERENCE = "MultiInference"
    GET_MODEL_METADATA = "GetModelMetadata"
    GET_MODEL_STATUS = "GetModelStatus"
    INFER = "Infer"


class Protocol(StrEnum):
    """In which protocol a client asks: TensorFlow Serving's two, and the two of the Open Inference Protocol."""

    REST = "REST"
    GRPC = "GRPC"
    OIP_REST = "OIP_REST"
    OIP_GRPC = "OIP_GRPC"


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


_TENSORFLOW_APIS = frozenset({Api.PREDICT, Api.CLASSIFY, Api.REGRESS, Api.INFER})
_UNCOUNTED_OVER_GRPC = frozenset({Api.MULTI_INFERENCE, Api.GET_MODEL_METADATA, Api.GET_MODEL_STATUS})


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The cells of one code of one target; what TensorFlow Serving does not count, counts in a cell nobody reads."""

    requests: Counter
    seconds: Histogram
    tensorflow_requests: Counter
    tensorflow_latency: Histogram | None
    failed: bool


class _Target:
    """What requests of one endpoint to one signature of one version write to."""

    __slots__ = ("in_flight", "labels", "outcomes", "runtime", "series", "version")

    def __init__(
        self,
        labels: tuple[str, str, str, str],
        version: int | None,
        in_flight: Gauge,
        runtime: Histogram | None,
        series: Series,
    ) -> None:
        self.labels, self.version = labels, version
        self.in_flight, self.runtime, self.series = in_flight, runtime, series
        self.outcomes: dict[int, _Outcome] = {}


class Observer:
    """Counts what happens to requests. Belongs to one event loop; one per process.

    Args:
        registry: where the numbers live.
        history: where the last ten minutes live.
        tracer: where sampled requests are traced; ``None`` when nobody traces.

    Example:
        >>> observer = Observer(Registry(), History())
        >>> request = observer.endpoint(Api.PREDICT, Protocol.REST).start()
        >>> request.chose(ServableId("digits", 3), "serving_default", "xla")
        >>> request.finish()
        >>> observer.registry.snapshot()["tenon_serving_requests_total"]["cells"]
        [[['digits', '3', 'serving_default', 'xla', 'Predict', 'REST', 'OK'], 1]]
    """

    def __init__(self, registry: Registry, history: History, tracer: Tracer | None = None) -> None:
        self.registry, self.history, self.tracer = registry, history, tracer
        self._endpoints = {pair: Endpoint(self, *pair) for pair in product(Api, Protocol)}
        self._refused = registry.counters(table.REQUESTS_REFUSED)
        self._load_seconds = registry.histograms(table.LOAD_SECONDS)
        self._models: set[str] = set()
        self._strangers: set[str] = set()
        self._retired: dict[str, deque[int]] = {}
        if tracer is not None:
            registry.before_snapshot(self._count_traces)

    def endpoint(self, api: Api, protocol: Protocol) -> Endpoint:
        """Return where requests of one kind begin; look it up once and keep it.

        Args:
            api: what they ask for.
            protocol: in which protocol.
        """
        return self._endpoints[api, protocol]

    def batches(
        self, id_: ServableId, signature: str, engine: str, thread_pool_name: str = "batch_threads"
    ) -> BatchMetrics:
        """Return what counts the batches of one signature; make it once per queue.

        Args:
            id_: the version.
            signature: the signature's name.
            engine: what computes it.
            thread_pool_name: TensorFlow Serving's label of its queueing metric.
        """
        self._revive(id_)
        labels = (id_.name, str(id_.version), signature, engine)
        return BatchMetrics(self.registry, self.history.series(id_.name), labels, thread_pool_name)

    def refused(self, model: str, reason: Refusal) -> None:
        """Count a request that was refused before it ran; it is finished like any other.

        Args:
            model: whom the client asked.
            reason: why it was refused.
        """
        self._refused.labels(self.known(model), reason).inc()

    def loaded(self, id_: ServableId, seconds: float, code: Code = _OK) -> None:
        """Count a load that ended.

        Args:
            id_: the version.
            seconds: how long it took.
            code: ``OK``, or the error's.
        """
        self._revive(id_)
        self._load_seconds.labels(id_.name, code.name).observe(seconds)

    def unloaded(self, id_: ServableId) -> None:
        """Say that a version is gone: of the versions of its model that are, the metrics of the last few are kept.

        Args:
            id_: the version.
        """
        retired = self._retired.setdefault(id_.name, deque())
        if id_.version not in retired:
            retired.append(id_.version)
        while len(retired) > RETIRED_VERSIONS:
            version = retired.popleft()
            self.registry.remove(model=id_.name, version=str(version))
        for endpoint in self._endpoints.values():
            endpoint.forget(id_)

    def _revive(self, id_: ServableId) -> None:
        """Note that a version lives, perhaps again."""
        self.serves(id_.name)
        retired = self._retired.get(id_.name)
        if retired is not None and id_.version in retired:
            retired.remove(id_.version)

    def known(self, model: str) -> str:
        """Return the label for a name that a client sent: the name, or ``other`` after too many that nobody serves.

        Args:
            model: the name, any text.
        """
        if model in self._models or model in self._strangers:
            return model
        if len(model) > _MAX_STRANGER_CHARACTERS or len(self._strangers) >= MAX_STRANGERS:
            return OTHER
        self._strangers.add(model)
        return model

    def serves(self, model: str) -> None:
        """Say that a model is served, so that its name is told apart from then on.

        Args:
            model: its name.
        """
        self._models.add(model)

    def _count_traces(self) -> None:
        assert self.tracer is not None
        for outcome, count in self.tracer.counts().items():
            self.registry.counters(table.TRACES).labels(outcome).value = count


class Endpoint:
    """Where requests of one API over one protocol begin.

    Args:
        observer: whose it is.
        api: what is asked for.
        protocol: in which protocol.
    """

    __slots__ = ("_api_label", "_counted", "_entrypoint", "_targets", "api", "observer", "protocol")

    def __init__(self, observer: Observer, api: Api, protocol: Protocol) -> None:
        self.observer, self.api, self.protocol = observer, api, protocol
        self._entrypoint = str(protocol).removeprefix("OIP_")
        over_grpc = self._entrypoint == Protocol.GRPC
        self._api_label = str(api) if over_grpc else api.lower()
        self._counted = not (over_grpc and api in _UNCOUNTED_OVER_GRPC)
        self._targets: dict[tuple[str, int | None, str], _Target] = {}

    def start(self, traceparent: str | None = None) -> RequestObservation:
        """Say that a request has arrived.

        Args:
            traceparent: its header or metadata of that name (W3C Trace Context), as it came.

        Returns:
            What to tell the rest of its life.
        """
        tracer = self.observer.tracer
        return RequestObservation(self, None if tracer is None else tracer.begin(traceparent))

    def forget(self, id_: ServableId) -> None:
        """Forget what was looked up for a version that is gone."""
        for key in [key for key in self._targets if key[:2] == (id_.name, id_.version)]:
            del self._targets[key]

    def target(self, name: str, version: int | None, signature: str, engine: str) -> _Target:
        """Return the cells for requests to one signature, looking them up at the first of them."""
        key = (name, version, signature)
        found = self._targets.get(key)
        if found is None:
            found = self._targets[key] = self._new_target(name, version, signature, engine)
        return found

    def _new_target(self, name: str, version: int | None, signature: str, engine: str) -> _Target:
        registry, history = self.observer.registry, self.observer.history
        labels = (name, "" if version is None else str(version), signature, engine)
        if version is None:  # no model was found: nothing is in flight there, and the console plots no strangers
            return _Target(labels, None, Gauge(), None, Series())
        self.observer.serves(name)
        runtime = None
        if self.api in _TENSORFLOW_APIS:
            runtime = registry.histograms(table.RUNTIME_LATENCY).labels(name, self._api_label, "TF1")
        in_flight = registry.gauges(table.REQUESTS_IN_FLIGHT).labels(*labels)
        return _Target(labels, version, in_flight, runtime, history.series(name))

    def outcome(self, target: _Target, code: int) -> _Outcome:
        """Return the cells of one code of a target, looking them up at its first request with that code."""
        made = target.outcomes[code] = self._new_outcome(target, Code(code))
        return made

    def _new_outcome(self, target: _Target, code: Code) -> _Outcome:
        registry, name = self.observer.registry, target.labels[0]
        latency = None
        if code is _OK and self.api in _TENSORFLOW_APIS:
            latency = registry.histograms(table.REQUEST_LATENCY).labels(name, self._api_label, self._entrypoint)
        return _Outcome(
            registry.counters(table.REQUESTS).labels(*target.labels, self.api, self.protocol, code.name),
            registry.histograms(table.REQUEST_SECONDS).labels(*target.labels, code.name),
            registry.counters(table.REQUEST_COUNT).labels(name, code.name) if self._counted else Counter(),
            latency,
            code not in CLIENT_MISTAKES,
        )


class RequestObservation:
    """One request, from its arrival to its answer.

    Call order: ``chose`` when a version and signature were found, ``encoding`` when the answer is about to be written,
    ``finish`` once, whatever happened.

    Args:
        endpoint: where it began.
        trace: what is remembered for its trace; ``None`` where it is not traced.

    Attributes:
        started: when it arrived, by ``time.monotonic``.
        times: give it to the run (``RunOptions.times``), which fills it in.
        rows: set it to the request's rows, for its trace and for MultiInference.
    """

    __slots__ = ("_endpoint", "_target", "rows", "started", "times", "trace")

    def __init__(self, endpoint: Endpoint, trace: RequestTrace | None) -> None:
        self.started = time.monotonic()
        self.trace = trace
        self.times: RunTimes | None = None
        self.rows = 0
        self._endpoint: Endpoint | None = endpoint
        self._target: _Target | None = None

    @property
    def trace_id(self) -> str:
        """The trace's id, 32 hexadecimal digits; empty where the request is not traced."""
        return "" if self.trace is None else self.trace.trace_id

    def chose(self, id_: ServableId, signature: str, engine: str = "") -> None:
        """Say who answers; from then on the request is in flight there.

        Args:
            id_: the version.
            signature: the signature's name, which the version has.
            engine: what computes it.
        """
        endpoint = self._endpoint
        if endpoint is None or self._target is not None:
            return
        self._target = target = endpoint.target(id_.name, id_.version, signature, engine)
        target.in_flight.value += 1
        self.times = RunTimes()

    def encoding(self) -> None:
        """Say that the answer is there and is about to be written."""
        if self.trace is not None:
            self.trace.encoding = time.monotonic()

    def finish(self, code: int = 0, message: str = "", model: str = "") -> None:
        """Say that the request was answered; a second call counts nothing.

        Args:
            code: the canonical code of the answer (``tenon.base.Code``).
            message: the error's text, for the list of recent errors.
            model: whom the client asked, where nobody was chosen.
        """
        endpoint, now = self._endpoint, time.monotonic()
        if endpoint is None:
            return
        self._endpoint = None
        target = self._target
        if target is None:
            target = endpoint.target(endpoint.observer.known(model), None, "", "")
        else:
            target.in_flight.value -= 1
        outcome = target.outcomes.get(code) or endpoint.outcome(target, code)
        seconds = now - self.started
        outcome.requests.value += 1
        outcome.seconds.observe(seconds)
        outcome.tensorflow_requests.value += 1
        if outcome.tensorflow_latency is not None:
            outcome.tensorflow_latency.observe(seconds * _MICROSECONDS)
        times = self.times
        if times is not None and times.ended and target.runtime is not None:
            target.runtime.observe((times.ended - times.queued) * _MICROSECONDS)
        target.series.request(now, seconds, outcome.failed)
        if code:
            self._remember_error(endpoint, target, Code(code), message)
        if endpoint.api is Api.MULTI_INFERENCE and not code:
            self._count_examples(endpoint, target)
        if self.trace is not None:
            self._trace(endpoint, target, Code(code), now)

    def _remember_error(self, endpoint: Endpoint, target: _Target, code: Code, message: str) -> None:
        model, text = target.labels[0], error_text(message)
        endpoint.observer.history.error(
            RecentError(time.time(), model, target.version, endpoint.api, code.name, text, self.trace_id)
        )

    def _count_examples(self, endpoint: Endpoint, target: _Target) -> None:
        registry, name = endpoint.observer.registry, target.labels[0]
        registry.histograms(table.REQUEST_EXAMPLE_COUNTS).labels(name).observe(self.rows)
        registry.counters(table.REQUEST_EXAMPLE_COUNT_TOTAL).labels(name).inc(self.rows)

    def _trace(self, endpoint: Endpoint, target: _Target, code: Code, now: float) -> None:
        trace, tracer = self.trace, endpoint.observer.tracer
        if trace is None or tracer is None or not trace.sampled:
            return
        trace.name, trace.protocol = endpoint.api, endpoint.protocol
        trace.model, trace.version, trace.signature, trace.engine = target.labels
        trace.rows, trace.code = self.rows, code
        trace.started, trace.ended, trace.times = self.started, now, self.times
        tracer.end(trace)
